import { assign } from "#activity/assignment.ts";
import { describe, expect, test } from "#test";

const NONE = new Map<number, number>();

describe("assign", () => {
  test("follows the config's word, also to a node that is not known", () => {
    const configured = new Map([[7, 9]]);
    expect(assign(7, "cross_center", { configured, nodes: [1, 2] })).toEqual({ number: 9, from: "config" });
    expect(assign(8, "cross_center", { configured, nodes: [1] })).toEqual({ number: 1, from: "rendezvous" });
  });

  test("answers nothing when there is no node", () => {
    expect(assign(1, "cross_map", { configured: NONE, nodes: [] })).toBeUndefined();
  });

  test("does not depend on the order of the nodes, and stays what it is from release to release", () => {
    const ofShard = (shard: number): number | undefined =>
      assign(shard, "cross_center", { configured: NONE, nodes: [1, 2, 3] })?.number;
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(ofShard)).toEqual([3, 2, 3, 2, 3, 1, 3, 2]);
    expect(assign(5, "cross_center", { configured: NONE, nodes: [3, 1, 2] })?.number).toBe(ofShard(5));
  });

  test("spreads the shards, and moves only those of a node that goes", () => {
    const counts = new Map<number, number>();
    for (let shard = 1; shard <= 300; shard += 1) {
      const before = assign(shard, "cross_map", { configured: NONE, nodes: [1, 2, 3] })?.number ?? 0;
      const after = assign(shard, "cross_map", { configured: NONE, nodes: [1, 2] })?.number;
      counts.set(before, (counts.get(before) ?? 0) + 1);
      if (before !== 3) expect(after).toBe(before);
    }
    for (const number of [1, 2, 3]) expect(counts.get(number) ?? 0).toBeGreaterThan(60);
  });
});
