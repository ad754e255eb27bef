import type { CalendarRow, CalendarSource } from "#activity/calendar.ts";
import { calendarRows } from "#activity/calendar.ts";
import type { ActivityContent } from "#activity/content.ts";
import { beginWindow, enterPhase } from "#activity/phases.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import { TERM_PHASES } from "#activity/term.ts";
import { afterVerb } from "#activity/verbs.ts";
import { describe, expect, test } from "#test";
import { nodeId } from "#wire/role.ts";
import { closed, opened, scheduled } from "./fixture.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse("2026-05-01T00:10:00Z");
const OWNER = nodeId("cross_center", 1);
const T1 = "1".repeat(32);
const HOURLY: Schedule = { kind: "cron", expression: "30 * * * *", durationMs: HOUR_MS / 2, zone: "UTC" };

function of(content: Partial<ActivityContent>): CalendarSource {
  return { owner: OWNER, content: scheduled(content) };
}

function rows(sources: readonly CalendarSource[], hours: number, nowMs = NOW_MS): CalendarRow[] {
  return [...calendarRows(sources, { nowMs, untilMs: nowMs + hours * HOUR_MS })];
}

/** "boss 30 60": minutes from now, of opening and closing. */
function text({ activity, term, opensAtMs, closesAtMs }: CalendarRow): string {
  const minutes = (atMs: number | undefined): string => (atMs === undefined ? "?" : `${(atMs - NOW_MS) / 60_000}`);
  return `${activity} ${minutes(opensAtMs)} ${minutes(closesAtMs)}${term === undefined ? "" : " runs"}`;
}

describe("Calendar: windows that are to come", () => {
  test("of several activities, in order of time, then of the sources, up to the end and no further", () => {
    const twice: Schedule = {
      kind: "daily",
      windows: [
        { opensAt: "01:00", closesAt: "01:10" },
        { opensAt: "01:30", closesAt: "02:00" },
      ],
      zone: "UTC",
    };
    const once: Schedule = { kind: "once", opensAtMs: NOW_MS + HOUR_MS / 3, closesAtMs: NOW_MS + HOUR_MS };
    const sources = [
      of({ id: "by_hand" }),
      of({ id: "hourly", schedule: HOURLY }),
      of({ id: "once", schedule: once }),
      of({ id: "twice", schedule: twice }),
    ];
    expect(rows(sources, 2).map(text)).toEqual([
      "hourly 20 50",
      "once 20 60",
      "twice 50 60",
      "hourly 80 110",
      "twice 80 110",
    ]);
    const [first] = rows(sources, 1);
    expect(first).toEqual({
      activity: "hourly",
      kind: "boss",
      owner: OWNER,
      term: undefined,
      opensAtMs: NOW_MS + HOUR_MS / 3,
      closesAtMs: NOW_MS + HOUR_MS / 3 + HOUR_MS / 2,
      phases: [
        { phase: "open", atMs: NOW_MS + HOUR_MS / 3 },
        { phase: "closed", atMs: NOW_MS + HOUR_MS / 3 + HOUR_MS / 2 },
      ],
      shards: "all",
    });
  });

  test("say when each phase of the kind begins", () => {
    const timing = { previewMs: HOUR_MS, signupMs: HOUR_MS / 2, showMs: HOUR_MS };
    const [row] = rows([of({ phases: TERM_PHASES, timing, schedule: HOURLY })], 1);
    expect(row?.phases.map(({ phase, atMs }) => `${phase} ${(atMs - NOW_MS) / 60_000}`)).toEqual([
      "preview -70",
      "signup -10",
      "open 20",
      "settling 50",
      "reward 50",
      "show 50",
      "closed 110",
    ]);
  });

  test("begin with the one that is open now, unless it has had its term, and none that is over comes", () => {
    const source = (cursorMs: number): CalendarSource => of({ schedule: HOURLY, cursorMs });
    const nowMs = NOW_MS + HOUR_MS / 2;
    expect(rows([source(0)], 1, nowMs).map(text)).toEqual(["boss 20 50", "boss 80 110"]);
    expect(rows([source(NOW_MS + HOUR_MS / 3)], 1, nowMs).map(text)).toEqual(["boss 80 110"]);
  });

  test("of what was cancelled, or can't be read, there are none", () => {
    const running = beginWindow(scheduled({ schedule: HOURLY }), {
      term: T1,
      window: { opensAtMs: NOW_MS, closesAtMs: NOW_MS + 5 },
      atMs: NOW_MS,
    });
    const cancelled = enterPhase(running, { phase: "cancelled", atMs: NOW_MS });
    const lost: Schedule = { kind: "cron", expression: "30 * * * *", durationMs: 1, zone: "Mars/Olympus" };
    expect(rows([{ owner: OWNER, content: cancelled }, of({ schedule: lost })], 5)).toEqual([]);
  });
});

describe("Calendar: terms that run", () => {
  test("come with their own times, and before the windows that follow", () => {
    const running = opened(scheduled({ schedule: HOURLY, cursorMs: NOW_MS }), { term: T1, atMs: NOW_MS });
    expect(rows([{ owner: OWNER, content: running }], 1).map(text)).toEqual(["boss 0 30 runs", "boss 20 50"]);
  });

  test("by hand have no end until somebody says it; one that is over is not there", () => {
    const byHand = opened(scheduled(), { term: T1, atMs: NOW_MS - HOUR_MS });
    expect(rows([{ owner: OWNER, content: byHand }], 1).map(text)).toEqual(["boss -60 ? runs"]);
    expect(rows([{ owner: OWNER, content: closed(byHand, NOW_MS) }], 1)).toEqual([]);
    const previewed = afterVerb(scheduled({ phases: TERM_PHASES }), "preview", { nowMs: NOW_MS, term: T1 });
    expect(rows([{ owner: OWNER, content: previewed }], 1).map(text)).toEqual(["boss ? ? runs"]);
  });

  test("after they were open keep when that ended", () => {
    const whole = scheduled({ phases: TERM_PHASES, endsAtMs: NOW_MS + HOUR_MS });
    const settling = closed(opened(whole, { term: T1, atMs: NOW_MS - HOUR_MS }), NOW_MS - HOUR_MS / 2);
    expect(rows([{ owner: OWNER, content: settling }], 1).map(text)).toEqual(["boss -60 -30 runs"]);
  });
});

describe("Calendar: of many", () => {
  test("is in order, whatever the order of the sources, and stops where nobody asks on", () => {
    const sources = Array.from({ length: 200 }, (_, index) =>
      of({ id: `a${index}`, schedule: { ...HOURLY, expression: `${(index * 7) % 60} */${(index % 3) + 1} * * *` } }),
    );
    const times = rows(sources, 24).map(({ opensAtMs }) => opensAtMs ?? 0);
    expect(times.length).toBeGreaterThan(2000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const endless = calendarRows([of({ schedule: HOURLY })], { nowMs: NOW_MS, untilMs: Infinity });
    expect([...endless.take(3)].length).toBe(3);
  });
});
