/**
 * The windows of a schedule: which comes next, which is open, and all of them in order. Pure. Windows come in order and
 * never overlap: one that would last into the next ends where that one begins, whatever a change of clocks or of the
 * table of time zones makes of them.
 *
 * A walk through a cron expression costs tens of microseconds, and an owner asks the same of every activity at each
 * look: the last answer is remembered for each schedule, as long as the schedule itself.
 */

import { unreachable } from "#base/assert.ts";
import type { Unreadable } from "./openings.ts";
import { openingsOf } from "./openings.ts";
import type { CronSchedule, DailySchedule, Schedule, Window } from "./schedule.ts";

/** Windows that are looked through for the one that is open: more never end after a given time. */
const OPEN_LOOKED_AT_MAX = 64;

const remembered = new WeakMap<Schedule, { readonly afterMs: number; readonly window: Window | undefined }>();

/** The first window that opens after `afterMs`, which itself does not count. */
export function nextWindow(schedule: Schedule, afterMs: number): Window | undefined {
  const last = remembered.get(schedule);
  if (last?.afterMs === afterMs) return last.window;
  const [window] = windowsAfter(schedule, afterMs);
  remembered.set(schedule, { afterMs, window });
  return window;
}

/** The window that is open at `atMs`. */
export function windowAt(schedule: Schedule, atMs: number): Window | undefined {
  let left = OPEN_LOOKED_AT_MAX;
  for (const window of windowsAfter(schedule, atMs - longestMs(schedule) - 1)) {
    left -= 1;
    if (window.opensAtMs > atMs || left === 0) return undefined;
    if (window.closesAtMs > atMs) return window;
  }
  return undefined;
}

/** All that open after `afterMs`, in order; there may be no end of them. */
export function* windowsAfter(schedule: Schedule, afterMs: number): Generator<Window, void, undefined> {
  switch (schedule.kind) {
    case "manual":
    case "shard_day":
      // No window, or another one for each shard: shard_windows.ts.
      return;
    case "once": {
      const { opensAtMs, closesAtMs } = schedule;
      if (opensAtMs > afterMs) yield { opensAtMs, closesAtMs };
      return;
    }
    case "cron":
    case "daily":
      yield* recurring(schedule, afterMs);
      return;
    default:
      unreachable(schedule);
  }
}

/** Why this release can't tell its windows; undefined when it can. */
export function whyUnreadable(schedule: Schedule): Unreadable | undefined {
  if (schedule.kind !== "cron" && schedule.kind !== "daily") return undefined;
  const openings = openingsOf(schedule);
  return openings.kind === "unreadable" ? openings : undefined;
}

function* recurring(schedule: CronSchedule | DailySchedule, afterMs: number): Generator<Window, void, undefined> {
  const openings = openingsOf(schedule);
  if (openings.kind === "unreadable") return;
  const { notBeforeMs = 0, notAfterMs = Infinity } = schedule;
  let window = openings.after(Math.max(afterMs, notBeforeMs - 1));
  while (window !== undefined && window.opensAtMs <= notAfterMs) {
    const next = openings.after(window.opensAtMs);
    const { opensAtMs, closesAtMs } = window;
    yield { opensAtMs, closesAtMs: Math.min(closesAtMs, next?.opensAtMs ?? closesAtMs) };
    window = next;
  }
}

function longestMs(schedule: Schedule): number {
  if (schedule.kind === "once") return schedule.closesAtMs - schedule.opensAtMs;
  if (schedule.kind !== "cron" && schedule.kind !== "daily") return 0;
  const openings = openingsOf(schedule);
  return openings.kind === "ok" ? openings.longestMs : 0;
}
