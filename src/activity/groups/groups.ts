/**
 * Groups: which shards meet. `divide` puts every shard exactly once into a group, among those without one and why, or
 * among those that live on in another. The same rule, facts and time give the same division, whatever their order.
 * Pure: pinning a division for a term, and being loud about who has no group, is up to whoever asks.
 */

import { unreachable } from "#base/assert.ts";
import type { Group, Ungrouped } from "./groups_bands.ts";
import { divideByBands } from "./groups_bands.ts";
import type { Home } from "./groups_merge.ts";
import { homesOf } from "./groups_merge.ts";
import type { GroupRule, ListsRule } from "./groups_rule.ts";
import { GROUP_SIZE_MAX } from "./groups_rule.ts";
import type { ShardFacts } from "../shards/shard_facts.ts";

export type { Group, Ungrouped };

/** A shard that is no more, and the one that lives for it. What it owns keeps its own number. */
export interface MergedShard {
  readonly shard: number;
  readonly into: number;
}

export interface Division {
  /** In the order of the rule. */
  readonly groups: readonly Group[];
  /** By number. Also shards that a list names and nobody knows. */
  readonly ungrouped: readonly Ungrouped[];
  /** By number. */
  readonly merged: readonly MergedShard[];
}

/** The group of everybody. */
export const ALL_GROUP = "all";

/** `atMs`: the time of the cluster at which ages count. The rule is one that its check has nothing against. */
export function divide(rule: GroupRule, shards: readonly ShardFacts[], atMs: number): Division {
  const homes = homesOf(shards);
  const living: ShardFacts[] = [];
  const lost: Ungrouped[] = [];
  const merged: MergedShard[] = [];
  for (const [shard, home] of homes) {
    if (home.kind === "lives") living.push(home.facts);
    else if (home.kind === "merged") merged.push({ shard, into: home.into });
    else lost.push({ shard, reason: home.reason });
  }
  const { groups, ungrouped } = divideLiving(rule, { living, homes, atMs });
  return { groups, ungrouped: [...ungrouped, ...lost].toSorted((a, b) => a.shard - b.shard), merged };
}

/** The group of a shard, or of the one that lives for it. Undefined: it has none. */
export function groupOf(division: Pick<Division, "groups" | "merged">, shard: number): Group | undefined {
  const find = (number: number): Group | undefined => division.groups.find(({ shards }) => shards.includes(number));
  const own = find(shard);
  if (own !== undefined) return own;
  const home = division.merged.find((one) => one.shard === shard);
  return home === undefined ? undefined : find(home.into);
}

/** Where the next boundary puts a shard that the division of the term has in no group. */
export type NextPlace =
  | { readonly kind: "group"; readonly shard: number; readonly group: Group }
  | { readonly kind: "none"; readonly shard: number; readonly reason: string };

/**
 * Of every shard that lives and that the pinned groups do not have, by number: where the division of the next boundary
 * would put it. Nothing that is pinned changes.
 */
export function assignNew(pinned: readonly Group[], next: Division): readonly NextPlace[] {
  const placed = new Set(pinned.flatMap(({ shards }) => shards));
  const places: NextPlace[] = [
    ...next.groups.flatMap((group) => group.shards.map((shard) => ({ kind: "group", shard, group }) as const)),
    ...next.ungrouped.map(({ shard, reason }) => ({ kind: "none", shard, reason }) as const),
  ];
  return places.filter(({ shard }) => !placed.has(shard)).toSorted((a, b) => a.shard - b.shard);
}

interface Living {
  readonly living: readonly ShardFacts[];
  readonly homes: ReadonlyMap<number, Home>;
  readonly atMs: number;
}

function divideLiving(rule: GroupRule, { living, homes, atMs }: Living): Pick<Division, "groups" | "ungrouped"> {
  switch (rule.kind) {
    case "all":
      return divideAll(living);
    case "lists":
      return divideByLists(rule, living, homes);
    case "bands":
      return divideByBands(rule, living, atMs);
    default:
      return unreachable(rule);
  }
}

function divideAll(living: readonly ShardFacts[]): Pick<Division, "groups" | "ungrouped"> {
  const numbers = living.map(({ shard }) => shard);
  const inside = numbers.slice(0, GROUP_SIZE_MAX);
  const reason = `the group of all is full: limit is ${GROUP_SIZE_MAX}`;
  return {
    groups: inside.length === 0 ? [] : [{ name: ALL_GROUP, shards: inside }],
    ungrouped: numbers.slice(GROUP_SIZE_MAX).map((shard) => ({ shard, reason })),
  };
}

/** A merged shard in a list stands for the one that lives; a list that names that one itself goes first. */
function divideByLists(
  rule: ListsRule,
  living: readonly ShardFacts[],
  homes: ReadonlyMap<number, Home>,
): Pick<Division, "groups" | "ungrouped"> {
  const groupOfShard = new Map<number, number>();
  const ungrouped = new Map<number, Ungrouped>();
  const put = (shard: number, group: number): void => {
    if (!groupOfShard.has(shard)) groupOfShard.set(shard, group);
  };
  for (const [index, { name, shards }] of rule.groups.entries()) {
    for (const shard of shards) {
      const home = homes.get(shard);
      if (home?.kind === "lives") put(shard, index);
      if (home === undefined && !ungrouped.has(shard)) {
        ungrouped.set(shard, { shard, reason: `the list ${name} names it and there is no such shard` });
      }
    }
  }
  for (const [index, { shards }] of rule.groups.entries()) {
    for (const shard of shards) {
      const home = homes.get(shard);
      if (home?.kind === "merged") put(home.into, index);
    }
  }
  for (const { shard } of rule.rest === "out" ? [] : living) {
    if (!groupOfShard.has(shard)) ungrouped.set(shard, { shard, reason: "it is in no list of the rule" });
  }
  const groups = rule.groups.map(({ name }, index) => ({
    name,
    shards: living.map(({ shard }) => shard).filter((shard) => groupOfShard.get(shard) === index),
  }));
  return { groups: groups.filter(({ shards }) => shards.length > 0), ungrouped: [...ungrouped.values()] };
}
