import type { ShardDaySchedule } from "#activity/schedule/schedule.ts";
import { shardWindows } from "#activity/schedule/shard_windows.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import { describe, expect, test } from "#test";

const HOUR_MS = 3_600_000;
const THIRD: ShardDaySchedule = { kind: "shard_day", day: 3, from: "opened", opensAt: "10:00", durationMs: HOUR_MS };

function shard(number: number, openedAt: string, timeZone?: string): ShardFacts {
  return { ...bareFacts(number), openedAtMs: Date.parse(openedAt), timeZone };
}

function cohorts(schedule: ShardDaySchedule, shards: readonly ShardFacts[]): string[] {
  return shardWindows(schedule, shards).cohorts.map(
    ({ window, shards: members }) => `${new Date(window.opensAtMs).toISOString()} ${members.join(" ")}`,
  );
}

describe("Windows of shards: day N since they opened", () => {
  test("is by each shard's own calendar; those that open at once are one cohort, in order of time", () => {
    const shards = [
      shard(4, "2026-05-02T00:00:00Z", "Asia/Shanghai"),
      shard(2, "2026-05-01T15:59:00Z", "Asia/Shanghai"),
      shard(1, "2026-05-01T01:00:00Z", "Asia/Shanghai"),
      // There it is the 2nd already.
      shard(3, "2026-05-01T16:00:00Z", "Asia/Shanghai"),
      shard(5, "2026-05-01T16:00:00Z"),
    ];
    expect(cohorts(THIRD, shards)).toEqual([
      "2026-05-03T02:00:00.000Z 1 2",
      "2026-05-03T10:00:00.000Z 5",
      "2026-05-04T02:00:00.000Z 3 4",
    ]);
    expect(shardWindows(THIRD, shards).cohorts[0]?.window.closesAtMs).toBe(Date.parse("2026-05-03T03:00:00Z"));
  });

  test("the opening day is day 1, and a change of the clocks moves no day", () => {
    const berlin = [shard(1, "2026-03-28T12:00:00Z", "Europe/Berlin")];
    const on = (day: number, opensAt = "10:00"): string[] => cohorts({ ...THIRD, day, opensAt }, berlin);
    expect(on(1, "14:00")).toEqual(["2026-03-28T13:00:00.000Z 1"]);
    expect(on(2)).toEqual(["2026-03-29T08:00:00.000Z 1"]);
    expect(on(2, "02:30")).toEqual(["2026-03-29T01:00:00.000Z 1"]);
    expect(on(212, "02:30")).toEqual(["2026-10-25T00:30:00.000Z 1"]);
  });

  test("shards without a window say why; merged ones live on in another", () => {
    const found = shardWindows({ ...THIRD, day: 1 }, [
      shard(1, "2026-05-01T12:00:00Z"),
      bareFacts(2),
      shard(3, "2026-05-01T00:00:00Z", "Mars/Olympus"),
      { ...shard(4, "2026-05-01T00:00:00Z"), mergedInto: 6 },
      { ...shard(5, "2026-05-01T00:00:00Z"), mergedInto: 9 },
      shard(6, "2026-05-01T00:00:00Z"),
    ]);
    expect(found).toEqual({
      cohorts: [
        {
          window: { opensAtMs: Date.parse("2026-05-01T10:00:00Z"), closesAtMs: Date.parse("2026-05-01T11:00:00Z") },
          shards: [6],
        },
      ],
      without: [
        { shard: 1, reason: "it opened when its window was over" },
        { shard: 2, reason: "its config does not say when it opened" },
        { shard: 3, reason: "its time zone Mars/Olympus is not known here" },
        { shard: 5, reason: "it was merged into shard 9, which is not known" },
      ],
    });
  });
});
