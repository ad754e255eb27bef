/**
 * Where the windows of a recurring schedule come from: one question, the first window that opens after a time, for cron
 * and for times of day. Pure but for croner, the one library that reads cron expressions; nothing here is started, it is
 * only asked for times. Two windows may overlap here, and limits do not count: that is windows.ts.
 *
 * Where the clocks are put forward over an opening it moves on to the first time that there is; one that comes twice
 * when they are put back comes once. A cron expression with a `*` or a step in its minute or hour counts intervals
 * instead: it leaves out what there is not, and comes as often as the clock shows it.
 */

import { Cron } from "croner";
import type { CronSchedule, DailySchedule, Window } from "./schedule.ts";
import { WEEKDAYS, minuteOf } from "./schedule.ts";
import type { Zone } from "./zone.ts";
import { DAY_MINUTES, DAY_MS, zoneOf } from "./zone.ts";

/** Days in a row that may be looked through: a week, and days that a zone leaves out. */
const DAYS_AHEAD_MAX = 16;
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = WEEKDAYS.indexOf("thu");

export interface Openings {
  readonly kind: "ok";
  readonly zone: Zone;
  /** How long a window lasts at most. */
  readonly longestMs: number;
  /** The first that opens after `afterMs`, which itself does not count. */
  after(afterMs: number): Window | undefined;
}

/** Why a schedule says nothing here. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly field: "zone" | "expression";
  /** What is wrong with it, in words. */
  readonly reason: string;
}

const known = new WeakMap<CronSchedule | DailySchedule, Openings | Unreadable>();

/** Remembered for each schedule: an expression is read once. */
export function openingsOf(schedule: CronSchedule | DailySchedule): Openings | Unreadable {
  const before = known.get(schedule);
  if (before !== undefined) return before;
  const zone = zoneOf(schedule.zone);
  const openings: Openings | Unreadable =
    zone === undefined
      ? { kind: "unreadable", field: "zone", reason: `the time zone ${schedule.zone} is not known here` }
      : schedule.kind === "cron"
        ? cronOpenings(schedule, zone)
        : dailyOpenings(schedule, zone);
  known.set(schedule, openings);
  return openings;
}

function cronOpenings({ expression, durationMs }: CronSchedule, zone: Zone): Openings | Unreadable {
  let cron: Cron;
  try {
    cron = new Cron(expression, {
      timezone: zone.name,
      mode: "5-part",
      paused: true,
      fixedTimeRule: "no-wildcard",
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    return { kind: "unreadable", field: "expression", reason };
  }
  const after = (afterMs: number): Window | undefined => {
    const opensAtMs = cron.nextRun(new Date(afterMs))?.getTime();
    return opensAtMs === undefined ? undefined : { opensAtMs, closesAtMs: opensAtMs + durationMs };
  };
  return { kind: "ok", zone, longestMs: durationMs, after };
}

function dailyOpenings({ windows, days }: DailySchedule, zone: Zone): Openings {
  const weekdays = new Set(days?.map((day) => WEEKDAYS.indexOf(day)));
  const spans = windows.map(({ opensAt, closesAt }) => {
    const from = minuteOf(opensAt);
    const to = minuteOf(closesAt);
    return { from, to: to > from ? to : to + DAY_MINUTES };
  });
  const minutes = spans.flatMap(({ from, to }) => [from, to]);
  const onDay = (day: number): Window[] => {
    if (weekdays.size > 0 && !weekdays.has(weekdayOf(day))) return [];
    const instants = zone.instantsOf(day, minutes);
    return spans.map(({ from, to }, index) => {
      const opensAtMs = instants[index * 2] ?? 0;
      const closesAtMs = instants[index * 2 + 1] ?? 0;
      // All of it is left out by the clocks: it has its length from the first time that there is.
      return { opensAtMs, closesAtMs: closesAtMs > opensAtMs ? closesAtMs : opensAtMs + (to - from) * 60_000 };
    });
  };
  const after = (afterMs: number): Window | undefined => {
    // A time that the day before does not have may be on this one.
    const first = zone.dayOf(afterMs) - 1;
    for (let day = first; day < first + DAYS_AHEAD_MAX; day += 1) {
      const found = onDay(day).filter(({ opensAtMs }) => opensAtMs > afterMs);
      if (found.length > 0) return found.reduce(earlier);
    }
    return undefined;
  };
  // An hour or more is added where the clocks are put back.
  return { kind: "ok", zone, longestMs: 2 * DAY_MS, after };
}

/** Of two that open at once, the one that lasts longer. */
function earlier(a: Window, b: Window): Window {
  if (a.opensAtMs !== b.opensAtMs) return a.opensAtMs < b.opensAtMs ? a : b;
  return a.closesAtMs >= b.closesAtMs ? a : b;
}

/** Index into WEEKDAYS. */
export function weekdayOf(day: number): number {
  return (((day + FIRST_WEEKDAY) % 7) + 7) % 7;
}
