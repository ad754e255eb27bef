/**
 * A shard's age in days of its own calendar: day 1 is the day on which it opened, or was last merged, from midnight to
 * midnight in its time zone, so that a day of 23 or 25 hours counts as one. Pure.
 */

import type { Zone } from "../schedule/zone.ts";
import { zoneOf } from "../schedule/zone.ts";
import type { ShardFacts } from "./shard_facts.ts";

/** Where a shard names no time zone. */
export const ZONE_DEFAULT = "UTC";

/** 1 on the first day, 0 or less before it. */
export type ShardDay =
  { readonly kind: "day"; readonly day: number } | { readonly kind: "unknown"; readonly reason: string };

/** Where the days of a shard are counted from. */
export type ShardCalendar =
  | { readonly kind: "ok"; readonly zone: Zone; readonly fromMs: number; readonly firstDay: number }
  | { readonly kind: "unknown"; readonly reason: string };

/** What day 1 is the day of. */
export type CountedFrom = "opened" | "merged";

export function calendarOf(facts: ShardFacts, from: CountedFrom): ShardCalendar {
  const { timeZone = ZONE_DEFAULT } = facts;
  const fromMs = from === "opened" ? facts.openedAtMs : facts.mergedAtMs;
  if (fromMs === undefined) {
    const reason = from === "opened" ? "its config does not say when it opened" : "its config says of no merge";
    return { kind: "unknown", reason };
  }
  const zone = zoneOf(timeZone);
  if (zone === undefined) return { kind: "unknown", reason: `its time zone ${timeZone} is not known here` };
  return { kind: "ok", zone, fromMs, firstDay: zone.dayOf(fromMs) };
}

/** Since it opened. */
export function shardDayOf(facts: ShardFacts, atMs: number): ShardDay {
  const calendar = calendarOf(facts, "opened");
  if (calendar.kind === "unknown") return calendar;
  return { kind: "day", day: calendar.zone.dayOf(atMs) - calendar.firstDay + 1 };
}
