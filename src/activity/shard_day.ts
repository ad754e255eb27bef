/**
 * A shard's age in days of its own calendar: day 1 is the day on which it opened, from midnight to midnight in its time
 * zone, so that a day of 23 or 25 hours counts as one. Pure.
 */

import type { ShardFacts } from "./shard_facts.ts";

const DAY_MS = 24 * 3600 * 1000;
/** Where a shard names no time zone. */
export const ZONE_DEFAULT = "UTC";

/** 1 on the opening day, 0 or less before it. */
export type ShardDay =
  { readonly kind: "day"; readonly day: number } | { readonly kind: "unknown"; readonly reason: string };

/** Remembers the calendars of the zones that it has met: make one per computation. */
export class ShardDays {
  readonly #calendars = new Map<string, Intl.DateTimeFormat | undefined>();

  dayOf(facts: ShardFacts, atMs: number): ShardDay {
    const { openedAtMs, timeZone = ZONE_DEFAULT } = facts;
    if (openedAtMs === undefined) return { kind: "unknown", reason: "its config does not say when it opened" };
    const calendar = this.#calendar(timeZone);
    if (calendar === undefined) return { kind: "unknown", reason: `its time zone ${timeZone} is not known here` };
    return { kind: "day", day: dateNumber(calendar, atMs) - dateNumber(calendar, openedAtMs) + 1 };
  }

  #calendar(timeZone: string): Intl.DateTimeFormat | undefined {
    if (!this.#calendars.has(timeZone)) this.#calendars.set(timeZone, calendarOf(timeZone));
    return this.#calendars.get(timeZone);
  }
}

function calendarOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
      timeZone,
      year: "numeric",
      month: "numeric",
      day: "numeric",
    });
  } catch {
    return undefined;
  }
}

/** Days since 1970-01-01 of the local date. */
function dateNumber(calendar: Intl.DateTimeFormat, atMs: number): number {
  const parts = { year: 1970, month: 1, day: 1 };
  for (const { type, value } of calendar.formatToParts(atMs)) {
    if (type === "year" || type === "month" || type === "day") parts[type] = Number(value);
  }
  // Date.UTC would take a year below 100 for one of the 20th century.
  return Math.round(new Date(0).setUTCFullYear(parts.year, parts.month - 1, parts.day) / DAY_MS);
}
