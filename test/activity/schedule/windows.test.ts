import type { Schedule, Window } from "#activity/schedule/schedule.ts";
import { nextWindow, whyUnreadable, windowAt, windowsAfter } from "#activity/schedule/windows.ts";
import { describe, expect, test } from "#test";

const HOUR_MS = 3_600_000;
const MANUAL: Schedule = { kind: "manual" };
const WINDOW = { opensAtMs: 1000, closesAtMs: 2000 };
const ONCE: Schedule = { kind: "once", ...WINDOW };

function cron(expression: string, zone: string, durationMs = HOUR_MS): Schedule & { readonly kind: "cron" } {
  return { kind: "cron", expression, zone, durationMs };
}

function daily(zone: string, ...windows: readonly string[]): Schedule & { readonly kind: "daily" } {
  const spans = windows.map((text) => {
    const [opensAt = "", closesAt = ""] = text.split("-");
    return { opensAt, closesAt };
  });
  return { kind: "daily", zone, windows: spans };
}

function text({ opensAtMs, closesAtMs }: Window): string {
  const iso = (atMs: number): string => new Date(atMs).toISOString().replace(":00.000Z", "Z");
  return `${iso(opensAtMs)} ${iso(closesAtMs)}`;
}

/** The first windows that open after a time. */
function first(schedule: Schedule, after: string, count: number): string[] {
  const found: string[] = [];
  for (const window of windowsAfter(schedule, Date.parse(after))) {
    found.push(text(window));
    if (found.length === count) break;
  }
  return found;
}

describe("Windows: manual and once", () => {
  test("manual has none", () => {
    expect([nextWindow(MANUAL, 0), windowAt(MANUAL, 0)]).toEqual([undefined, undefined]);
  });

  test("the window of once comes next until it has opened, and is open until before its end", () => {
    expect([999, 1000, 1500].map((afterMs) => nextWindow(ONCE, afterMs))).toEqual([WINDOW, undefined, undefined]);
    const open = [999, 1000, 1999, 2000].map((atMs) => windowAt(ONCE, atMs) !== undefined);
    expect(open).toEqual([false, true, true, false]);
  });
});

describe("Windows: cron", () => {
  test("opens at the local time of its zone and lasts its time", () => {
    expect(first(cron("0 20 * * 1-5", "Asia/Shanghai"), "2026-05-01T00:00:00Z", 3)).toEqual([
      "2026-05-01T12:00Z 2026-05-01T13:00Z",
      "2026-05-04T12:00Z 2026-05-04T13:00Z",
      "2026-05-05T12:00Z 2026-05-05T13:00Z",
    ]);
    expect(first(cron("30 9 1,L * *", "Asia/Kolkata"), "2026-01-31T00:00:00Z", 3)).toEqual([
      "2026-01-31T04:00Z 2026-01-31T05:00Z",
      "2026-02-01T04:00Z 2026-02-01T05:00Z",
      "2026-02-28T04:00Z 2026-02-28T05:00Z",
    ]);
  });

  test("the time after which it looks does not count, the millisecond before does", () => {
    const schedule = cron("0 20 * * *", "UTC");
    const opensAtMs = Date.parse("2026-05-01T20:00:00Z");
    const dayMs = 24 * HOUR_MS;
    const opens = [-dayMs, -1, 0, 1, 999].map((ms) => nextWindow(schedule, opensAtMs + ms)?.opensAtMs);
    expect(opens).toEqual([opensAtMs, opensAtMs, opensAtMs + dayMs, opensAtMs + dayMs, opensAtMs + dayMs]);
  });

  const DST: [name: string, schedule: Schedule, after: string, expected: string[]][] = [
    [
      "Berlin, put forward over it: at the first time that there is",
      cron("30 2 * * *", "Europe/Berlin"),
      "2026-03-28T00:00:00Z",
      [
        "2026-03-28T01:30Z 2026-03-28T02:30Z",
        "2026-03-29T01:00Z 2026-03-29T02:00Z",
        "2026-03-30T00:30Z 2026-03-30T01:30Z",
      ],
    ],
    [
      "Berlin, put back over it: once",
      cron("30 2 * * *", "Europe/Berlin"),
      "2026-10-24T01:00:00Z",
      ["2026-10-25T00:30Z 2026-10-25T01:30Z", "2026-10-26T01:30Z 2026-10-26T02:30Z"],
    ],
    [
      "New York, put forward over it",
      cron("0 2 * * *", "America/New_York"),
      "2026-03-08T00:00:00Z",
      ["2026-03-08T07:00Z 2026-03-08T08:00Z", "2026-03-09T06:00Z 2026-03-09T07:00Z"],
    ],
    [
      "New York, put back over it: once",
      cron("30 1 * * *", "America/New_York"),
      "2026-11-01T00:00:00Z",
      ["2026-11-01T05:30Z 2026-11-01T06:30Z", "2026-11-02T06:30Z 2026-11-02T07:30Z"],
    ],
    [
      "Lord Howe, put forward by half an hour over it",
      cron("15 2 * * *", "Australia/Lord_Howe"),
      "2026-10-03T00:00:00Z",
      ["2026-10-03T15:30Z 2026-10-03T16:30Z", "2026-10-04T15:15Z 2026-10-04T16:15Z"],
    ],
    [
      "Lord Howe, put back by half an hour over it: once",
      cron("45 1 * * *", "Australia/Lord_Howe"),
      "2026-04-04T00:00:00Z",
      ["2026-04-04T14:45Z 2026-04-04T15:45Z", "2026-04-05T15:15Z 2026-04-05T16:15Z"],
    ],
  ];
  for (const [name, schedule, after, expected] of DST) {
    test(name, () => {
      expect(first(schedule, after, expected.length)).toEqual(expected);
    });
  }

  test("of a list of hours each that is left out moves on, each that comes twice comes once", () => {
    const schedule = cron("30 2,14 * * *", "Europe/Berlin");
    expect(first(schedule, "2026-03-29T00:00:00Z", 2)).toEqual([
      "2026-03-29T01:00Z 2026-03-29T02:00Z",
      "2026-03-29T12:30Z 2026-03-29T13:30Z",
    ]);
    expect(first(schedule, "2026-10-25T00:00:00Z", 2)).toEqual([
      "2026-10-25T00:30Z 2026-10-25T01:30Z",
      "2026-10-25T13:30Z 2026-10-25T14:30Z",
    ]);
  });

  test("one that would last into the next ends where that one begins", () => {
    expect(first(cron("0 * * * *", "UTC", 2 * HOUR_MS), "2026-05-01T00:00:00Z", 2)).toEqual([
      "2026-05-01T01:00Z 2026-05-01T02:00Z",
      "2026-05-01T02:00Z 2026-05-01T03:00Z",
    ]);
  });
});

describe("Windows: daily", () => {
  test("several a day, in the order of the clock, also across midnight", () => {
    const schedule = daily("Asia/Shanghai", "20:00-21:30", "12:00-13:30", "23:30-00:30", "00:30-01:00");
    expect(first(schedule, "2026-05-01T03:00:00Z", 5)).toEqual([
      "2026-05-01T04:00Z 2026-05-01T05:30Z",
      "2026-05-01T12:00Z 2026-05-01T13:30Z",
      "2026-05-01T15:30Z 2026-05-01T16:30Z",
      "2026-05-01T16:30Z 2026-05-01T17:00Z",
      "2026-05-02T04:00Z 2026-05-02T05:30Z",
    ]);
  });

  test("on some weekdays of its zone only, and 24:00 is the end of the day", () => {
    const schedule: Schedule = { ...daily("Asia/Shanghai", "00:00-24:00"), days: ["sat", "mon"] };
    expect(first(schedule, "2026-05-01T00:00:00Z", 3)).toEqual([
      "2026-05-01T16:00Z 2026-05-02T16:00Z",
      "2026-05-03T16:00Z 2026-05-04T16:00Z",
      "2026-05-08T16:00Z 2026-05-09T16:00Z",
    ]);
  });

  const DST: [name: string, schedule: Schedule, after: string, expected: string[]][] = [
    [
      "Berlin, the beginning is left out: it moves on, the end stays",
      daily("Europe/Berlin", "02:10-04:00"),
      "2026-03-29T00:00:00Z",
      ["2026-03-29T01:00Z 2026-03-29T02:00Z", "2026-03-30T00:10Z 2026-03-30T02:00Z"],
    ],
    [
      "Berlin, all of it is left out: it has its length from the first time that there is",
      daily("Europe/Berlin", "02:10-02:50"),
      "2026-03-29T00:00:00Z",
      ["2026-03-29T01:00Z 2026-03-29T01:40Z", "2026-03-30T00:10Z 2026-03-30T00:50Z"],
    ],
    [
      "Berlin, two that are left out are one, and make way for what comes then",
      daily("Europe/Berlin", "02:00-02:10", "02:10-02:40", "03:20-04:00"),
      "2026-03-29T00:00:00Z",
      ["2026-03-29T01:00Z 2026-03-29T01:20Z", "2026-03-29T01:20Z 2026-03-29T02:00Z"],
    ],
    [
      "Berlin, the hour that comes twice: once, and over it an hour more",
      daily("Europe/Berlin", "01:00-03:00", "03:00-03:30"),
      "2026-10-24T12:00:00Z",
      ["2026-10-24T23:00Z 2026-10-25T02:00Z", "2026-10-25T02:00Z 2026-10-25T02:30Z"],
    ],
    [
      "New York, put back inside: once",
      daily("America/New_York", "01:15-01:45"),
      "2026-11-01T00:00:00Z",
      ["2026-11-01T05:15Z 2026-11-01T05:45Z", "2026-11-02T06:15Z 2026-11-02T06:45Z"],
    ],
    [
      "New York, put forward inside: an hour less",
      daily("America/New_York", "01:30-03:30"),
      "2026-03-08T00:00:00Z",
      ["2026-03-08T06:30Z 2026-03-08T07:30Z", "2026-03-09T05:30Z 2026-03-09T07:30Z"],
    ],
    [
      "Lord Howe, both ways",
      daily("Australia/Lord_Howe", "01:30-02:30"),
      "2026-04-03T20:00:00Z",
      ["2026-04-04T14:30Z 2026-04-04T16:00Z", "2026-04-05T15:00Z 2026-04-05T16:00Z"],
    ],
    [
      "Kolkata, which has one time all the year",
      daily("Asia/Kolkata", "02:30-03:30"),
      "2026-03-28T00:00:00Z",
      ["2026-03-28T21:00Z 2026-03-28T22:00Z", "2026-03-29T21:00Z 2026-03-29T22:00Z"],
    ],
    [
      "Santiago, where midnight is left out: the day begins at one",
      daily("America/Santiago", "00:00-02:00"),
      "2026-09-05T12:00:00Z",
      ["2026-09-06T04:00Z 2026-09-06T05:00Z", "2026-09-07T03:00Z 2026-09-07T05:00Z"],
    ],
  ];
  for (const [name, schedule, after, expected] of DST) {
    test(name, () => {
      expect(first(schedule, after, expected.length)).toEqual(expected);
    });
  }
});

describe("Windows: limits", () => {
  test("no window opens before notBeforeMs or after notAfterMs, and both count themselves", () => {
    const notBeforeMs = Date.parse("2026-05-01T20:00:00Z");
    const notAfterMs = Date.parse("2026-05-02T20:00:00Z");
    for (const plain of [cron("0 20 * * *", "UTC"), daily("UTC", "20:00-21:00")]) {
      const schedule: Schedule = { ...plain, notBeforeMs, notAfterMs };
      expect(first(schedule, "2020-01-01T00:00:00Z", 9)).toEqual([
        "2026-05-01T20:00Z 2026-05-01T21:00Z",
        "2026-05-02T20:00Z 2026-05-02T21:00Z",
      ]);
      expect(windowAt(schedule, notAfterMs + HOUR_MS - 1)?.opensAtMs).toBe(notAfterMs);
      expect(windowAt(schedule, notAfterMs + HOUR_MS)).toBeUndefined();
      expect(windowAt(schedule, notBeforeMs - 1)).toBeUndefined();
    }
  });
});

describe("Windows: of any schedule", () => {
  const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "Africa/Casablanca"];
  const schedules = zones.flatMap((zone) => [
    cron("*/20 * * * *", zone, 20 * 60_000),
    cron("30 1-3 * * *", zone),
    cron("0 0 * * *", zone, 24 * HOUR_MS),
    daily(zone, "00:00-24:00"),
    daily(zone, "01:00-02:00", "02:00-02:30", "02:30-03:15", "23:00-00:59"),
  ]);

  test("they come in order, never overlap, and are none of them empty", () => {
    const wrong: string[] = [];
    for (const [from, to] of [
      ["2026-02-10", "2026-04-10"],
      ["2026-09-25", "2026-11-10"],
    ] as const) {
      for (const schedule of schedules) {
        let [count, beforeMs] = [0, 0];
        for (const window of until(schedule, Date.parse(from), Date.parse(to))) {
          count += 1;
          const { opensAtMs, closesAtMs } = window;
          if (opensAtMs < beforeMs || closesAtMs <= opensAtMs) wrong.push(`${schedule.zone} ${text(window)}`);
          beforeMs = closesAtMs;
        }
        expect(count).toBeGreaterThan(45);
      }
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  test("from wherever one looks the same comes next, and it is what is open then", () => {
    for (const schedule of schedules) {
      const all = [...until(schedule, Date.parse("2026-03-27"), Date.parse("2026-03-31"))];
      for (const [index, window] of all.entries()) {
        for (const atMs of [window.opensAtMs, Math.floor((window.opensAtMs + window.closesAtMs) / 2)]) {
          expect(windowAt(schedule, atMs)).toEqual(window);
          expect(nextWindow(schedule, atMs)).toEqual(all[index + 1] ?? nextWindow({ ...schedule }, atMs));
        }
        expect(nextWindow(schedule, window.opensAtMs - 1)).toEqual(window);
        expect(windowAt(schedule, window.closesAtMs)?.opensAtMs ?? window.closesAtMs).toBe(window.closesAtMs);
      }
    }
  }, 60_000);

  test("what was found is remembered for the schedule itself, and for the time", () => {
    const schedule = cron("0 20 * * *", "UTC");
    const atMs = Date.parse("2026-05-01");
    const found = nextWindow(schedule, atMs);
    expect(nextWindow(schedule, atMs)).toBe(found);
    expect(nextWindow(schedule, atMs + 24 * HOUR_MS)?.opensAtMs).toBe((found?.opensAtMs ?? 0) + 24 * HOUR_MS);
    expect(nextWindow(schedule, atMs)).toEqual(found);
  });
});

describe("Windows: a schedule that can't be read here", () => {
  test("has none, and says why", () => {
    const lost = [cron("0 20 * * *", "Mars/Olympus"), daily("Mars/Olympus", "12:00-13:00"), cron("0 61 * * *", "UTC")];
    expect(lost.map((schedule) => [nextWindow(schedule, 0), windowAt(schedule, 0)])).toEqual(
      lost.map(() => [undefined, undefined]),
    );
    expect(lost.map(whyUnreadable)).toEqual([
      { kind: "unreadable", field: "zone", reason: "the time zone Mars/Olympus is not known here" },
      { kind: "unreadable", field: "zone", reason: "the time zone Mars/Olympus is not known here" },
      { kind: "unreadable", field: "expression", reason: "Invalid value for hour: 61" },
    ]);
    expect([MANUAL, ONCE, cron("0 20 * * *", "UTC")].map(whyUnreadable)).toEqual([undefined, undefined, undefined]);
  });
});

function* until(schedule: Schedule, fromMs: number, toMs: number): Generator<Window> {
  for (const window of windowsAfter(schedule, fromMs)) {
    if (window.opensAtMs > toMs) return;
    yield window;
  }
}
