/**
 * The gateway's side of presence: serves login and logout, tells the shard's nodes, and brings a node in line
 * whenever its link comes up or the set of nodes changes. A reconcile that fails is tried again while the node
 * is linked, every RECONCILE_RETRY_MS.
 */

import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { Identity } from "#wire/identity.ts";
import { RECONCILE_PAGE_MAX, SessionContract } from "./session_contract.ts";
import type { Binding } from "./session_table.ts";
import { SESSIONS_MAX, SessionTable, nodesOf } from "./session_table.ts";

const TELL_TIMEOUT_MS = 2_000;
const RECONCILE_RETRY_MS = 1_000;

/** `replaced`: by a newer session of the same player. */
export type EndedHow = "replaced" | "logged_out";

export class GatewaySessions {
  readonly #table: SessionTable;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #endpoint: Endpoint;
  readonly #nodes: () => readonly Identity[];
  /** Per node id: the run of reconcile that counts; an older one gives up. */
  readonly #runs = new Map<string, number>();
  #ended: (binding: Binding, how: EndedHow) => void = () => {};

  constructor(options: {
    readonly random: Random;
    readonly clock: Clock;
    readonly counters: Counters;
    readonly endpoint: Endpoint;
    /** The shard's nodes that are linked to this gateway now. */
    readonly nodes: () => readonly Identity[];
  }) {
    this.#table = new SessionTable(options.random);
    this.#random = options.random;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#endpoint = options.endpoint;
    this.#nodes = options.nodes;
    const { server } = options.endpoint;
    server.serve(SessionContract.login, async ({ player }) => {
      const opened = await this.login(player);
      if (opened !== "full") return { session: opened.session };
      throw new RangeError(`Cannot log in: ${SESSIONS_MAX} sessions are open, which is the limit`);
    });
    server.serve(SessionContract.logout, async (binding) => ({ ended: await this.logout(binding) }));
  }

  /** Called at once when a session has ended, whoever ended it: who holds the player's connection hears it here. */
  onEnded(listener: (binding: Binding, how: EndedHow) => void): void {
    this.#ended = listener;
  }

  get count(): number {
    return this.#table.count;
  }

  /** True while that session is open, and no newer one of its player. */
  has(binding: Binding): boolean {
    return this.#table.has(binding);
  }

  /** What this node of the shard has to believe now. */
  bindingsOf(node: Identity): readonly Binding[] {
    return this.#table.bindingsOf(node, this.#nodes());
  }

  /**
   * A node of the shard came or went. Players are divided among the user nodes, so one of these concerns all of them;
   * any other concerns itself alone. Without one: all are brought in line.
   */
  nodesChanged(changed?: Identity): void {
    for (const node of this.#nodes()) {
      const isConcerned =
        changed === undefined || node.key === changed.key || (node.role === "user" && changed.role === "user");
      if (isConcerned) void this.#reconcile(node);
    }
  }

  /** Opens a session, which replaces the player's older one, and resolves when the shard's nodes have heard of it. */
  async login(player: string): Promise<Binding | "full"> {
    const result = this.#table.open(player);
    if (result === "full") return "full";
    if (result.replaced !== undefined) this.#ended(result.replaced, "replaced");
    await Promise.all(
      nodesOf(player, this.#nodes()).map((node) => this.#tell(SessionContract.bind, result.opened, node)),
    );
    return result.opened;
  }

  /** False when that session is not open. Resolves when the shard's nodes have heard of it. */
  async logout(binding: Binding): Promise<boolean> {
    if (!this.#table.close(binding)) return false;
    this.#ended(binding, "logged_out");
    await Promise.all(
      nodesOf(binding.player, this.#nodes()).map((node) => this.#tell(SessionContract.unbind, binding, node)),
    );
    return true;
  }

  /**
   * Once: a second try could overtake what was said since. What a node misses here it hears by the reconcile,
   * whose pages say what is true when they leave.
   */
  async #tell(
    method: typeof SessionContract.bind | typeof SessionContract.unbind,
    binding: Binding,
    node: Identity,
  ): Promise<void> {
    try {
      await this.#endpoint.caller.call(method, binding, {
        to: { key: node.key },
        timeoutMs: TELL_TIMEOUT_MS,
      });
    } catch (error) {
      if (!isCallError(error)) throw error;
      this.#counters.add("session.tell_failed");
      void this.#reconcile(node);
    }
  }

  /** Never rejects with a CallError; ends when the node has it all, or is linked no more. */
  async #reconcile(node: Identity): Promise<void> {
    const run = (this.#runs.get(node.id) ?? 0) + 1;
    this.#runs.set(node.id, run);
    const counts = (): boolean =>
      this.#runs.get(node.id) === run &&
      this.#nodes().some((other) => other.key === node.key && other.boot === node.boot);
    while (counts()) {
      try {
        await this.#sendPages(node);
        return;
      } catch (error) {
        if (!isCallError(error)) throw error;
        this.#counters.add("session.reconcile_failed");
        await sleep(this.#clock, RECONCILE_RETRY_MS);
      }
    }
  }

  async #sendPages(node: Identity): Promise<void> {
    const bindings = this.#table.bindingsOf(node, this.#nodes());
    const pages = Math.max(1, Math.ceil(bindings.length / RECONCILE_PAGE_MAX));
    const run = randomIndex(this.#random, 2 ** 32);
    const calls: Promise<unknown>[] = [];
    // All are sent in one go, so that a bind that follows meets a node that has them or is getting them.
    for (let page = 0; page < pages; page += 1) {
      const part = bindings.slice(page * RECONCILE_PAGE_MAX, (page + 1) * RECONCILE_PAGE_MAX);
      const request = { run, page, pages, bindings: part };
      const options = { to: { key: node.key }, timeoutMs: TELL_TIMEOUT_MS };
      calls.push(this.#endpoint.caller.call(SessionContract.reconcile, request, options));
    }
    await Promise.all(calls);
  }
}
