import { describe, expect, test } from "#test";
import { checkGroupRule, GROUP_ISSUES_MAX } from "#activity/groups/groups_check.ts";
import type { Band, GroupRule } from "#activity/groups/groups_rule.ts";
import { groupRuleSchema } from "#activity/groups/groups_rule.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import * as v from "valibot";

const SHARDS = [bareFacts(1), bareFacts(2), { ...bareFacts(3), mergedInto: 1 }, { ...bareFacts(4), mergedInto: 9 }];

function bands(of: readonly Band[], targetSize = 4, leastSize = 1): GroupRule {
  return { kind: "bands", bands: of, targetSize, leastSize };
}

function lists(...groups: readonly (readonly [string, ...number[]])[]): GroupRule {
  return { kind: "lists", groups: groups.map(([name, ...shards]) => ({ name, shards })) };
}

function texts(rule: GroupRule): string[] {
  return checkGroupRule(rule, SHARDS).map(({ path, found, allowed }) => `${path}: found ${found}; allowed: ${allowed}`);
}

describe("checkGroupRule", () => {
  test("has nothing against rules that fit", () => {
    expect(texts({ kind: "all" })).toEqual([]);
    expect(texts(lists(["north", 1, 3], ["south", 2]))).toEqual([]);
    expect(texts(bands([{ fromDay: 7, toDay: 7 }, { fromDay: 8, toDay: 14 }, { fromDay: 15 }], 4, 4))).toEqual([]);
    expect(texts(bands([{ fromDay: 1, toDay: 9 }]))).toEqual([]);
  });

  test("names a shard that does not exist, and those that do", () => {
    expect(texts(lists(["north", 1, 8]))).toEqual([
      "groups.0.shards.1: found 8, and there is no such shard; allowed: a shard that is known: 1, 2, 3, 4",
    ]);
    const many = Array.from({ length: 20 }, (_, index) => bareFacts(index + 1));
    expect(checkGroupRule(lists(["north", 99]), many)).toEqual([
      {
        path: "groups.0.shards.0",
        found: "99, and there is no such shard",
        allowed: "a shard that is known: 1, 2, 3, 4, 5, 6, 7, 8 and 12 more",
      },
    ]);
    expect(checkGroupRule(lists(["north", 1]), [])[0]?.allowed).toBe("a shard that is known: there is none yet");
  });

  test("names a shard that is there twice, in one list or in two", () => {
    expect(texts(lists(["north", 1, 3, 3]))).toEqual([
      "groups.0.shards.2: found 3, which groups.0.shards.1 names already; allowed: a shard once",
    ]);
    expect(texts(lists(["north", 1, 1], ["south", 2, 1]))).toEqual([
      "groups.0.shards.1: found 1, which groups.0.shards.0 names already; allowed: a shard once",
      "groups.1.shards.1: found 1, which groups.0.shards.0 names already; allowed: a shard once",
    ]);
  });

  test("counts a merged shard as the one that lives for it", () => {
    expect(texts(lists(["north", 1], ["south", 2, 3]))).toEqual([
      "groups.1.shards.1: found 3, which is one shard with 1 of groups.0.shards.0 since they were merged; allowed: a shard once",
    ]);
    expect(texts(lists(["north", 4]))).toEqual([
      "groups.0.shards.0: found 4, and it was merged into shard 9, which is not known; allowed: a shard that lives, or lives on",
    ]);
  });

  test("wants groups, shards in them, and a name once", () => {
    expect(texts(lists())).toEqual(["groups: found no group; allowed: 1 to 1024 groups"]);
    expect(texts(lists(["north"], ["north", 1]))).toEqual([
      "groups.0.shards: found no shard; allowed: 1 to 4096 shards",
      "groups.1.name: found north, the name of groups.0; allowed: a name once",
    ]);
  });

  test("names bands that overlap, leave a gap, end before they begin, or follow one without an end", () => {
    expect(texts(bands([]))).toEqual(["bands: found no band; allowed: 1 to 64 bands"]);
    expect(texts(bands([{ fromDay: 1, toDay: 10 }, { fromDay: 8 }]))).toEqual([
      "bands.1.fromDay: found 8, which overlaps bands.0: 1 to 10; allowed: 11, the day after bands.0",
    ]);
    expect(texts(bands([{ fromDay: 1, toDay: 10 }, { fromDay: 12, toDay: 20 }, { fromDay: 25 }]))).toEqual([
      "bands.1.fromDay: found 12, which leaves day 11 in no band; allowed: 11, the day after bands.0",
      "bands.2.fromDay: found 25, which leaves days 21 to 24 in no band; allowed: 21, the day after bands.1",
    ]);
    expect(texts(bands([{ fromDay: 5, toDay: 4 }]))).toEqual([
      "bands.0.toDay: found 4, before its fromDay 5; allowed: 5 or more, or nothing for no end",
    ]);
    expect(texts(bands([{ fromDay: 1 }, { fromDay: 8 }]))).toEqual([
      "bands.0.toDay: found nothing, and another band follows; allowed: 1 or more: only the last has no end",
    ]);
  });

  test("wants the least size to be no more than the target", () => {
    expect(texts(bands([{ fromDay: 1 }], 4, 5))).toEqual([
      "leastSize: found 5, more than targetSize 4; allowed: 1 to 4",
    ]);
  });

  test("tells a bounded number of faults", () => {
    const shards = Array.from({ length: 4000 }, (_, index) => index + 100);
    expect(texts(lists(["north", ...shards])).length).toBe(GROUP_ISSUES_MAX);
  });
});

describe("groupRuleSchema", () => {
  /** "place: message" of each fault. */
  function faults(input: unknown): string[] {
    return (v.safeParse(groupRuleSchema, input).issues ?? []).map(
      (issue) => `${v.getDotPath(issue)}: ${issue.message}`,
    );
  }

  test("takes each kind of rule as it is", () => {
    const rules: GroupRule[] = [
      { kind: "all" },
      lists(["north", 1, 2], ["south", 3]),
      bands([{ fromDay: 1, toDay: 7 }, { fromDay: 8 }]),
    ];
    expect(rules.map((rule) => v.parse(groupRuleSchema, rule))).toEqual(rules);
  });

  test("refuses the rest with the place and what is allowed", () => {
    expect(faults(undefined)).toEqual(["null: must be a rule, an object with kind"]);
    expect(faults({ kind: "some" })).toEqual(["kind: must be all, lists or bands"]);
    expect(faults({ kind: "all", groups: [] })).toEqual(["groups: is not known here"]);
    expect(faults({ kind: "lists" })).toEqual(["groups: is missing"]);
    const name = "must be 1 to 64 of a-z, 0-9, _ and -, and neither __proto__ nor constructor";
    for (const found of ["__proto__", "constructor"]) {
      expect(faults({ kind: "lists", groups: [{ name: found, shards: [1] }] })).toEqual([`groups.0.name: ${name}`]);
    }
    expect(faults({ kind: "lists", groups: [{ name: "No Name", shards: [0, 1.5, "2"] }] })).toEqual([
      `groups.0.name: ${name}`,
      "groups.0.shards.0: must be the number of a shard, 1 to 4294967280",
      "groups.0.shards.1: must be the number of a shard, 1 to 4294967280",
      "groups.0.shards.2: must be the number of a shard, 1 to 4294967280",
    ]);
    expect(faults({ kind: "bands", bands: [{ fromDay: 0, toDay: null }], targetSize: 2049, leastSize: 0 })).toEqual([
      "bands.0.fromDay: must be a whole number of days from 1 to 36525; 1 is the opening day",
      "bands.0.toDay: must be a whole number of days from 1 to 36525; 1 is the opening day",
      "targetSize: must be a whole number from 1 to 2048",
      "leastSize: must be a whole number from 1 to 2048",
    ]);
  });

  test("bounds lists and bands", () => {
    expect(faults({ kind: "lists", groups: Array.from({ length: 1025 }, () => ({ name: "a", shards: [] })) })).toEqual([
      "groups: must be a list of at most 1024 groups, each with name and shards",
    ]);
    const tooMany = Array.from({ length: 65 }, (_, index) => ({ fromDay: index + 1, toDay: index + 1 }));
    expect(faults({ kind: "bands", bands: tooMany, targetSize: 1, leastSize: 1 })).toEqual([
      "bands: must be a list of at most 64 bands, each with fromDay and toDay",
    ]);
  });
});
