/**
 * Schedules: when the terms of an activity are to be open. Types and the schema of their shape: what needs a calendar,
 * such as whether a zone is known, is check_schedule.ts. What is stored and announced are instants in UTC; a zone only
 * says what a local time means.
 *
 *   manual     opened by hand
 *   once       one fixed window
 *   cron       opens whenever the expression comes to pass in its zone, for a fixed time
 *   daily      one or more windows of a local day, on all days or on some weekdays
 *   shard_day  a window on day N of each shard, by the shard's own calendar
 */

import type { InferOutput } from "valibot";
import {
  array,
  exactOptional,
  integer,
  literal,
  maxLength,
  maxValue,
  minLength,
  minValue,
  number,
  picklist,
  pipe,
  regex,
  strictObject,
  string,
  variant,
} from "valibot";
import { unknownField } from "../unknown_field.ts";
import { ZONE_LENGTH_MAX } from "../shards/shard_facts.ts";

/** How long a window may be. */
export const WINDOW_MAX_MS = 366 * 24 * 3600 * 1000;
/** The end of the year 9998: as far as cron looks, less one. */
export const SCHEDULE_TIME_MAX_MS = 253_370_764_799_999;
export const CRON_LENGTH_MAX = 128;
export const DAILY_WINDOWS_MAX = 24;
/** About ten years. */
export const SHARD_DAY_MAX = 3660;

/** Monday first, as in ISO 8601. */
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const timeMs = pipe(
  number("must be a number"),
  integer("must be a whole number of milliseconds since 1970-01-01 UTC"),
  minValue(0, "must be at least 0"),
  maxValue(SCHEDULE_TIME_MAX_MS, `must be at most ${SCHEDULE_TIME_MAX_MS}`),
);
const durationMs = pipe(
  number("must be a number"),
  integer("must be a whole number of milliseconds"),
  minValue(1, "must be at least 1"),
  maxValue(WINDOW_MAX_MS, `must be at most ${WINDOW_MAX_MS}`),
);
const ZONE = `must be the name of a time zone, like Asia/Shanghai, of at most ${ZONE_LENGTH_MAX} characters`;
const zone = pipe(string(ZONE), maxLength(ZONE_LENGTH_MAX, ZONE), regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/, ZONE));
const CRON = "must be five fields with one space between: minute, hour, day of month, month, day of week";
const expression = pipe(
  string(CRON),
  maxLength(CRON_LENGTH_MAX, `must be at most ${CRON_LENGTH_MAX} characters`),
  // A question mark would stand for the time of day at which it is read.
  regex(/^[^\s?]+(?: [^\s?]+){4}$/, CRON),
);
const OPENS_AT = "must be a time of day, 00:00 to 23:59";
const opensAt = pipe(string(OPENS_AT), regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, OPENS_AT));
const CLOSES_AT = "must be a time of day, 00:00 to 24:00; one before opensAt is on the next day";
const closesAt = pipe(string(CLOSES_AT), regex(/^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/, CLOSES_AT));
const WINDOWS = `must be a list of 1 to ${DAILY_WINDOWS_MAX} windows`;
const DAYS = `must be a list of 1 to 7 of ${WEEKDAYS.join(", ")}`;
const DAY = `must be a whole number of days, 1 to ${SHARD_DAY_MAX}; 1 is the day on which the shard opened, or was merged`;
/** No window opens before the one, or after the other. */
const limits = { notBeforeMs: exactOptional(timeMs), notAfterMs: exactOptional(timeMs) };

export const scheduleSchema = variant(
  "kind",
  [
    strictObject({ kind: literal("manual") }, unknownField),
    strictObject({ kind: literal("once"), opensAtMs: timeMs, closesAtMs: timeMs }, unknownField),
    strictObject({ kind: literal("cron"), expression, durationMs, zone, ...limits }, unknownField),
    strictObject(
      {
        kind: literal("daily"),
        windows: pipe(
          array(strictObject({ opensAt, closesAt }, unknownField), WINDOWS),
          minLength(1, WINDOWS),
          maxLength(DAILY_WINDOWS_MAX, WINDOWS),
        ),
        days: exactOptional(pipe(array(picklist(WEEKDAYS, DAYS), DAYS), minLength(1, DAYS), maxLength(7, DAYS))),
        zone,
        ...limits,
      },
      unknownField,
    ),
    strictObject(
      {
        kind: literal("shard_day"),
        day: pipe(number(DAY), integer(DAY), minValue(1, DAY), maxValue(SHARD_DAY_MAX, DAY)),
        from: picklist(["opened", "merged"], "must be opened or merged"),
        opensAt,
        durationMs,
      },
      unknownField,
    ),
  ],
  "must have a kind: manual, once, cron, daily or shard_day",
);

export type Schedule = InferOutput<typeof scheduleSchema>;
export type CronSchedule = Schedule & { readonly kind: "cron" };
export type DailySchedule = Schedule & { readonly kind: "daily" };
export type ShardDaySchedule = Schedule & { readonly kind: "shard_day" };

/** What a term is open for: from `opensAtMs` on, until before `closesAtMs`. */
export interface Window {
  readonly opensAtMs: number;
  readonly closesAtMs: number;
}

/** Minutes since midnight of a time of day that the schema has let through. */
export function minuteOf(time: string): number {
  const [hours = "", minutes = ""] = time.split(":");
  return Number(hours) * 60 + Number(minutes);
}
