/**
 * The calendar over HTTP: what the port is asked, and what comes back.
 */

import { SchedulePreviewShape } from "#admin/shapes.ts";
import { describe, expect, test } from "#test";
import * as v from "valibot";
import { STARTED_AT_MS } from "./fake_cluster.ts";
import { Fixture } from "./fixture.ts";

const DAY_MS = 24 * 3600 * 1000;
const DRY_RUN = "POST /api/calendar/dry-run";
const NIGHTLY = { kind: "cron", expression: "0 20 * * *", durationMs: 3_600_000, zone: "Asia/Shanghai" };

describe("Calendar", () => {
  test("looks as far ahead as it is asked to, 30 days without a word", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    await fixture.ask("POST /api/activities/boss/open");
    for (const [query, days] of [
      ["", 30],
      ["?days=1", 1],
      ["?days=366", 366],
    ] as const) {
      expect(await fixture.askJson(`GET /api/calendar${query}`)).toEqual({
        status: 200,
        body: {
          fromMs: STARTED_AT_MS,
          untilMs: STARTED_AT_MS + days * DAY_MS,
          rows: [
            {
              activity: "boss",
              kind: "boss",
              owner: "cross_center:1",
              term: "term-1",
              opensAtMs: STARTED_AT_MS,
              phases: [],
              shards: "all",
            },
          ],
          truncated: false,
          unreadable: [
            { activity: "lost", owner: "cross_center:1", reason: "the time zone Mars/Olympus is not known here" },
          ],
        },
      });
    }
    expect(await fixture.askJson("GET /api/calendar?days=none")).toMatchObject({
      status: 422,
      body: { issues: [{ path: "?days", message: "must be 1 to 366" }] },
    });
  });
});

describe("Calendar: dry run of a schedule", () => {
  test("answers its windows, and leaves no trace", async () => {
    const fixture = new Fixture();
    const { status, body } = await fixture.askJson(DRY_RUN, { body: { schedule: NIGHTLY } });
    expect([status, v.parse(SchedulePreviewShape, body)]).toEqual([200, body as never]);
    const opensAtMs = Date.parse("2023-11-15T12:00:00Z");
    expect(body).toMatchObject({ windows: [{ opensAtMs, closesAtMs: opensAtMs + 3_600_000, shards: "all" }] });
    expect(fixture.trail).toEqual([]);
  });

  test("by the days of shards answers who opens when, and who does not", async () => {
    const schedule = { kind: "shard_day", day: 2, from: "opened", opensAt: "10:00", durationMs: 1 };
    const { body } = await new Fixture().askJson(DRY_RUN, { body: { schedule } });
    const opensAtMs = Date.parse("2023-11-16T02:00:00Z");
    const reason = "its config does not say when it opened";
    expect(body).toMatchObject({
      windows: [{ opensAtMs, closesAtMs: opensAtMs + 1, shards: [1] }],
      without: [
        { shard: 2, reason },
        { shard: 4, reason },
      ],
    });
    expect(v.parse(SchedulePreviewShape, body)).toEqual(body as never);
  });

  test("with faults is 422 with each place, whether of its shape or of what it says", async () => {
    const paths = async (schedule: unknown): Promise<unknown> => {
      const { status, body } = await new Fixture().askJson(DRY_RUN, { body: { schedule } });
      return [status, (body as { issues: { path: string }[] }).issues.map(({ path }) => path)];
    };
    expect(await paths({ ...NIGHTLY, zone: 8, durationMs: 0 })).toEqual([
      422,
      ["schedule.durationMs", "schedule.zone"],
    ]);
    expect(await paths({ ...NIGHTLY, expression: "0 0 30 2 *" })).toEqual([422, ["schedule.expression"]]);
    const windows = [{ opensAt: "12:00", closesAt: "25:00" }];
    expect(await paths({ kind: "daily", windows, zone: "UTC" })).toEqual([422, ["schedule.windows.0.closesAt"]]);
  });
});
