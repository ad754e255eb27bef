/**
 * Divisions of drawn shards by drawn rules: what holds whatever the rule. A failure shows its seed.
 */

import { describe, expect, test } from "#test";
import type { Division } from "#activity/groups/groups.ts";
import { assignNew, divide } from "#activity/groups/groups.ts";
import { checkGroupRule } from "#activity/groups/groups_check.ts";
import type { Band, GroupRule } from "#activity/groups/groups_rule.ts";
import { GROUP_SIZE_MAX } from "#activity/groups/groups_rule.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { DAY_MS, NOW_MS } from "./group_shards.ts";

const SEEDS = 400;
const ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", undefined];

/** Some merged, also in circles and into nothing; some that say nothing; some that have not opened. */
function drawShards(random: Random): ShardFacts[] {
  const count = randomIndex(random, 60);
  return Array.from({ length: count }, (_, index) => {
    const isSilent = random.unit() < 0.1;
    const isMerged = random.unit() < 0.15;
    return {
      shard: index + 1,
      openedAtMs: isSilent ? undefined : NOW_MS - Math.floor((random.unit() * 120 - 5) * DAY_MS),
      timeZone: ZONES[randomIndex(random, ZONES.length)],
      mergedInto: isMerged ? 1 + randomIndex(random, count + 3) : undefined,
      mergedAtMs: undefined,
    };
  });
}

/** One that its check has nothing against. */
function drawRule(random: Random, shards: readonly ShardFacts[]): GroupRule {
  const kind = randomIndex(random, 4);
  if (kind === 0) return { kind: "all" };
  if (kind === 1) return drawLists(random, shards);
  const bands: Band[] = [];
  let fromDay = 1 + randomIndex(random, 4);
  for (let more = 1 + randomIndex(random, 6); more > 0; more -= 1) {
    const toDay = fromDay + randomIndex(random, 30);
    bands.push(more === 1 && random.unit() < 0.7 ? { fromDay } : { fromDay, toDay });
    fromDay = toDay + 1;
  }
  const targetSize = 1 + randomIndex(random, 12);
  return { kind: "bands", bands, targetSize, leastSize: 1 + randomIndex(random, targetSize) };
}

function drawLists(random: Random, shards: readonly ShardFacts[]): GroupRule {
  const lists = [1, 2, 3].map((number) => ({ name: `list-${number}`, shards: [] as number[] }));
  for (const { shard, mergedInto } of shards) {
    if (mergedInto === undefined) lists[randomIndex(random, 4)]?.shards.push(shard);
  }
  const groups = lists.filter((list) => list.shards.length > 0);
  return groups.length === 0 ? { kind: "all" } : { kind: "lists", groups };
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.unit() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function placesOf({ groups, ungrouped, merged }: Division): number[] {
  return [...groups.flatMap(({ shards }) => shards), ...[...ungrouped, ...merged].map(({ shard }) => shard)];
}

/** What is wrong with a division, in words. */
function faultsOf(rule: GroupRule, shards: readonly ShardFacts[], division: Division): string[] {
  const faults: string[] = [];
  const sizes = division.groups.map((group) => group.shards.length);
  const names = new Set(division.groups.map(({ name }) => name));
  if (names.size !== division.groups.length) faults.push("two groups have one name");
  if ([...names].some((name) => !/^[a-z0-9_-]{1,64}$/.test(name))) faults.push("a name is none");
  if (sizes.some((size) => size === 0 || size > GROUP_SIZE_MAX)) faults.push(`sizes ${sizes.join(" ")}`);
  if (rule.kind === "bands") {
    const { targetSize, leastSize } = rule;
    if (sizes.some((size) => size >= 2 * targetSize)) faults.push(`sizes ${sizes.join(" ")}, target ${targetSize}`);
    if (sizes.length > 1 && sizes.some((size) => size < leastSize)) {
      faults.push(`sizes ${sizes.join(" ")}, least ${leastSize}`);
    }
  }
  const grouped = new Set(division.groups.flatMap((group) => group.shards));
  const gone = shards.filter(({ mergedInto }) => mergedInto !== undefined);
  if (gone.some(({ shard }) => grouped.has(shard))) faults.push("a merged shard is in a group");
  const living = new Set(shards.filter(({ mergedInto }) => mergedInto === undefined).map(({ shard }) => shard));
  if (division.merged.some(({ into }) => !living.has(into))) faults.push("a merged shard lives on in one that is gone");
  return faults;
}

describe("divide, of whatever is drawn", () => {
  test("has every shard once, keeps its bounds, and does not depend on the order", () => {
    let groupCount = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const random = seededRandom(seed);
      const shards = drawShards(random);
      const rule = drawRule(random, shards);
      expect({ seed, issues: checkGroupRule(rule, shards) }).toEqual({ seed, issues: [] });
      const division = divide(rule, shards, NOW_MS);
      expect({ seed, places: placesOf(division).toSorted((a, b) => a - b) }).toEqual({
        seed,
        places: shards.map(({ shard }) => shard),
      });
      expect({ seed, faults: faultsOf(rule, shards, division) }).toEqual({ seed, faults: [] });
      expect({ seed, division: divide(rule, shuffled(random, shards), NOW_MS) }).toEqual({ seed, division });
      groupCount += division.groups.length;
    }
    // That something was drawn which can go wrong.
    expect(groupCount).toBeGreaterThan(SEEDS);
  });

  test("who was not there yet is new, and nobody who is pinned", () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const random = seededRandom(seed + SEEDS);
      const shards = drawShards(random);
      const rule = drawRule(random, shards);
      const before = shards.filter(() => random.unit() < 0.7);
      const pinned = divide(rule, before, NOW_MS);
      const places = assignNew(pinned.groups, divide(rule, shards, NOW_MS));
      const held = new Set(pinned.groups.flatMap((group) => group.shards));
      const full = divide(rule, shards, NOW_MS);
      const wanted = placesOf({ ...full, merged: [] })
        .filter((shard) => !held.has(shard))
        .toSorted((a, b) => a - b);
      expect({ seed, places: places.map(({ shard }) => shard) }).toEqual({ seed, places: wanted });
      const groupsSaid = places.flatMap((place) => (place.kind === "group" ? [place.group] : []));
      expect({
        seed,
        unknown: groupsSaid.filter((group) => !full.groups.some(({ name }) => name === group.name)),
      }).toEqual({
        seed,
        unknown: [],
      });
    }
  });
});
