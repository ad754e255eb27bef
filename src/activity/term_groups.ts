/**
 * Which shards meet in a term: its groups. A term whose activity says nothing of groups has one, of every shard. Pure.
 */

import type { ActivityContent } from "./content.ts";

/** The group of a term that has no groups of its own. */
export const GROUP_ALL = "all";

export interface TermGroup {
  readonly name: string;
  /** Undefined: every shard. */
  readonly shards: readonly number[] | undefined;
}

/** Empty without a term. */
export function groupsOf(content: ActivityContent): readonly TermGroup[] {
  return content.term === undefined ? [] : [{ name: GROUP_ALL, shards: undefined }];
}

/** The group that a shard takes part in; undefined: in none. 0 is no shard. */
export function groupOf(content: ActivityContent, shard: number): string | undefined {
  if (shard <= 0) return undefined;
  return groupsOf(content).find(({ shards }) => shards === undefined || shards.includes(shard))?.name;
}
