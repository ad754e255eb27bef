/**
 * Opens and changes the activities of a benchmark over HTTP, as an operator would. Each has a config of some 500 bytes
 * and groups of its own, by lists.
 */

import type { NodeRow } from "#admin/port.ts";
import type { AdminClient } from "../../cluster/harness/admin_client.ts";
import type { Changed } from "./shard_crowd.ts";

const GROUPS = 5;
const GROUP_SIZE = 20;
const DAY_MS = 24 * 3600 * 1000;
/** Of a question that was not answered. */
const ASKS_AGAIN_MAX = 5;
const POLL_MS = 200;
const WAIT_MS_MAX = 60_000;

export interface Change {
  readonly name: string;
  readonly run: () => Promise<Changed>;
}

interface Activity {
  readonly id: string;
  readonly owner: string;
  readonly version: string;
}

export class ActivityDriver {
  readonly #admin: AdminClient;
  readonly #shards: readonly number[];

  constructor(options: { readonly admin: AdminClient; readonly shards: readonly number[] }) {
    this.#admin = options.admin;
    this.#shards = options.shards;
  }

  /** The owner has heard of every shard, so that groups may name it. */
  async shardsKnown(): Promise<void> {
    await this.#until("the owner's knowledge of the shards", async () => {
      const { body } = await this.#admin.ask("GET", "/api/shards");
      const { shards = [] } = (body ?? {}) as { shards?: readonly { readonly source?: string }[] };
      return shards.filter(({ source }) => source !== undefined).length === this.#shards.length;
    });
  }

  /** Of all nodes but those of the cross tier, as the cross tier sees them. */
  async allCurrent(): Promise<NodeRow[]> {
    let rows: readonly NodeRow[] = [];
    await this.#until("the registry's word that all are current", async () => {
      rows = (await this.#admin.nodes()) ?? [];
      return rows.length > this.#shards.length && rows.every(({ current }) => current);
    });
    return rows.filter(({ shard }) => shard !== 0);
  }

  open(index: number): Promise<Changed> {
    return this.#ask("POST", "", { ...this.#activity(index), open: true });
  }

  /** In this order, on one that is open. */
  changes(index: number): readonly Change[] {
    const { id, config } = this.#activity(index);
    const post = (verb: string, body?: object): (() => Promise<Changed>) => {
      return () => this.#ask("POST", `/${id}/${verb}`, { key: `${id}.${verb}`, ...body });
    };
    return [
      { name: "extend", run: post("extend", { closesAtMs: Date.now() + DAY_MS }) },
      { name: "close", run: post("close") },
      {
        name: "edit",
        run: () => this.#ask("PATCH", `/${id}`, { key: `${id}.edit`, config: { ...config, title: "another" } }),
      },
      { name: "reopen", run: post("reopen") },
    ];
  }

  #activity(index: number) {
    const at = (offset: number): number => this.#shards[(index * GROUP_SIZE + offset) % this.#shards.length] ?? 0;
    const rewards = Array.from({ length: 6 }, (_, rank) => ({
      rank: rank + 1,
      item: 30_000 + rank,
      count: 100 - rank,
    }));
    const groups = Array.from({ length: GROUPS }, (_, group) => ({
      name: `field_${group + 1}`,
      shards: Array.from({ length: GROUP_SIZE }, (_shard, offset) => at(group * GROUP_SIZE + offset)),
    }));
    return {
      id: `bench_activity_${index}`,
      kind: "plain",
      config: { title: `Activity number ${index}`, levelMin: 30, entries: 3, rewards, text: "x".repeat(250) },
      groups: { kind: "lists", groups },
    };
  }

  async #ask(method: "POST" | "PATCH", path: string, body?: unknown): Promise<Changed> {
    // Asked again it is answered as if it were the first time: a busy machine may take longer than one question waits.
    let answer = await this.#admin.ask(method, `/api/activities${path}`, body);
    for (let again = 0; again < ASKS_AGAIN_MAX && (answer.status === 0 || answer.status > 500); again += 1) {
      answer = await this.#admin.ask(method, `/api/activities${path}`, body);
    }
    const found = (answer.body as { readonly activity?: Activity } | undefined)?.activity;
    if (found === undefined || answer.status >= 300) {
      throw new Error(`Cannot ${method} ${path}: HTTP ${answer.status}, ${JSON.stringify(answer.body)}`);
    }
    return { topic: `activity/${found.owner}/${found.id}`, version: found.version };
  }

  async #until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + WAIT_MS_MAX;
    while (!(await isTrue())) {
      if (performance.now() > endMs) throw new Error(`Cannot go on: ${what} took more than ${WAIT_MS_MAX} ms`);
      await Bun.sleep(POLL_MS);
    }
  }
}
