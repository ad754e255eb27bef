import { checkSchedule, followIssues } from "#activity/schedule/check_schedule.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import { WINDOW_MAX_MS, scheduleSchema } from "#activity/schedule/schedule.ts";
import { describe, expect, test } from "#test";
import * as v from "valibot";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse("2026-05-01T00:00:00Z");
const CRON = { kind: "cron", expression: "0 20 * * *", durationMs: HOUR_MS, zone: "Europe/Berlin" } as const;
const DAILY = { kind: "daily", windows: [{ opensAt: "12:00", closesAt: "13:30" }], zone: "Asia/Shanghai" } as const;

function faults(schedule: Schedule, nowMs = NOW_MS): string[] {
  return checkSchedule(schedule, nowMs).map(({ path, message }) => `${path}: ${message}`);
}

function daily(...spans: readonly string[]): Schedule & { readonly kind: "daily" } {
  const windows = spans.map((span) => {
    const [opensAt = "", closesAt = ""] = span.split("-");
    return { opensAt, closesAt };
  });
  return { ...DAILY, windows };
}

describe("Check of a schedule: once", () => {
  test("a window that ends before it begins, is over or is too long is refused with what is allowed", () => {
    const once = { kind: "once", opensAtMs: 1000, closesAtMs: 2000 } as const;
    expect(faults(once, 1999)).toEqual([]);
    expect(faults(once, 2000)).toEqual(["schedule.closesAtMs: found 2000; allowed: after now, which is 2000"]);
    expect(faults({ kind: "once", opensAtMs: 5, closesAtMs: 5 }, 0)).toEqual([
      "schedule.closesAtMs: found 5; allowed: after opensAtMs, which is 5",
    ]);
    expect(faults({ kind: "once", opensAtMs: 5, closesAtMs: 6 + WINDOW_MAX_MS }, 0)).toEqual([
      `schedule.closesAtMs: found ${WINDOW_MAX_MS + 1} ms after opensAtMs; allowed: ${WINDOW_MAX_MS} at most`,
    ]);
  });
});

describe("Check of a schedule: cron", () => {
  test("one that comes to pass is fine, also one that does so in years only", () => {
    for (const expression of ["0 20 * * *", "0 0 29 2 *", "*/5 8-10 * * MON-FRI", "0 0 L * *", "0 20 * * 5#2"]) {
      expect(faults({ ...CRON, expression, durationMs: 60_000 })).toEqual([]);
    }
  });

  test("one that can't be read says why", () => {
    expect(faults({ ...CRON, expression: "0 25 * * *" })).toEqual([
      'schedule.expression: found "0 25 * * *", which is wrong: Invalid value for hour: 25; allowed: five fields: ' +
        "minute, hour, day of month, month, day of week, like 0 20 * * 1-5",
    ]);
    for (const expression of ["0 20 * * 8", "5-1 * * * *", "*/0 * * * *", "a b c d e", "0 0 * * 1#6"]) {
      expect(checkSchedule({ ...CRON, expression }, NOW_MS).map(({ path }) => path)).toEqual(["schedule.expression"]);
    }
  });

  test("one that never fires is refused", () => {
    for (const expression of ["0 0 30 2 *", "0 0 31 4,6,9,11 *"]) {
      expect(faults({ ...CRON, expression })).toEqual([
        `schedule.expression: found "${expression}", which never comes to pass`,
      ]);
    }
  });

  test("an unknown zone is refused", () => {
    const message =
      'schedule.zone: found "Mars/Olympus"; allowed: the name of a time zone that this release knows, like ' +
      "Asia/Shanghai or Europe/Berlin";
    expect(faults({ ...CRON, zone: "Mars/Olympus" })).toEqual([message]);
    expect(faults({ ...DAILY, windows: [...DAILY.windows], zone: "Mars/Olympus" })).toEqual([message]);
  });

  test("one that lasts into its own next window is refused with the longest that does not", () => {
    expect(faults({ ...CRON, expression: "0 * * * *" })).toEqual([]);
    expect(faults({ ...CRON, expression: "0 * * * *", durationMs: HOUR_MS + 1 })).toEqual([
      `schedule.durationMs: found ${HOUR_MS + 1}, and the one that opens at ${NOW_MS} would last into the next; ` +
        `allowed: ${HOUR_MS} at most`,
    ]);
    expect(faults({ ...CRON, expression: "0 20,21 * * 1", durationMs: 2 * HOUR_MS })[0]).toContain(
      `allowed: ${HOUR_MS} at most`,
    );
  });

  test("also when only a change of the clocks makes it so, however often it opens", () => {
    const day = { ...CRON, expression: "0 0 * * *", durationMs: 24 * HOUR_MS };
    expect(faults(day)).toEqual([
      `schedule.durationMs: found ${24 * HOUR_MS}, and the one that opens at ${Date.parse("2027-03-27T23:00:00Z")} ` +
        `would last into the next; allowed: ${23 * HOUR_MS} at most`,
    ]);
    expect(faults({ ...day, zone: "Asia/Shanghai" })).toEqual([]);
    const howe = { ...CRON, expression: "30 * * * *", zone: "Australia/Lord_Howe" };
    expect(faults(howe)).toEqual([
      `schedule.durationMs: found ${HOUR_MS}, and the one that opens at ${Date.parse("2026-10-03T15:00:00Z")} ` +
        `would last into the next; allowed: ${HOUR_MS / 2} at most`,
    ]);
    const twice = { ...CRON, expression: "30 2,3 * * *" };
    expect(faults(twice)[0]).toContain(`allowed: ${HOUR_MS / 2} at most`);
  });
});

describe("Check of a schedule: daily", () => {
  test("windows that follow each other are fine, also across midnight and at the same time on other days", () => {
    expect(faults(daily("12:00-13:30", "13:30-14:00", "22:00-02:00", "02:00-02:01"))).toEqual([]);
    expect(faults(daily("00:00-24:00"))).toEqual([]);
    expect(faults({ ...daily("22:00-02:00", "01:00-02:00"), days: ["mon", "wed", "sat"] })).toEqual([]);
  });

  test("a window without a length and a day that is there twice are refused", () => {
    expect(faults({ ...daily("12:00-13:30", "14:00-14:00"), days: ["mon", "tue", "mon"] })).toEqual([
      "schedule.windows.1.closesAt: found 14:00, which is its opensAt; allowed: another time, 24:00 for midnight",
      "schedule.days.2: found mon, which is there already; allowed: a day once",
    ]);
  });

  test("windows that overlap are refused where the earlier one ends, in whatever order they are written", () => {
    expect(faults(daily("12:00-13:30", "13:00-14:00"))).toEqual([
      "schedule.windows.0.closesAt: found 13:30, and windows.1 opens at 13:00; allowed: until then at most",
    ]);
    expect(faults(daily("13:00-14:00", "12:00-13:30"))).toEqual([
      "schedule.windows.1.closesAt: found 13:30, and windows.0 opens at 13:00; allowed: until then at most",
    ]);
    expect(faults(daily("12:00-13:00", "12:00-14:00"))).toEqual([
      "schedule.windows.1.opensAt: found 12:00, which is when windows.0 opens; allowed: a time once",
    ]);
  });

  test("windows that overlap over midnight are refused if the next day has windows too", () => {
    const night = daily("01:00-02:00", "22:00-01:30");
    const message =
      "schedule.windows.1.closesAt: found 01:30 of the next day, and windows.0 opens at 01:00 of the next day; " +
      "allowed: until then at most";
    expect(faults(night)).toEqual([message]);
    expect(faults({ ...night, days: ["sun", "mon"] })).toEqual([message]);
    expect(faults({ ...night, days: ["sun", "tue"] })).toEqual([]);
  });
});

describe("Check of a schedule: limits", () => {
  test("limits the wrong way round are refused", () => {
    expect(faults({ ...CRON, notBeforeMs: 2 * NOW_MS, notAfterMs: 2 * NOW_MS - 1 })).toEqual([
      `schedule.notAfterMs: found ${2 * NOW_MS - 1}; allowed: from notBeforeMs on, which is ${2 * NOW_MS}`,
    ]);
  });

  test("limits that leave no window are refused with the time of the next one", () => {
    const next = Date.parse("2026-05-01T18:00:00Z");
    const message = (notAfterMs: number): string =>
      `schedule.notAfterMs: found ${notAfterMs}, until when no window opens; allowed: ${next} or more, which is when ` +
      "the next one opens";
    expect(faults({ ...CRON, notAfterMs: next - 1 })).toEqual([message(next - 1)]);
    expect(faults({ ...CRON, notAfterMs: next })).toEqual([]);
    // The last one is open still.
    expect(faults({ ...CRON, notAfterMs: next }, next + HOUR_MS - 1)).toEqual([]);
    expect(faults({ ...CRON, notAfterMs: 5 })).toEqual([message(5)]);
  });
});

describe("Check of a schedule: shard_day", () => {
  test("has nothing wrong, nor has the show after it: each opening is an activity of its own", () => {
    const schedule = { kind: "shard_day", day: 3, from: "opened", opensAt: "10:00", durationMs: HOUR_MS } as const;
    expect(faults(schedule)).toEqual([]);
    expect(followIssues(schedule, { showMs: HOUR_MS, nowMs: NOW_MS })).toEqual([]);
  });
});

describe("Check of a schedule: show", () => {
  test("may be as long as it takes no whole window away, also where they are not evenly spaced", () => {
    const of = (schedule: Schedule, showMs: number): string[] =>
      followIssues(schedule, { showMs, nowMs: NOW_MS }).map(({ path, message }) => `${path}: ${message}`);
    const uneven = daily("12:00-13:00", "14:00-15:00");
    expect(of(uneven, 2 * HOUR_MS - 1)).toEqual([]);
    expect(of(uneven, 2 * HOUR_MS)).toEqual([
      `timing.showMs: found ${2 * HOUR_MS}, and the window that opens at ${Date.parse("2026-05-01T06:00:00Z")} is over ` +
        `before that show is; allowed: below ${2 * HOUR_MS}`,
    ]);
    expect(of({ kind: "once", opensAtMs: NOW_MS, closesAtMs: NOW_MS + 1 }, 1e10)).toEqual([]);
    expect(of({ kind: "manual" }, 1e10)).toEqual([]);
  });
});

describe("Schema of a schedule", () => {
  test("names the place of what has the wrong shape, and what is allowed", () => {
    const cases: [schedule: unknown, path: string][] = [
      [{ kind: "sometimes" }, "kind"],
      [{ ...CRON, expression: "0 20 * *" }, "expression"],
      [{ ...CRON, expression: "? 20 * * *" }, "expression"],
      [{ ...CRON, expression: "@daily" }, "expression"],
      [{ ...CRON, expression: `${"0,".repeat(70)}0 1 * * *` }, "expression"],
      [{ ...CRON, durationMs: 0 }, "durationMs"],
      [{ ...CRON, durationMs: WINDOW_MAX_MS + 1 }, "durationMs"],
      [{ ...CRON, zone: "+08:00" }, "zone"],
      [{ ...CRON, zone: "Z".repeat(65) }, "zone"],
      [{ ...CRON, notBeforeMs: 1e15 }, "notBeforeMs"],
      [{ ...DAILY, windows: [] }, "windows"],
      [{ ...DAILY, windows: Array.from({ length: 25 }, () => DAILY.windows[0]) }, "windows"],
      [{ ...DAILY, windows: [{ opensAt: "24:00", closesAt: "13:30" }] }, "windows.0.opensAt"],
      [{ ...DAILY, windows: [DAILY.windows[0], { opensAt: "9:00", closesAt: "13:30" }] }, "windows.1.opensAt"],
      [{ ...DAILY, windows: [{ opensAt: "12:00", closesAt: "24:01" }] }, "windows.0.closesAt"],
      [{ ...DAILY, days: [] }, "days"],
      [{ ...DAILY, days: ["mon", "funday"] }, "days.1"],
      [{ kind: "shard_day", day: 0, from: "opened", opensAt: "10:00", durationMs: 1 }, "day"],
      [{ kind: "shard_day", day: 1, from: "founded", opensAt: "10:00", durationMs: 1 }, "from"],
    ];
    for (const [schedule, path] of cases) {
      const parsed = v.safeParse(scheduleSchema, schedule);
      const found = parsed.success ? [] : parsed.issues.map((issue) => v.getDotPath(issue));
      expect([schedule, found]).toEqual([schedule, [path]]);
      expect(parsed.success ? "" : parsed.issues[0].message).toMatch(/^must /);
    }
  });
});
