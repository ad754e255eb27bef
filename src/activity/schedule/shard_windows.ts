/**
 * The windows of a `shard_day` schedule: each shard has its own, by its own calendar. Shards that open at the same
 * instant are one cohort. Pure: facts of shards in, windows out. An activity has one term for all its shards, so an
 * activity with such a schedule is a series: each cohort gets an activity of its own (shard_series.ts).
 */

import { homesOf } from "../groups/groups_merge.ts";
import { calendarOf } from "../shards/shard_day.ts";
import type { ShardFacts } from "../shards/shard_facts.ts";
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
function opensAtMs({ day, from, opensAt, durationMs }: ShardDaySchedule, facts: ShardFacts): number | string {
  const calendar = calendarOf(facts, from);
  if (calendar.kind === "unknown") return calendar.reason;
  const atMs = calendar.zone.instantOf(calendar.firstDay + day - 1, minuteOf(opensAt));
  return atMs + durationMs > calendar.fromMs ? atMs : `it ${wordOf(from)} when its window was over`;
}

function wordOf(from: ShardDaySchedule["from"]): string {
  return from === "opened" ? "opened" : "was merged";
}
