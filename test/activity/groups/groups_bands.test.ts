import { describe, expect, test } from "#test";
import { divide } from "#activity/groups/groups.ts";
import type { Band, GroupRule } from "#activity/groups/groups_rule.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import { DAY_MS, NOW_MS, openedDaysAgo } from "../group_shards.ts";

const WEEKS: readonly Band[] = [
  { fromDay: 1, toDay: 7 },
  { fromDay: 8, toDay: 14 },
  { fromDay: 15, toDay: 21 },
  { fromDay: 22 },
];

function bands(targetSize: number, leastSize: number, of: readonly Band[] = WEEKS): GroupRule {
  return { kind: "bands", bands: of, targetSize, leastSize };
}

/** Days by shard, numbered from 1, as the groups that come of them. */
function groups(rule: GroupRule, ages: readonly number[]): Record<string, readonly number[]> {
  const shards = ages.map((day, index) => openedDaysAgo(index + 1, day));
  return Object.fromEntries(divide(rule, shards, NOW_MS).groups.map(({ name, shards: numbers }) => [name, numbers]));
}

describe("divide: bands of opened days", () => {
  test("both ends of a band are in it, and the last has no end", () => {
    expect(groups(bands(10, 1), [1, 7, 8, 14, 15, 21, 22, 4000])).toEqual({
      "days-1-7": [1, 2],
      "days-8-14": [3, 4],
      "days-15-21": [5, 6],
      "days-22-up": [7, 8],
    });
  });

  test("who is in none of them is said, with the day or why there is none", () => {
    const shards = [openedDaysAgo(1, 6), openedDaysAgo(2, 7), openedDaysAgo(3, 15), openedDaysAgo(4, -2), bareFacts(5)];
    expect(divide(bands(4, 1, [{ fromDay: 7, toDay: 14 }]), shards, NOW_MS)).toEqual({
      groups: [{ name: "days-7-14", shards: [2] }],
      ungrouped: [
        { shard: 1, reason: "it is in its day 6, which is in no band of the rule" },
        { shard: 3, reason: "it is in its day 15, which is in no band of the rule" },
        { shard: 4, reason: "it has not opened: its first day is in 3 days" },
        { shard: 5, reason: "its config does not say when it opened" },
      ],
      merged: [],
    });
  });

  test("days are those of each shard's own zone", () => {
    const openedAtMs = Date.parse("2026-11-22T02:00:00Z");
    const shards = [
      { ...bareFacts(1), openedAtMs, timeZone: "America/Los_Angeles" },
      { ...bareFacts(2), openedAtMs, timeZone: "Asia/Shanghai" },
    ];
    // There it was still the 21st: one day older.
    expect(divide(bands(4, 1), shards, NOW_MS).groups).toEqual([
      { name: "days-1-7", shards: [2] },
      { name: "days-8-14", shards: [1] },
    ]);
  });

  test("a big one is cut in the order of opening, then number, into even parts about the target", () => {
    expect(groups(bands(3, 1), [2, 1, 3, 3, 1, 2, 1])).toEqual({
      "days-1-7-part-1": [1, 3, 4, 6],
      "days-1-7-part-2": [2, 5, 7],
    });
    expect(groups(bands(2, 1), [1, 1, 1, 1])).toEqual({ "days-1-7-part-1": [1, 2], "days-1-7-part-2": [3, 4] });
    expect(groups(bands(4, 1), [1, 1, 1, 1, 1])).toEqual({ "days-1-7": [1, 2, 3, 4, 5] });
  });

  test("a cut leaves no part below the least size, rather one of almost twice the target", () => {
    expect(groups(bands(3, 3), [1, 1, 1, 1, 1])).toEqual({ "days-1-7": [1, 2, 3, 4, 5] });
    expect(groups(bands(3, 2), [1, 1, 1, 1, 1])).toEqual({ "days-1-7-part-1": [1, 2, 3], "days-1-7-part-2": [4, 5] });
  });

  test("a small one joins the next older that has shards", () => {
    expect(groups(bands(4, 2), [3, 16, 17, 30, 31])).toEqual({ "days-1-21": [1, 2, 3], "days-22-up": [4, 5] });
  });

  test("small ones that follow each other join until they are enough", () => {
    expect(groups(bands(4, 3), [3, 9, 16, 30, 31, 32])).toEqual({ "days-1-21": [1, 2, 3], "days-22-up": [4, 5, 6] });
  });

  test("the oldest, when it is small, joins the next younger, and they are cut as one", () => {
    expect(groups(bands(4, 2), [1, 1, 9, 9, 30])).toEqual({ "days-1-7": [1, 2], "days-8-up": [3, 4, 5] });
    expect(groups(bands(2, 2), [9, 9, 9, 30])).toEqual({ "days-8-up-part-1": [1, 4], "days-8-up-part-2": [2, 3] });
  });

  test("without a neighbour the least size cannot be kept", () => {
    expect(groups(bands(4, 3), [9, 10])).toEqual({ "days-8-14": [1, 2] });
    expect(groups(bands(4, 4), [1, 9, 30])).toEqual({ "days-1-up": [1, 2, 3] });
  });

  test("shards grow older: another day is another division", () => {
    const shards = [openedDaysAgo(1, 7), openedDaysAgo(2, 6)];
    const at = (days: number) => divide(bands(4, 1), shards, NOW_MS + days * DAY_MS).groups.map(({ name }) => name);
    expect([at(0), at(1), at(2)]).toEqual([["days-1-7"], ["days-1-7", "days-8-14"], ["days-8-14"]]);
  });
});
