/**
 * Whether a rule fits itself and the shards that there are: every fault with its place, what was found, and what is
 * allowed there. The rule is one that its schema has let through. Pure. At most GROUP_ISSUES_MAX are told.
 */

import type { Home } from "./groups_merge.ts";
import { homesOf } from "./groups_merge.ts";
import type { Band, BandsRule, GroupRule, ListsRule } from "./groups_rule.ts";
import { BANDS_MAX, GROUP_SIZE_MAX, LISTS_MAX } from "./groups_rule.ts";
import type { ShardFacts } from "../shards/shard_facts.ts";

export const GROUP_ISSUES_MAX = 32;
/** Shards that a message names; more are counted. */
const NAMED_MAX = 8;

export interface GroupIssue {
  /** Inside the rule, e.g. `groups.0.shards.3`. */
  readonly path: string;
  readonly found: string;
  readonly allowed: string;
}

export function checkGroupRule(rule: GroupRule, shards: readonly ShardFacts[]): readonly GroupIssue[] {
  if (rule.kind === "all") return [];
  const issues = rule.kind === "lists" ? checkLists(rule, homesOf(shards)) : checkBands(rule);
  return issues.slice(0, GROUP_ISSUES_MAX);
}

function checkLists(rule: ListsRule, homes: ReadonlyMap<number, Home>): GroupIssue[] {
  const issues: GroupIssue[] = [];
  const nameAt = new Map<string, number>();
  const namedAt = new Map<number, string>();
  /** By the shard that lives: where it, or one that it lives for, was named first. */
  const livesAt = new Map<number, { readonly path: string; readonly list: number; readonly shard: number }>();
  const { groups } = rule;
  if (groups.length === 0) issues.push({ path: "groups", found: "no group", allowed: `1 to ${LISTS_MAX} groups` });
  for (const [list, { name, shards }] of groups.entries()) {
    const place = `groups.${list}`;
    const other = nameAt.get(name);
    if (other === undefined) nameAt.set(name, list);
    else issues.push({ path: `${place}.name`, found: `${name}, the name of groups.${other}`, allowed: "a name once" });
    if (shards.length === 0) {
      issues.push({ path: `${place}.shards`, found: "no shard", allowed: `1 to ${GROUP_SIZE_MAX} shards` });
    }
    for (const [index, shard] of shards.entries()) {
      const path = `${place}.shards.${index}`;
      const home = homes.get(shard);
      if (home === undefined) {
        issues.push({ path, found: `${shard}, and there is no such shard`, allowed: knownText(homes) });
        continue;
      }
      if (home.kind === "lost") {
        issues.push({ path, found: `${shard}, and ${home.reason}`, allowed: "a shard that lives, or lives on" });
        continue;
      }
      const twice = namedAt.get(shard);
      if (twice !== undefined) {
        issues.push({ path, found: `${shard}, which ${twice} names already`, allowed: "a shard once" });
        continue;
      }
      namedAt.set(shard, path);
      const lives = home.kind === "merged" ? home.into : shard;
      const first = livesAt.get(lives);
      if (first === undefined) livesAt.set(lives, { path, list, shard });
      // Old and new number of one shard in one list: that is no question.
      if (first === undefined || first.list === list) continue;
      const found = `${shard}, which is one shard with ${first.shard} of ${first.path} since they were merged`;
      issues.push({ path, found, allowed: "a shard once" });
    }
  }
  return issues;
}

function knownText(homes: ReadonlyMap<number, Home>): string {
  if (homes.size === 0) return "a shard that is known: there is none yet";
  const named = [...homes.keys()].slice(0, NAMED_MAX).join(", ");
  const more = homes.size - NAMED_MAX;
  return `a shard that is known: ${named}${more > 0 ? ` and ${more} more` : ""}`;
}

function checkBands({ bands, targetSize, leastSize }: BandsRule): GroupIssue[] {
  const issues: GroupIssue[] = [];
  if (bands.length === 0) issues.push({ path: "bands", found: "no band", allowed: `1 to ${BANDS_MAX} bands` });
  for (const [index, band] of bands.entries()) {
    const { fromDay, toDay } = band;
    if (toDay !== undefined && toDay < fromDay) {
      const found = `${toDay}, before its fromDay ${fromDay}`;
      issues.push({ path: `bands.${index}.toDay`, found, allowed: `${fromDay} or more, or nothing for no end` });
    }
    if (toDay === undefined && index < bands.length - 1) {
      const found = "nothing, and another band follows";
      issues.push({ path: `bands.${index}.toDay`, found, allowed: `${fromDay} or more: only the last has no end` });
    }
    const before = bands[index - 1];
    if (before?.toDay !== undefined) issues.push(...checkStart(band, before, index));
  }
  if (leastSize > targetSize) {
    const found = `${leastSize}, more than targetSize ${targetSize}`;
    issues.push({ path: "leastSize", found, allowed: `1 to ${targetSize}` });
  }
  return issues;
}

/** A band begins on the day after the one before it ends. */
function checkStart({ fromDay }: Band, before: Band, index: number): GroupIssue[] {
  const last = before.toDay ?? fromDay - 1;
  if (fromDay === last + 1) return [];
  const path = `bands.${index}.fromDay`;
  const allowed = `${last + 1}, the day after bands.${index - 1}`;
  if (fromDay <= last) {
    return [{ path, found: `${fromDay}, which overlaps bands.${index - 1}: ${before.fromDay} to ${last}`, allowed }];
  }
  const gap = fromDay === last + 2 ? `day ${last + 1}` : `days ${last + 1} to ${fromDay - 1}`;
  return [{ path, found: `${fromDay}, which leaves ${gap} in no band`, allowed }];
}
