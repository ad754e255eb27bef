import { describe, expect, test } from "#test";
import { assignNew, divide, groupOf } from "#activity/groups/groups.ts";
import { MERGE_CHAIN_MAX } from "#activity/groups/groups_merge.ts";
import type { GroupRule } from "#activity/groups/groups_rule.ts";
import { GROUP_SIZE_MAX } from "#activity/groups/groups_rule.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import { openedDaysAgo, NOW_MS } from "../group_shards.ts";

const ALL: GroupRule = { kind: "all" };

function lists(...groups: readonly (readonly [string, ...number[]])[]): GroupRule {
  return { kind: "lists", groups: groups.map(([name, ...shards]) => ({ name, shards })) };
}

function merged(shard: number, mergedInto: number): ShardFacts {
  return { ...bareFacts(shard), mergedInto };
}

const LONG_LINE: readonly ShardFacts[] = [
  ...Array.from({ length: MERGE_CHAIN_MAX + 1 }, (_, index) => merged(index + 1, index + 2)),
  bareFacts(MERGE_CHAIN_MAX + 2),
];

describe("divide: everybody", () => {
  test("is one group of all shards that live, also of those whose opening nobody knows", () => {
    expect(divide(ALL, [bareFacts(3), openedDaysAgo(1, 5), merged(2, 3)], NOW_MS)).toEqual({
      groups: [{ name: "all", shards: [1, 3] }],
      ungrouped: [],
      merged: [{ shard: 2, into: 3 }],
    });
  });

  test("of nobody is no group", () => {
    expect(divide(ALL, [], NOW_MS)).toEqual({ groups: [], ungrouped: [], merged: [] });
  });

  test("who is above the bound of a group has none, and that is said", () => {
    const shards = Array.from({ length: GROUP_SIZE_MAX + 1 }, (_, index) => bareFacts(index + 1));
    const { groups, ungrouped } = divide(ALL, shards, NOW_MS);
    expect([groups.map((group) => group.shards.length), ungrouped]).toEqual([
      [GROUP_SIZE_MAX],
      [{ shard: 4097, reason: "the group of all is full: limit is 4096" }],
    ]);
  });
});

describe("divide: lists", () => {
  test("are the groups that they name, and who is in none is said", () => {
    const shards = [1, 2, 3, 4].map(bareFacts);
    expect(divide(lists(["north", 3, 1], ["south", 2]), shards, NOW_MS)).toEqual({
      groups: [
        { name: "north", shards: [1, 3] },
        { name: "south", shards: [2] },
      ],
      ungrouped: [{ shard: 4, reason: "it is in no list of the rule" }],
      merged: [],
    });
  });

  test("with a shard that nobody knows leave it out, and say so", () => {
    expect(divide(lists(["north", 1, 9], ["south", 8, 9]), [bareFacts(1)], NOW_MS)).toEqual({
      groups: [{ name: "north", shards: [1] }],
      ungrouped: [
        { shard: 8, reason: "the list south names it and there is no such shard" },
        { shard: 9, reason: "the list north names it and there is no such shard" },
      ],
      merged: [],
    });
  });

  test("a merged shard stands for the one that lives, unless that one is named itself", () => {
    const shards = [merged(1, 3), merged(2, 4), bareFacts(3), bareFacts(4)];
    expect(divide(lists(["north", 1, 2], ["south", 4]), shards, NOW_MS)).toEqual({
      groups: [
        { name: "north", shards: [3] },
        { name: "south", shards: [4] },
      ],
      ungrouped: [],
      merged: [
        { shard: 1, into: 3 },
        { shard: 2, into: 4 },
      ],
    });
  });
});

describe("divide: merged shards", () => {
  test("a chain ends in the shard that lives, and each keeps the group of that one", () => {
    const division = divide(ALL, [merged(1, 2), merged(2, 3), bareFacts(3), bareFacts(4)], NOW_MS);
    expect(division.merged).toEqual([
      { shard: 1, into: 3 },
      { shard: 2, into: 3 },
    ]);
    expect([1, 2, 3, 4, 5].map((shard) => groupOf(division, shard)?.name)).toEqual([
      "all",
      "all",
      "all",
      "all",
      undefined,
    ]);
  });

  test("a cycle is refused: its shards have no group, nor has who leads into it", () => {
    expect(divide(ALL, [merged(1, 2), merged(2, 1), merged(3, 1), merged(4, 4), bareFacts(5)], NOW_MS)).toEqual({
      groups: [{ name: "all", shards: [5] }],
      ungrouped: [
        { shard: 1, reason: "its merges lead back to shard 1 and end nowhere" },
        { shard: 2, reason: "its merges lead back to shard 2 and end nowhere" },
        { shard: 3, reason: "its merges lead back to shard 1 and end nowhere" },
        { shard: 4, reason: "its merges lead back to shard 4 and end nowhere" },
      ],
      merged: [],
    });
  });

  test("a chain is followed so far and no further", () => {
    const { ungrouped, merged: found } = divide(ALL, LONG_LINE, NOW_MS);
    expect(ungrouped).toEqual([{ shard: 1, reason: "it was merged more than 16 times" }]);
    expect([found.length, found[0]]).toEqual([MERGE_CHAIN_MAX, { shard: 2, into: 18 }]);
  });

  test("into a shard that nobody knows is said", () => {
    expect(divide(ALL, [merged(1, 9)], NOW_MS).ungrouped).toEqual([
      { shard: 1, reason: "it was merged into shard 9, which is not known" },
    ]);
  });
});

describe("assignNew", () => {
  const rule: GroupRule = {
    kind: "bands",
    bands: [{ fromDay: 1, toDay: 10 }, { fromDay: 11 }],
    targetSize: 4,
    leastSize: 1,
  };

  test("names who is not in the pinned division and where the next boundary puts it, and changes no pin", () => {
    const before = [openedDaysAgo(1, 30), openedDaysAgo(2, 30)];
    const pinned = divide(rule, before, NOW_MS);
    const shards = [...before, openedDaysAgo(3, 40), openedDaysAgo(4, 5), bareFacts(5), merged(6, 1)];
    expect(assignNew(pinned.groups, divide(rule, shards, NOW_MS))).toEqual([
      { kind: "group", shard: 3, group: { name: "days-11-up", shards: [1, 2, 3] } },
      { kind: "group", shard: 4, group: { name: "days-1-10", shards: [4] } },
      { kind: "none", shard: 5, reason: "its config does not say when it opened" },
    ]);
    expect(pinned.groups).toEqual([{ name: "days-11-up", shards: [1, 2] }]);
  });

  test("a shard that moves to another band, or was merged since, keeps its pinned group", () => {
    const pinned = divide(rule, [openedDaysAgo(1, 10), openedDaysAgo(2, 30)], NOW_MS);
    const later = [openedDaysAgo(1, 20), { ...openedDaysAgo(2, 30), mergedInto: 1 }];
    expect(assignNew(pinned.groups, divide(rule, later, NOW_MS))).toEqual([]);
    expect(groupOf(pinned, 2)).toEqual({ name: "days-11-up", shards: [2] });
  });

  test("counts ages at the boundary, not now", () => {
    const shards = [openedDaysAgo(1, 10)];
    const nextWeekMs = NOW_MS + 7 * 24 * 3600 * 1000;
    expect(assignNew([], divide(rule, shards, nextWeekMs))).toEqual([
      { kind: "group", shard: 1, group: { name: "days-11-up", shards: [1] } },
    ]);
  });
});
