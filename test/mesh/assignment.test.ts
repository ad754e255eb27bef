import { describe, expect, test } from "#test";
import { Assignment, NO_ASSIGNMENT } from "#mesh/assignment.ts";
import { rendezvous, weight } from "#mesh/rendezvous.ts";
import { conventionalShard } from "#mesh/shard_of.ts";
import { NUMBER_EVERY, nodeKey, wireKey } from "#wire/role.ts";
import { key } from "./harness.ts";

const NODES = [1, 2, 3, 4, 5].map((number) => nodeKey("user", number));
const PLAYERS = Array.from({ length: 5000 }, (_, index) => index);

describe("rendezvous", () => {
  test("chooses none of none and the one of one", () => {
    expect(rendezvous(1, 2, [])).toEqual(undefined);
    expect(rendezvous(1, 2, [7])).toEqual(7);
  });

  test("does not depend on the order of the candidates", () => {
    for (const player of PLAYERS.slice(0, 200)) {
      expect(rendezvous(player, 0, NODES.toReversed())).toEqual(rendezvous(player, 0, NODES));
    }
  });

  test("spreads evenly over few and over many", () => {
    for (const count of [2, 3, 5, 16]) {
      const candidates = Array.from({ length: count }, (_, index) => nodeKey("cross_gateway", index + 1));
      const chosen = new Map<number, number>();
      for (const player of PLAYERS) {
        const one = rendezvous(player, 0, candidates) ?? -1;
        chosen.set(one, (chosen.get(one) ?? 0) + 1);
      }
      const mean = PLAYERS.length / count;
      for (const candidate of candidates) {
        const share = (chosen.get(candidate) ?? 0) / mean;
        expect([count, share > 0.8 && share < 1.2, share]).toEqual([count, true, share]);
      }
    }
  });

  test("spreads pairs of node keys, in either place, evenly", () => {
    const uplinks = [1, 2].map((number) => nodeKey("cross_gateway", number));
    const sources = Array.from({ length: 40 }, (_, index) => nodeKey("center", index + 1));
    const count = (choose: (a: number, b: number) => number | undefined): number =>
      sources.flatMap((a) => sources.map((b) => choose(a, b))).filter((one) => one === uplinks[0]).length;
    expect(Math.abs(count((a, b) => rendezvous(a, b, uplinks)) - 800)).toBeLessThan(100);
    expect(Math.abs(count((a) => rendezvous(a, key("cross_center:1"), uplinks)) - 800)).toBeLessThan(400);
  });

  test("when a candidate goes only what was on it moves, when one comes only to it", () => {
    const before = PLAYERS.map((player) => rendezvous(player, 0, NODES));
    const without = PLAYERS.map((player) => rendezvous(player, 0, NODES.slice(1)));
    expect(before.filter((one, index) => one !== NODES[0] && one !== without[index])).toEqual([]);
    const added = nodeKey("user", 6);
    const more = PLAYERS.map((player) => rendezvous(player, 0, [...NODES, added]));
    const moved = more.filter((one, index) => one !== before[index]);
    expect(new Set(moved)).toEqual(new Set([added]));
    expect(moved.length).toBeLessThan(PLAYERS.length / 4);
  });

  test("the smaller number wins a tie", () => {
    expect(rendezvous(1, 2, [9, 9, 9])).toEqual(9);
    // Candidates that weigh the same are hard to find: equal ones show that a tie keeps the first.
    expect(weight(1, 2, 9)).toEqual(weight(1, 2, 9));
  });

  test("tells keys apart that differ in the role or in the number alone", () => {
    const weights = [key("user:1"), key("center:1"), key("user:2")].map((one) => weight(1, 2, one));
    expect(new Set(weights).size).toEqual(3);
    expect(new Set([weight(key("user:1"), 0, 9), weight(key("center:1"), 0, 9)]).size).toEqual(2);
    expect(weight(key("user:1"), key("center:1"), 9)).not.toEqual(weight(key("center:1"), key("user:1"), 9));
  });
});

describe("conventionalShard", () => {
  test("reads the shard out of a number, for roles that belong to one", () => {
    const shards = ["gateway:3", "center:12", "user:301", "user:399", "map:1203", "user:99"].map((id) =>
      conventionalShard(key(id)),
    );
    expect(shards).toEqual([3, 12, 3, 3, 12, 0]);
  });

  test("the cross tier, the edge, unknown roles and groups have none", () => {
    for (const id of ["cross_gateway:3", "cross_center:301", "cross_map:1", "statistic:5", "admin:3"]) {
      expect(conventionalShard(key(id))).toEqual(0);
    }
    expect(conventionalShard(wireKey(200, 301))).toEqual(0);
    expect(conventionalShard(nodeKey("center", NUMBER_EVERY))).toEqual(0);
    expect(conventionalShard(nodeKey("user", NUMBER_EVERY))).toEqual(0);
  });
});

describe("Assignment", () => {
  const named = new Map([[3, { cross_center: 9 }]]);

  test("a shard that the config names has the node that it names, reachable or not", () => {
    const assignment = new Assignment({ known: { cross_center: [1, 2], cross_map: [] }, named });
    expect(assignment.numberFor("cross_center", { shard: 3, reachable: [1, 2] })).toEqual(9);
    expect(assignment.from("cross_center", 3)).toEqual("config");
    expect(assignment.from("cross_map", 3)).toEqual("rendezvous");
  });

  test("the others have one of those that the config knows, whoever is reachable", () => {
    const assignment = new Assignment({ known: { cross_center: [1, 2, 3], cross_map: [] }, named });
    const all = Array.from({ length: 300 }, (_, shard) =>
      assignment.numberFor("cross_center", { shard: shard + 10, reachable: [] }),
    );
    const few = Array.from({ length: 300 }, (_, shard) =>
      assignment.numberFor("cross_center", { shard: shard + 10, reachable: [2] }),
    );
    expect(few).toEqual(all);
    for (const number of [1, 2, 3]) expect(all.filter((one) => one === number).length).toBeGreaterThan(60);
  });

  test("without a config it is one of those that are reachable, or none", () => {
    const assignment = new Assignment(NO_ASSIGNMENT);
    expect(assignment.numberFor("cross_map", { shard: 3, reachable: [] })).toEqual(undefined);
    expect(assignment.numberFor("cross_map", { shard: 3, reachable: [4] })).toEqual(4);
    expect(assignment.from("cross_map", 3)).toEqual("rendezvous");
  });
});
