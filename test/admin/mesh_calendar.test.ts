/**
 * The calendar end to end: real nodes on the simulator, the HTTP API of a shard's node in front.
 */

import type { Calendar } from "#admin/port_shards.ts";
import { CALENDAR_ROWS_MAX, CALENDAR_SHARDS_MAX, CALENDAR_SLICE } from "#admin/mesh_calendar.ts";
import type { GroupRule } from "#activity/groups/groups_rule.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts, SHARDS_MAX } from "#activity/shards/shard_facts.ts";
import { describe, expect, test } from "#test";
import { nodeId } from "#wire/role.ts";
import { scheduled } from "../activity/fixture.ts";
import { CENTER, CENTER_2, CROSS_CENTER, GATEWAY, GATEWAY_2, MeshGround, TREE } from "./mesh_ground.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OTHER = nodeId("cross_center", 2);
const DRY_RUN = "POST /api/calendar/dry-run";
const CREATE = "POST /api/activities";
const BOSS = { kind: "boss", config: { hp: 10 } };
const HOURLY = { kind: "cron", expression: "30 * * * *", durationMs: HOUR_MS / 2, zone: "UTC" };

function create(ground: MeshGround, body: object): void {
  expect(ground.http(CENTER, CREATE, { ...BOSS, ...body }).status).toBe(201);
}

function calendar(ground: MeshGround, days: number, at = CENTER): Calendar {
  const { status, body } = ground.http(at, `GET /api/calendar?days=${days}`);
  expect(status).toBe(200);
  return body as Calendar;
}

describe("Calendar over the mesh", () => {
  test("lists what runs and what is to come, of all owners, by time, whoever is asked", async () => {
    const ground = new MeshGround({ nodes: [...TREE, OTHER] });
    const nowMs = ground.node(CROSS_CENTER).mesh.time.nowMs();
    const opensAtMs = Math.trunc(nowMs) + HOUR_MS;
    const laterMs = opensAtMs + 2 * DAY_MS;
    create(ground, { id: "by_hand", owner: CROSS_CENTER, open: true });
    create(ground, { id: "waiting" });
    create(ground, { id: "once", owner: OTHER, schedule: { kind: "once", opensAtMs, closesAtMs: opensAtMs + 5 } });
    create(ground, { id: "later", schedule: { kind: "once", opensAtMs: laterMs, closesAtMs: laterMs + 5 } });
    ground.settle();
    for (const id of [CENTER, CENTER_2, CROSS_CENTER]) {
      const { rows, truncated, unreadable } = calendar(ground, 1, id);
      expect([truncated, unreadable]).toEqual([false, []]);
      expect(rows.map(({ activity, owner }) => [activity, owner])).toEqual([
        ["by_hand", CROSS_CENTER],
        ["once", OTHER],
      ]);
      expect(rows[0]).toMatchObject({ term: expect.stringMatching(/^[0-9a-f]{32}$/), shards: "all" });
      expect(rows[1]).toEqual({
        activity: "once",
        kind: "boss",
        owner: OTHER,
        opensAtMs,
        closesAtMs: opensAtMs + 5,
        phases: [
          { phase: "open", atMs: opensAtMs },
          { phase: "closed", atMs: opensAtMs + 5 },
        ],
        shards: "all",
      } as never);
    }
    await ground.dispose();
  });

  test("goes on from where an activity is: a window that has had its term does not come again", async () => {
    const ground = new MeshGround();
    create(ground, { id: "hourly", schedule: HOURLY });
    ground.settle();
    const before = calendar(ground, 1).rows;
    expect(before.length).toBe(24);
    const firstMs = before[0]?.opensAtMs ?? 0;
    ground.run(firstMs + 1_000 - ground.node(CROSS_CENTER).mesh.time.nowMs());
    const after = calendar(ground, 1).rows;
    expect([after[0]?.opensAtMs, after[0]?.term?.length]).toEqual([firstMs, 32]);
    expect(after[1]?.opensAtMs).toBe(firstMs + HOUR_MS);
    expect(after.map(({ term }) => term === undefined).filter((isToCome) => !isToCome).length).toBe(1);
    await ground.dispose();
  });

  test("is bounded, says so, and lets other work in between", async () => {
    const ground = new MeshGround();
    const minutely = { ...HOURLY, expression: "* * * * *", durationMs: 1 };
    create(ground, { id: "minutely", schedule: minutely });
    ground.settle();
    const node = ground.node(CENTER);
    let polls = 0;
    Object.assign(node, { polled: () => Promise.resolve(void (polls += 1)) });
    const { rows, truncated } = calendar(ground, 366);
    expect([rows.length, truncated, polls]).toEqual([CALENDAR_ROWS_MAX, true, CALENDAR_ROWS_MAX / CALENDAR_SLICE]);
    await ground.dispose();
  });

  test("rows of many shards are bounded by their shards", async () => {
    const ground = new MeshGround();
    const shards = Array.from({ length: SHARDS_MAX }, (_, index) => index + 1);
    const groups: GroupRule = { kind: "lists", groups: [{ name: "all", shards }] };
    const row = { owner: CROSS_CENTER, content: { ...scheduled({ groups }), schedule: HOURLY as Schedule } };
    Object.assign(ground.node(CENTER).replica, { view: () => [row] });
    const { rows, truncated } = calendar(ground, 366);
    expect([rows.length, truncated]).toEqual([Math.floor(CALENDAR_SHARDS_MAX / SHARDS_MAX), true]);
    await ground.dispose();
  });

  test("a faulty schedule is refused at the door or by its owner, with the same paths", async () => {
    const ground = new MeshGround();
    const cases: [schedule: object, path: string][] = [
      [{ ...HOURLY, expression: "30 * * *" }, "schedule.expression"],
      [{ ...HOURLY, expression: "0 0 31 2 *" }, "schedule.expression"],
      [{ ...HOURLY, zone: "Mars/Olympus" }, "schedule.zone"],
      [{ ...HOURLY, durationMs: HOUR_MS + 1 }, "schedule.durationMs"],
      [{ kind: "once", opensAtMs: 2e12, closesAtMs: 1e12 }, "schedule.closesAtMs"],
    ];
    for (const [schedule, path] of cases) {
      for (const [call, body] of [
        [CREATE, { ...BOSS, id: "boss", schedule }],
        [DRY_RUN, { schedule }],
      ] as const) {
        expect(ground.http(CENTER, call, body)).toMatchObject({ status: 422, body: { issues: [{ path }] } });
      }
    }
    await ground.dispose();
  });
});

describe("Calendar over the mesh: dry run", () => {
  test("by the days of shards: who opens when by the owner's knowledge, and a series brings just that", async () => {
    // The simulated world begins with 2026.
    const openedAtMs = Date.parse("2026-01-02T00:00:00Z");
    const first: ShardFacts = { ...bareFacts(1), openedAtMs, timeZone: "Asia/Shanghai" };
    const second: ShardFacts = { ...bareFacts(2), openedAtMs };
    const ground = new MeshGround({
      files: [
        [GATEWAY, [first, { ...bareFacts(3), mergedInto: 1 }]],
        [GATEWAY_2, [second]],
      ],
    });
    ground.run(1_000);
    const schedule = { kind: "shard_day", day: 3, from: "opened", opensAt: "10:00", durationMs: HOUR_MS };
    const firstMs = Date.parse("2026-01-04T02:00:00Z");
    const secondMs = Date.parse("2026-01-04T10:00:00Z");
    const windows = [
      { opensAtMs: firstMs, closesAtMs: firstMs + HOUR_MS, shards: [1] },
      { opensAtMs: secondMs, closesAtMs: secondMs + HOUR_MS, shards: [2] },
    ];
    for (const [days, expected] of [
      [366, windows],
      [1, []],
    ] as const) {
      const { status, body } = ground.http(CENTER, DRY_RUN, { schedule, days });
      expect([status, body]).toMatchObject([200, { windows: expected, truncated: false, without: [] }]);
    }
    expect(ground.http(CENTER, CREATE, { ...BOSS, id: "boss", schedule }).status).toBe(201);
    ground.run(5_000);
    const { body: calendar } = ground.http(CENTER, "GET /api/calendar");
    const { body: ofTwo } = ground.http(CENTER, "GET /api/calendar?shard=2");
    expect((ofTwo as Calendar).rows.map(({ activity }) => activity)).toEqual(["boss-20260104-1000"]);
    expect(calendar).toMatchObject({
      rows: windows.map((window, index) => ({ ...window, activity: `boss-20260104-${["0200", "1000"][index]}` })),
    });
    ground.kill(CROSS_CENTER);
    ground.run(5_000);
    expect(ground.http(CENTER, DRY_RUN, { schedule }).status).toBe(503);
    expect(ground.http(CENTER, DRY_RUN, { schedule: HOURLY, days: 1 })).toMatchObject({ status: 200 });
    await ground.dispose();
  });
});
