/**
 * Which activities an owner of the terms simulation has, drawn from a seed: every kind of schedule, every rule of
 * groups. All that opens by itself opens before the faults end.
 */

import type { CreateRequest } from "#activity/outcome.ts";
import type { GroupRule } from "#activity/groups/groups_rule.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";

const MINUTE_MS = 60_000;
/** The first band ends where shards are on the eve of the night. */
const BAND_DAYS = [7, 8] as const;
const SERIES_DAYS = [3, 8, 9] as const;

export interface PlanTimes {
  /** Cluster time: the first thing that may open, midnight, and after which nothing opens. */
  readonly fromMs: number;
  readonly midnightMs: number;
  readonly untilMs: number;
}

export function drawActivities(
  random: Random,
  of: { readonly owner: string; readonly shards: readonly number[]; readonly times: PlanTimes },
): readonly CreateRequest[] {
  const { owner, shards, times } = of;
  const suffix = owner.replace("cross_center:", "");
  const make = (name: string, kind: string, schedule: Schedule): CreateRequest => ({
    id: `${name}-${suffix}`,
    kind,
    config: { label: `${name} of ${owner}` },
    schedule,
    timing: timingOf(random, kind),
    groups: schedule.kind === "shard_day" ? { kind: "all" } : drawRule(random, shards),
  });
  const kind = (): string => (random.unit() < 0.6 ? "contest" : random.unit() < 0.75 ? "sprint" : "notice");
  const opensAtMs = Math.floor(times.fromMs + random.unit() * (times.untilMs - times.fromMs));
  const limits = { notBeforeMs: times.fromMs, notAfterMs: times.untilMs };
  const closesAtMs = opensAtMs + 5000 + randomIndex(random, 20_000);
  const all = [
    make("manual", kind(), { kind: "manual" }),
    make("hand", kind(), { kind: "manual" }),
    make("once", kind(), { kind: "once", opensAtMs, closesAtMs }),
    make("cron", kind(), {
      kind: "cron",
      expression: "* * * * *",
      durationMs: 8000 + randomIndex(random, 30_000),
      zone: "UTC",
      ...limits,
    }),
    make("daily", kind(), {
      kind: "daily",
      windows: [
        { opensAt: "00:00", closesAt: "00:01" },
        { opensAt: "23:59", closesAt: "00:00" },
      ].slice(0, 1 + randomIndex(random, 2)),
      zone: "UTC",
      ...limits,
    }),
    make("days", kind(), {
      kind: "shard_day",
      day: SERIES_DAYS[randomIndex(random, SERIES_DAYS.length)] ?? 8,
      from: "opened",
      opensAt: "00:00",
      durationMs: MINUTE_MS / 2,
    }),
  ];
  // Always one by hand.
  return all.filter((_, index) => index === 0 || random.unit() < 0.7);
}

function timingOf(random: Random, kind: string): CreateRequest["timing"] {
  if (kind === "sprint") return {};
  const showMs = random.unit() < 0.5 ? 0 : 1000 + randomIndex(random, 5000);
  const previewMs = random.unit() < 0.5 ? 0 : 500 + randomIndex(random, 5000);
  return kind === "notice" ? { previewMs, showMs } : { previewMs, signupMs: previewMs, showMs };
}

export function drawRule(random: Random, shards: readonly number[]): GroupRule {
  const roll = random.unit();
  if (roll < 0.25) return { kind: "all" };
  if (roll < 0.5) {
    const cut = 1 + randomIndex(random, shards.length - 1);
    const groups = [
      { name: "left", shards: shards.slice(0, cut) },
      { name: "right", shards: shards.slice(cut) },
    ];
    return random.unit() < 0.5 ? { kind: "lists", groups } : { kind: "lists", groups: groups.slice(0, 1), rest: "out" };
  }
  const toDay = BAND_DAYS[randomIndex(random, BAND_DAYS.length)] ?? 7;
  return {
    kind: "bands",
    bands: [{ fromDay: 1, toDay }, { fromDay: toDay + 1 }],
    targetSize: 1 + randomIndex(random, 2),
    leastSize: 1,
  };
}
