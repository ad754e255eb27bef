/**
 * Shards to be divided, at one time of the cluster.
 */

import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";

export const DAY_MS = 24 * 3600 * 1000;
/** Noon, so that every shard that opened at noon is in that day everywhere. */
export const NOW_MS = Date.parse("2026-11-28T12:00:00Z");

/** A shard that is in its day `day`. */
export function openedDaysAgo(shard: number, day: number): ShardFacts {
  return { ...bareFacts(shard), openedAtMs: NOW_MS - (day - 1) * DAY_MS, timeZone: "UTC" };
}
