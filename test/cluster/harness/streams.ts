/**
 * Calls that go on while something happens to a test cluster: opened as an activity of the kind `stream`
 * (modules/stream.ts), and held against what each caller counted when it was closed.
 */

import { join } from "node:path";
import { expect } from "#test";
import type { Life } from "./life.ts";
import type { TestCluster } from "./test_cluster.ts";
import { waitFor } from "./wait.ts";

export const STREAM = join(import.meta.dir, "../modules/stream.ts");

const BEGIN_MS_MAX = 10_000;
const END_MS_MAX = 30_000;

export interface Lane {
  readonly at: string;
  readonly to: string;
  readonly retries: number;
  readonly timeoutMs: number;
}

export class Streams {
  readonly #cluster: TestCluster;
  readonly #owner: string;
  readonly #id: string;
  readonly #lanes: readonly { readonly lane: Lane; readonly life: Life }[];

  private constructor(of: { cluster: TestCluster; owner: string; id: string; lanes: readonly Lane[] }) {
    this.#cluster = of.cluster;
    this.#owner = of.owner;
    this.#id = of.id;
    this.#lanes = of.lanes.map((lane) => ({ lane, life: of.cluster.node(lane.at).life }));
  }

  /** Resolves when every caller has begun. */
  static async begin(
    cluster: TestCluster,
    of: { readonly owner: string; readonly id: string; readonly lanes: readonly Lane[] },
  ): Promise<Streams> {
    const { owner, id, lanes } = of;
    const answer = await cluster.node(owner).admin.open(id, { kind: "stream", config: { lanes }, owner });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const streams = new Streams({ cluster, owner, id, lanes });
    for (const { lane, life } of streams.#lanes) {
      await streams.#line(life, "stream begins", { lane, withinMs: BEGIN_MS_MAX });
    }
    return streams;
  }

  /** Closes them; answers how many calls there were, of which none may have failed. */
  async endWithoutFailures(): Promise<number> {
    const answer = await this.#cluster.node(this.#owner).admin.ask("POST", `/api/activities/${this.#id}/close`);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    let calls = 0;
    for (const { lane, life } of this.#lanes) {
      const { data } = await this.#line(life, "stream ended", { lane, withinMs: END_MS_MAX });
      expect([lane.at, lane.to, data["failed"], data["errors"]]).toEqual([lane.at, lane.to, 0, []]);
      calls += Number(data["calls"]);
    }
    expect(calls).toBeGreaterThan(this.#lanes.length);
    return calls;
  }

  #line(life: Life, phrase: string, of: { readonly lane: Lane; readonly withinMs: number }) {
    const { at, to } = of.lane;
    return waitFor(() => life.find(phrase, { activity: this.#id, to }), {
      what: `"${phrase}" of ${at} to ${to}`,
      withinMs: of.withinMs,
      notices: this.#cluster.notices,
    });
  }
}
