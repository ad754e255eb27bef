import { describe, expect, test } from "#test";
import type { ShardDay } from "#activity/shards/shard_day.ts";
import { shardDayOf } from "#activity/shards/shard_day.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";

function day(openedAt: string | undefined, timeZone: string | undefined, at: string): ShardDay {
  const openedAtMs = openedAt === undefined ? undefined : Date.parse(openedAt);
  return shardDayOf({ ...bareFacts(1), openedAtMs, timeZone }, Date.parse(at));
}

describe("Shard day", () => {
  test("day 1 is the opening day, until midnight in the shard's time zone", () => {
    const opened = "2026-11-01T23:30:00+08:00";
    const days = ["2026-11-01T00:00:00", "2026-11-01T23:59:59", "2026-11-02T00:00:00", "2026-11-08T12:00:00"].map(
      (at) => day(opened, "Asia/Shanghai", `${at}+08:00`),
    );
    expect(days).toEqual([1, 1, 2, 8].map((one) => ({ kind: "day", day: one })));
  });

  test("one instant is another day elsewhere, and UTC's where no zone is named", () => {
    const opened = "2026-11-01T20:00:00Z";
    const at = "2026-11-02T10:00:00Z";
    const found = ["Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati", undefined].map((zone) =>
      day(opened, zone, at),
    );
    // Shanghai had the 2nd at the opening already.
    expect(found).toEqual([1, 2, 2, 2].map((one) => ({ kind: "day", day: one })));
  });

  test("a day of 23 or of 25 hours is one day", () => {
    const spring = ["2026-03-28T23:59:00+01:00", "2026-03-29T23:59:00+02:00", "2026-03-30T00:01:00+02:00"];
    expect(spring.map((at) => day("2026-03-28T12:00:00+01:00", "Europe/Berlin", at))).toEqual(
      [1, 2, 3].map((one) => ({ kind: "day", day: one })),
    );
    const autumn = ["2026-10-24T23:59:00+02:00", "2026-10-25T23:59:00+01:00", "2026-10-26T00:01:00+01:00"];
    expect(autumn.map((at) => day("2026-10-24T00:30:00+02:00", "Europe/Berlin", at))).toEqual(
      [1, 2, 3].map((one) => ({ kind: "day", day: one })),
    );
  });

  test("before the opening day it is 0 or less, and years count right", () => {
    expect(day("2026-11-03T10:00:00Z", undefined, "2026-11-02T23:00:00Z")).toEqual({ kind: "day", day: 0 });
    expect(day("2026-11-03T10:00:00Z", undefined, "2026-10-31T23:00:00Z")).toEqual({ kind: "day", day: -2 });
    expect(day("2023-12-31T10:00:00Z", undefined, "2025-01-01T00:00:00Z")).toEqual({ kind: "day", day: 368 });
  });

  test("without an opening, or with a zone that is not known here, the day is unknown and says why", () => {
    expect(day(undefined, "Asia/Shanghai", "2026-11-02T10:00:00Z")).toEqual({
      kind: "unknown",
      reason: "its config does not say when it opened",
    });
    expect(day("2026-11-03T10:00:00Z", "Mars/Olympus", "2026-11-02T10:00:00Z")).toEqual({
      kind: "unknown",
      reason: "its time zone Mars/Olympus is not known here",
    });
  });
});
