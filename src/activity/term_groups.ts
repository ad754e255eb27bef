/**
 * Which group of a term a shard meets in. Pure.
 */

import type { ActivityContent } from "./content.ts";
import { groupsOf } from "./group_list.ts";

/** The name of the group of the shard in the term; undefined: no term, or it is in none of its groups. */
export function groupOf(content: ActivityContent, shard: number): string | undefined {
  return groupsOf(content).find(({ shards }) => shards === undefined || shards.includes(shard))?.name;
}
