/**
 * The groups of a term as a list, also of a term that has none of its own: then it is one, of every shard. Pure.
 */

import type { ActivityContent } from "./content.ts";

/** The group of a term that has no groups of its own. */
export const GROUP_ALL = "all";

export interface ListedGroup {
  readonly name: string;
  /** Undefined: every shard. */
  readonly shards: readonly number[] | undefined;
}

/** Empty without a term. */
export function groupsOf(content: ActivityContent): readonly ListedGroup[] {
  return content.term === undefined ? [] : [{ name: GROUP_ALL, shards: undefined }];
}
