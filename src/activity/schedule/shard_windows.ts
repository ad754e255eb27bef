/**
 * The windows of a `shard_day` schedule: each shard has its own, by its own calendar. Shards that open at the same
 * instant are one cohort. Pure: facts of shards in, windows out. An activity has one term for all its shards, so that no
 * activity follows such a schedule by itself; a cohort is what one activity with a fixed window can be made of.
 */

import { homesOf } from "../groups_merge.ts";
import { calendarOf } from "../shard_day.ts";
import type { ShardFacts } from "../shard_facts.ts";
import type { ShardDaySchedule, Window } from "./schedule.ts";
import { minuteOf } from "./schedule.ts";

export interface Cohort {
  readonly window: Window;
  /** By number. */
  readonly shards: readonly number[];
}

export interface ShardWindows {
  /** By opening. */
  readonly cohorts: readonly Cohort[];
  /** Shards that have no window, by number, each with the reason in words. */
  readonly without: readonly { readonly shard: number; readonly reason: string }[];
}

/** Of every shard that lives. Each may be given once. */
export function shardWindows(schedule: ShardDaySchedule, shards: readonly ShardFacts[]): ShardWindows {
  const cohorts = new Map<number, number[]>();
  const without: { shard: number; reason: string }[] = [];
  for (const [shard, home] of homesOf(shards)) {
    if (home.kind === "merged") continue;
    const found = home.kind === "lives" ? opensAtMs(schedule, home.facts) : home.reason;
    if (typeof found === "string") without.push({ shard, reason: found });
    else cohorts.set(found, [...(cohorts.get(found) ?? []), shard]);
  }
  return {
    cohorts: [...cohorts]
      .toSorted(([a], [b]) => a - b)
      .map(([atMs, members]) => ({
        window: { opensAtMs: atMs, closesAtMs: atMs + schedule.durationMs },
        shards: members.toSorted((a, b) => a - b),
      })),
    without,
  };
}

/** Or why there is no such time. */
function opensAtMs({ day, opensAt, durationMs }: ShardDaySchedule, facts: ShardFacts): number | string {
  const calendar = calendarOf(facts);
  if (calendar.kind === "unknown") return calendar.reason;
  const atMs = calendar.zone.instantOf(calendar.openedOn + day - 1, minuteOf(opensAt));
  return atMs + durationMs > calendar.openedAtMs ? atMs : "it opened when its window was over";
}
