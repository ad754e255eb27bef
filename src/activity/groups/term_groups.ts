/**
 * The groups of a term: pinned when it begins, and the same until it is over. A term of the rule `all` keeps no list:
 * every shard is in its one group, also one that comes later. Pure.
 */

import { packBody } from "#wire/body.ts";
import type { ActivityContent } from "../content.ts";
import { GROUPS_SIZE_MAX } from "../content.ts";
import type { Division } from "./groups.ts";
import { ALL_GROUP, divide } from "./groups.ts";
import type { GroupIssue } from "./groups_check.ts";
import { checkGroupRule } from "./groups_check.ts";
import type { GroupRule } from "./groups_rule.ts";
import type { ShardFacts } from "../shards/shard_facts.ts";
import type { TermGroup } from "../term.ts";

/** Shards that a text names; all are counted. */
const NAMED_MAX = 8;

/** What an owner knows of the shards that its activities divide. */
export interface ShardGroups {
  /** Of all that were heard, or that its own file knows. */
  facts(): readonly ShardFacts[];
  /** Shards that no other one lives for, as far as is known. */
  living(): readonly number[];
  /** Shards that are soon to be heard: a division without them would be another one in a moment. */
  awaited(): readonly number[];
  /** Of these; those that are there and were not heard yet have no group. */
  division(rule: GroupRule, atMs: number): Division;
  checkRule(rule: GroupRule): readonly GroupIssue[];
}

/** Of an owner that hears of no shard. */
export const NO_SHARDS: ShardGroups = {
  facts: () => [],
  living: () => [],
  awaited: () => [],
  division: (rule, atMs) => divide(rule, [], atMs),
  checkRule: (rule) => checkGroupRule(rule, []),
};

export type Pinned =
  | { readonly kind: "ok"; readonly groups: readonly TermGroup[] | undefined }
  | { readonly kind: "too_large"; readonly detail: string }
  /** Groups that are made now would not be what they are to be. */
  | { readonly kind: "early"; readonly detail: string };

/** The groups of a term that begins at `atMs`. `isLast`: it can't wait any longer for who is not heard yet. */
export function pinGroups(
  rule: GroupRule,
  shards: ShardGroups,
  when: { readonly atMs: number; readonly isLast?: boolean },
): Pinned {
  const { atMs, isLast = false } = when;
  if (rule.kind === "all") return { kind: "ok", groups: undefined };
  const early = isLast ? undefined : whyEarly(shards);
  if (early !== undefined) return { kind: "early", detail: early };
  const groups = shards
    .division(rule, atMs)
    .groups.map(({ name, shards: members }) => ({ name, shards: [...members] }));
  const size = packBody(groups).length;
  if (size <= GROUPS_SIZE_MAX) return { kind: "ok", groups };
  const detail = `its ${groups.length} groups take ${size} bytes, limit is ${GROUPS_SIZE_MAX}: let the rule make fewer`;
  return { kind: "too_large", detail };
}

function whyEarly(shards: ShardGroups): string | undefined {
  const awaited = shards.awaited();
  if (awaited.length > 0) {
    const named = awaited.slice(0, NAMED_MAX).join(", ");
    const more = awaited.length > NAMED_MAX ? ` and ${awaited.length - NAMED_MAX} more` : "";
    return `its groups wait for shards that have not been heard yet: ${named}${more}`;
  }
  return shards.living().length === 0 ? "its groups wait for a shard: none is known yet" : undefined;
}

/** A group of a term, for those who take part in it. */
export interface MeetingGroup {
  readonly name: string;
  /** By number. Undefined: every shard. */
  readonly shards: readonly number[] | undefined;
}

/** Empty without a term. */
export function groupsOf(content: ActivityContent): readonly MeetingGroup[] {
  if (content.term === undefined) return [];
  return content.term.groups ?? [{ name: ALL_GROUP, shards: undefined }];
}

/** The group that a shard is in; undefined: no term, or in none. 0 is no shard. */
export function groupOf(content: ActivityContent, shard: number): string | undefined {
  return content.term === undefined ? undefined : groupIn(content.term.groups, shard);
}

/** The group that a term has for a shard; `all` for a term without a list. 0 is no shard. */
export function groupIn(groups: readonly TermGroup[] | undefined, shard: number): string | undefined {
  if (shard <= 0) return undefined;
  return groups === undefined ? ALL_GROUP : groups.find(({ shards }) => shards.includes(shard))?.name;
}
