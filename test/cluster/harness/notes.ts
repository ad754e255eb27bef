/**
 * Activities of the kind `note` (modules/witness.ts) in a test cluster: opened by the test, and then held against
 * what every node heard, in which life, and which version it has.
 */

import { join } from "node:path";
import { expect } from "#test";
import type { Life } from "./life.ts";
import type { TestCluster } from "./test_cluster.ts";
import { pause, waitFor } from "./wait.ts";

export const WITNESS = join(import.meta.dir, "../modules/witness.ts");

/** Between the start of a node and an opening: more than two clocks of a busy machine are apart. */
const APART_MS = 300;
const HEARD_MS_MAX = 10_000;

export interface Errand {
  readonly at: string;
  readonly to: string;
  readonly call: "echo" | "login";
  readonly with: string;
}

interface Note {
  readonly id: string;
  /** Lives that had begun when it was opened. */
  readonly lives: ReadonlySet<Life>;
}

export class Notes {
  readonly #cluster: TestCluster;
  readonly #owner: string;
  readonly #notes: Note[] = [];

  constructor(cluster: TestCluster, owner = "cross_center:1") {
    this.#cluster = cluster;
    this.#owner = owner;
  }

  get count(): number {
    return this.#notes.length;
  }

  /** Asks the owner itself, so it need not be linked to anybody. */
  async open(id: string, errands: readonly Errand[] = []): Promise<void> {
    await pause(APART_MS);
    const lives = new Set(this.#cluster.nodes().flatMap((node) => (node.isAlive ? [node.life] : [])));
    const answer = await this.#cluster.node(this.#owner).admin.open(id, { kind: "note", config: { errands } });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    this.#notes.push({ id, lives });
    await pause(APART_MS);
  }

  /** Waits until the node has heard all notes, and checks that it heard each once and knew whether it came late. */
  async expectHeardBy(...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const node = this.#cluster.node(id);
      for (const note of this.#notes) {
        const data = { activity: note.id };
        const heard = await node.line("heard opened", { data, withinMs: HEARD_MS_MAX });
        expect([id, note.id, "resumed", heard.data["resumed"]]).toEqual([
          id,
          note.id,
          "resumed",
          !note.lives.has(node.life),
        ]);
        expect(node.life.all("heard opened", data).length).toBe(1);
      }
    }
  }

  /** Every live node has heard all, and has the very versions that the owner has. */
  async expectEverywhere(): Promise<void> {
    await this.#cluster.settled();
    const live = this.#cluster.nodes().flatMap((node) => (node.isAlive ? [node.id] : []));
    await this.expectHeardBy(...live);
    const applied = await this.#cluster.applied();
    const owned = applied[this.#owner] ?? {};
    expect(Object.keys(owned).length).toBe(this.#notes.length);
    expect(applied).toEqual(Object.fromEntries(live.map((id) => [id, owned])));
  }

  /** Waits for what the node said of its errand. */
  async done(id: string, errand: Errand): Promise<Readonly<Record<string, unknown>>> {
    const { life } = this.#cluster.node(errand.at);
    const data = { activity: id, to: errand.to, call: errand.call };
    const line = await waitFor(() => life.find("errand done", data) ?? life.find("errand failed", data), {
      what: `the errand ${JSON.stringify(errand)}`,
      withinMs: HEARD_MS_MAX,
      notices: this.#cluster.notices,
    });
    return line.data;
  }

  /** Every live node calls every other one; answers how many calls that were. */
  async expectEveryCall(id: string): Promise<number> {
    const live = this.#cluster.nodes().flatMap((node) => (node.isAlive ? [node.id] : []));
    const errands = live.flatMap((at) =>
      live.flatMap((to): Errand[] => (to === at ? [] : [{ at, to, call: "echo", with: `${at} to ${to}` }])),
    );
    await this.open(id, errands);
    for (const errand of errands) {
      const { reply } = await this.done(id, errand);
      expect([errand, reply]).toEqual([errand, { heard: errand.with, at: errand.to, from: errand.at }]);
    }
    return errands.length;
  }
}
