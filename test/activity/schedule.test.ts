import { WINDOW_MAX_MS, checkSchedule, nextWindow, windowAt } from "#activity/schedule.ts";
import type { Schedule } from "#activity/schedule.ts";
import { describe, expect, test } from "#test";

const WINDOW = { opensAtMs: 1000, closesAtMs: 2000 };
const ONCE: Schedule = { kind: "once", ...WINDOW };
const MANUAL: Schedule = { kind: "manual" };

describe("Schedule: once", () => {
  test("its window comes next until it has opened", () => {
    expect([999, 1000, 1500].map((afterMs) => nextWindow(ONCE, afterMs))).toEqual([WINDOW, undefined, undefined]);
  });

  test("its window is open from its beginning until before its end", () => {
    const open = [999, 1000, 1999, 2000].map((atMs) => windowAt(ONCE, atMs) !== undefined);
    expect(open).toEqual([false, true, true, false]);
  });

  test("a window that ends before it begins, is over or is too long is refused with what is allowed", () => {
    const paths = (schedule: Schedule, nowMs: number): string[] =>
      checkSchedule(schedule, nowMs).map(({ path, message }) => `${path}: ${message}`);
    expect(paths(ONCE, 1999)).toEqual([]);
    expect(paths(ONCE, 2000)).toEqual(["schedule.closesAtMs: found 2000; allowed: after now, which is 2000"]);
    expect(paths({ kind: "once", opensAtMs: 5, closesAtMs: 5 }, 0)).toEqual([
      "schedule.closesAtMs: found 5; allowed: after opensAtMs, which is 5",
    ]);
    expect(paths({ kind: "once", opensAtMs: 5, closesAtMs: 6 + WINDOW_MAX_MS }, 0)).toEqual([
      `schedule.closesAtMs: found ${WINDOW_MAX_MS + 1} ms after opensAtMs; allowed: ${WINDOW_MAX_MS} at most`,
    ]);
  });
});

describe("Schedule: manual", () => {
  test("has no windows and nothing to refuse", () => {
    expect([nextWindow(MANUAL, 0), windowAt(MANUAL, 0), checkSchedule(MANUAL, 0)]).toEqual([undefined, undefined, []]);
  });
});
