/**
 * Schedules: when the terms of an activity are to be open. Pure. All times are UTC, in milliseconds, by the owner's
 * clock. `manual` is opened by hand; `once` is one fixed window.
 */

import type { InferOutput } from "valibot";
import { integer, literal, minValue, number, pipe, strictObject, variant } from "valibot";
import type { Issue } from "./issue.ts";

/** How long a window may be. */
export const WINDOW_MAX_MS = 366 * 24 * 3600 * 1000;

const timeMs = pipe(
  number("must be a number"),
  integer("must be a whole number of milliseconds since 1970-01-01 UTC"),
  minValue(0, "must be at least 0"),
);

export const scheduleSchema = variant(
  "kind",
  [
    strictObject({ kind: literal("manual") }),
    strictObject({ kind: literal("once"), opensAtMs: timeMs, closesAtMs: timeMs }),
  ],
  "must have a kind: manual or once",
);

export type Schedule = InferOutput<typeof scheduleSchema>;

/** What a term is open for: from `opensAtMs` on, until before `closesAtMs`. */
export interface Window {
  readonly opensAtMs: number;
  readonly closesAtMs: number;
}

/** The first window that opens after `afterMs`, which itself does not count. */
export function nextWindow(schedule: Schedule, afterMs: number): Window | undefined {
  if (schedule.kind === "manual" || schedule.opensAtMs <= afterMs) return undefined;
  return { opensAtMs: schedule.opensAtMs, closesAtMs: schedule.closesAtMs };
}

/** The window that is open at `atMs`. */
export function windowAt(schedule: Schedule, atMs: number): Window | undefined {
  if (schedule.kind === "manual" || atMs < schedule.opensAtMs || atMs >= schedule.closesAtMs) return undefined;
  return { opensAtMs: schedule.opensAtMs, closesAtMs: schedule.closesAtMs };
}

/** Why no activity can follow it from now on; empty when one can. Paths are below `schedule`. */
export function checkSchedule(schedule: Schedule, nowMs: number): readonly Issue[] {
  if (schedule.kind === "manual") return [];
  const { opensAtMs, closesAtMs } = schedule;
  const path = "schedule.closesAtMs";
  if (closesAtMs <= opensAtMs) {
    return [{ path, message: `found ${closesAtMs}; allowed: after opensAtMs, which is ${opensAtMs}` }];
  }
  if (closesAtMs <= nowMs) return [{ path, message: `found ${closesAtMs}; allowed: after now, which is ${nowMs}` }];
  if (closesAtMs - opensAtMs > WINDOW_MAX_MS) {
    return [{ path, message: `found ${closesAtMs - opensAtMs} ms after opensAtMs; allowed: ${WINDOW_MAX_MS} at most` }];
  }
  return [];
}
