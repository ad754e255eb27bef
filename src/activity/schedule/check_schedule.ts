/**
 * What is wrong with a schedule of the right shape, from now on: each fault with its path below `schedule`, what was
 * found and what is allowed. Pure. Nothing that has passed makes a recurring schedule wrong.
 */

import { unreachable } from "#base/assert.ts";
import type { Issue } from "../issue.ts";
import { dailyIssues } from "./check_daily.ts";
import type { Openings } from "./openings.ts";
import { openingsOf } from "./openings.ts";
import type { CronSchedule, DailySchedule, Schedule, Window } from "./schedule.ts";
import { WINDOW_MAX_MS } from "./schedule.ts";
import { nextWindow, windowAt, windowsAfter } from "./windows.ts";
import { DAY_MS } from "./zone.ts";

/** Openings of a cron expression between which the least time is looked for: more than a year of days. */
export const OPENINGS_CHECKED_MAX = 400;
/** And those around each change of the clocks within this time. */
const CHANGES_AHEAD_MS = 2 * 366 * DAY_MS;
/** An opening that a change has moved is no further from it. */
const CHANGE_REACH_MS = 3 * 3600 * 1000;
/** Windows that are looked at for one that a show would take. */
export const SHOWS_CHECKED_MAX = 100;
const CRON_ALLOWED = "five fields: minute, hour, day of month, month, day of week, like 0 20 * * 1-5";
const ZONE_ALLOWED = "the name of a time zone that this release knows, like Asia/Shanghai or Europe/Berlin";

/** Why there would be no window of it, or none that makes sense; empty when all is well. */
export function checkSchedule(schedule: Schedule, nowMs: number): readonly Issue[] {
  switch (schedule.kind) {
    case "manual":
    case "shard_day":
      return [];
    case "once":
      return checkOnce(schedule, nowMs);
    case "cron":
    case "daily":
      return checkRecurring(schedule, nowMs);
    default:
      return unreachable(schedule);
  }
}

/**
 * Why no activity with this timing can follow it, though there are windows: one that is over before the show of the one
 * before it is would be lost. Of a schedule that has passed its check.
 */
export function followIssues(
  schedule: Schedule,
  of: { readonly showMs: number; readonly nowMs: number },
): readonly Issue[] {
  const { showMs, nowMs } = of;
  if (showMs === 0) return [];
  let before: Window | undefined;
  for (const window of windowsAfter(schedule, nowMs).take(SHOWS_CHECKED_MAX)) {
    const lengthMs = window.closesAtMs - (before?.closesAtMs ?? -Infinity);
    if (showMs >= lengthMs) {
      const found = `found ${showMs}, and the window that opens at ${window.opensAtMs} is over before that show is`;
      return [{ path: "timing.showMs", message: `${found}; allowed: below ${lengthMs}` }];
    }
    before = window;
  }
  return [];
}

function checkOnce({ opensAtMs, closesAtMs }: Schedule & { readonly kind: "once" }, nowMs: number): readonly Issue[] {
  if (closesAtMs <= opensAtMs) {
    return [issue("closesAtMs", `found ${closesAtMs}; allowed: after opensAtMs, which is ${opensAtMs}`)];
  }
  if (closesAtMs <= nowMs) return [issue("closesAtMs", `found ${closesAtMs}; allowed: after now, which is ${nowMs}`)];
  if (closesAtMs - opensAtMs > WINDOW_MAX_MS) {
    const found = closesAtMs - opensAtMs;
    return [issue("closesAtMs", `found ${found} ms after opensAtMs; allowed: ${WINDOW_MAX_MS} at most`)];
  }
  return [];
}

function checkRecurring(schedule: CronSchedule | DailySchedule, nowMs: number): readonly Issue[] {
  const issues: Issue[] = schedule.kind === "daily" ? [...dailyIssues(schedule)] : [];
  const { notBeforeMs, notAfterMs } = schedule;
  const isTurned = notBeforeMs !== undefined && notAfterMs !== undefined && notAfterMs < notBeforeMs;
  if (isTurned) {
    issues.push(issue("notAfterMs", `found ${notAfterMs}; allowed: from notBeforeMs on, which is ${notBeforeMs}`));
  }
  const openings = openingsOf(schedule);
  if (openings.kind === "unreadable") {
    const { field, reason } = openings;
    const found = JSON.stringify(schedule.kind === "cron" ? schedule[field] : schedule.zone);
    issues.push(
      field === "zone"
        ? issue("zone", `found ${found}; allowed: ${ZONE_ALLOWED}`)
        : issue("expression", `found ${found}, which is wrong: ${reason}; allowed: ${CRON_ALLOWED}`),
    );
  } else if (issues.length === 0) {
    issues.push(...windowIssues(schedule, openings, nowMs));
  }
  return issues;
}

function windowIssues(schedule: CronSchedule | DailySchedule, openings: Openings, nowMs: number): readonly Issue[] {
  const fromMs = Math.max(nowMs, schedule.notBeforeMs ?? 0) - 1;
  const first = openings.after(fromMs);
  if (first === undefined && schedule.kind === "cron") {
    return [issue("expression", `found ${JSON.stringify(schedule.expression)}, which never comes to pass`)];
  }
  if (nextWindow(schedule, fromMs) === undefined && windowAt(schedule, nowMs) === undefined) {
    const allowed = first === undefined ? "none" : `${first.opensAtMs} or more, which is when the next one opens`;
    return [issue("notAfterMs", `found ${schedule.notAfterMs}, until when no window opens; allowed: ${allowed}`)];
  }
  if (schedule.kind === "daily") return [];
  const least = leastGap(openings, { fromMs, durationMs: schedule.durationMs });
  if (least === undefined) return [];
  const { lengthMs, atMs } = least;
  const found = `found ${schedule.durationMs}, and the one that opens at ${atMs} would last into the next`;
  return [issue("durationMs", `${found}; allowed: ${lengthMs} at most`)];
}

/** The least time from one opening to the next, if it is below `durationMs`. */
function leastGap(
  openings: Openings,
  of: { readonly fromMs: number; readonly durationMs: number },
): { readonly lengthMs: number; readonly atMs: number } | undefined {
  const { fromMs, durationMs } = of;
  let least: { lengthMs: number; atMs: number } | undefined;
  const look = (startMs: number, endMs: number): void => {
    let before: Window | undefined = openings.after(startMs);
    for (let count = 0; before !== undefined && before.opensAtMs <= endMs && count < OPENINGS_CHECKED_MAX; count += 1) {
      const next = openings.after(before.opensAtMs);
      if (next === undefined) return;
      const lengthMs = next.opensAtMs - before.opensAtMs;
      if (lengthMs < (least?.lengthMs ?? durationMs)) least = { lengthMs, atMs: before.opensAtMs };
      before = next;
    }
  };
  look(fromMs, Infinity);
  for (const changeMs of openings.zone.changes(fromMs, fromMs + CHANGES_AHEAD_MS)) {
    look(Math.max(fromMs, changeMs - durationMs - 1), changeMs + CHANGE_REACH_MS);
  }
  return least;
}

function issue(field: string, message: string): Issue {
  return { path: `schedule.${field}`, message };
}
