/**
 * Shards and groups end to end: real nodes on the simulator, the HTTP API of a shard's node in front.
 */

import { describe, expect, test } from "#test";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import { nodeId } from "#wire/role.ts";
import { CENTER, CROSS_CENTER, GATEWAY, GATEWAY_2, MeshGround, TREE } from "./mesh_ground.ts";

const OTHER = nodeId("cross_center", 2);
const DAY_MS = 24 * 3600 * 1000;
const OPENED_MS = 1_700_000_000_000;
const OPENED: ShardFacts = { ...bareFacts(1), openedAtMs: OPENED_MS, timeZone: "Asia/Shanghai" };
const LATER: ShardFacts = { ...bareFacts(2), openedAtMs: OPENED_MS + 30 * DAY_MS };
const DRY_RUN = "POST /api/groups/dry-run";
const RULE = { kind: "bands", bands: [{ fromDay: 1, toDay: 30 }, { fromDay: 31 }], targetSize: 2, leastSize: 1 };

function ground(options: { readonly nodes?: readonly ReturnType<typeof nodeId>[] } = {}): MeshGround {
  const made = new MeshGround({
    ...options,
    files: [
      [GATEWAY, [OPENED, { ...bareFacts(3), mergedInto: 1 }]],
      [GATEWAY_2, [LATER]],
    ],
  });
  made.run(1_000);
  return made;
}

describe("Shards over the mesh", () => {
  test("any node shows what the owner knows, also of a shard that is down, over the owner's restart", async () => {
    const cluster = ground();
    cluster.kill(GATEWAY_2);
    cluster.run(5_000);
    cluster.kill(CROSS_CENTER);
    cluster.start(CROSS_CENTER);
    cluster.run(5_000);
    const { status, body } = cluster.http(CENTER, "GET /api/shards");
    expect([status, body]).toMatchObject([
      200,
      {
        owner: CROSS_CENTER,
        shards: [
          { shard: 1, openedAtMs: OPENED_MS, timeZone: "Asia/Shanghai", source: GATEWAY, reachable: true },
          { shard: 2, openedAtMs: LATER.openedAtMs, source: GATEWAY_2, reachable: false },
          { shard: 3, mergedInto: 1, source: GATEWAY, reachable: false },
        ],
      },
    ]);
    await cluster.dispose();
  });

  test("each owner has its own knowledge, and one that is gone is 503", async () => {
    const cluster = ground({ nodes: [...TREE, OTHER] });
    for (const owner of [CROSS_CENTER, OTHER]) {
      expect(cluster.http(CENTER, `GET /api/shards?owner=${owner}`)).toMatchObject({ status: 200, body: { owner } });
    }
    cluster.kill(OTHER);
    cluster.run(5_000);
    expect(cluster.http(CENTER, `GET /api/shards?owner=${OTHER}`).status).toBe(503);
    cluster.kill(CROSS_CENTER);
    cluster.run(5_000);
    for (const [call, body] of [["GET /api/shards"], [DRY_RUN, { rule: { kind: "all" } }]] as const) {
      expect(cluster.http(CENTER, call, body)).toMatchObject({
        status: 503,
        body: { detail: "no cross_center is reachable" },
      });
    }
    await cluster.dispose();
  });
});

describe("Groups over the mesh: dry run", () => {
  test("divides at the time that is asked for, and leaves no trace", async () => {
    const cluster = ground();
    const at = OPENED_MS + 40 * DAY_MS;
    expect(cluster.http(CENTER, DRY_RUN, { rule: RULE, at })).toEqual({
      status: 200,
      body: {
        owner: CROSS_CENTER,
        atMs: at,
        groups: [
          { name: "days-1-30", shards: [2] },
          { name: "days-31-up", shards: [1] },
        ],
        ungrouped: [],
        merged: [{ shard: 3, into: 1 }],
      },
    });
    const early = cluster.http(CENTER, DRY_RUN, { rule: RULE, at: OPENED_MS }).body;
    expect(early).toMatchObject({
      groups: [{ name: "days-1-30", shards: [1] }],
      ungrouped: [{ shard: 2, reason: "it has not opened: its first day is in 30 days" }],
    });
    expect(cluster.trail).toEqual([]);
    await cluster.dispose();
  });

  test("without a time it is the owner's now", async () => {
    const cluster = ground();
    const { atMs } = cluster.http(CENTER, DRY_RUN, { rule: { kind: "all" } }).body as { atMs: number };
    const nowMs = cluster.node(CROSS_CENTER).mesh.time.nowMs();
    expect(Math.abs(nowMs - atMs)).toBeLessThan(5_000);
    await cluster.dispose();
  });

  test("a rule with faults is 422 with each place, what was found, and what is allowed", async () => {
    const cluster = ground();
    const lists = {
      kind: "lists",
      groups: [
        { name: "north", shards: [1, 9, 3] },
        { name: "south", shards: [1] },
      ],
    };
    expect(cluster.http(CENTER, DRY_RUN, { rule: lists })).toMatchObject({
      status: 422,
      body: {
        type: "urn:kuafu:problem:invalid",
        detail: "Cannot divide shards: 2 faults",
        issues: [
          {
            path: "rule.groups.0.shards.1",
            message: "found 9, and there is no such shard; allowed: a shard that is known: 1, 2, 3",
          },
          {
            path: "rule.groups.1.shards.0",
            message: "found 1, which groups.0.shards.0 names already; allowed: a shard once",
          },
        ],
      },
    });
    const bands = { ...RULE, bands: [{ fromDay: 1, toDay: 30 }, { fromDay: 30 }], leastSize: 3 };
    expect(cluster.http(CENTER, DRY_RUN, { rule: bands })).toMatchObject({
      status: 422,
      body: {
        issues: [
          {
            path: "rule.bands.1.fromDay",
            message: "found 30, which overlaps bands.0: 1 to 30; allowed: 31, the day after bands.0",
          },
          { path: "rule.leastSize", message: "found 3, more than targetSize 2; allowed: 1 to 2" },
        ],
      },
    });
    await cluster.dispose();
  });
});

describe("Groups over the mesh: an activity", () => {
  test("its shards hear the group that they are in, and who has none is named through any node", async () => {
    const cluster = ground();
    const groups = { kind: "lists", groups: [{ name: "east", shards: [1] }] };
    const created = cluster.http(CENTER, "POST /api/activities", {
      id: "boss",
      kind: "plain",
      config: {},
      groups,
      open: true,
    });
    expect(created).toMatchObject({
      status: 201,
      body: { activity: { groups, termGroups: [{ name: "east", shards: [1] }] } },
    });
    cluster.run(5_000);
    const heard = [CENTER, GATEWAY_2, CROSS_CENTER].map((id) => cluster.node(id).replica.open()[0]?.group);
    expect(heard).toEqual(["east", undefined, undefined]);
    expect(cluster.http(CENTER, "GET /api/activities/boss")).toMatchObject({
      status: 200,
      body: { activity: { ungrouped: [{ shard: 2, reason: "it is in no list of the rule" }] } },
    });
    const alarms = cluster.node(CROSS_CENTER).alarms;
    expect(alarms.has("ungrouped:boss")).toBe(true);
    await cluster.dispose();
  });

  test("a group with a shard that does not exist is 422 with its place and what is known", async () => {
    const cluster = ground();
    const groups = { kind: "lists", groups: [{ name: "east", shards: [1, 7] }] };
    const refused = cluster.http(CENTER, "POST /api/activities", { id: "boss", kind: "plain", config: {}, groups });
    expect(refused).toMatchObject({
      status: 422,
      body: {
        issues: [
          {
            path: "groups.groups.0.shards.1",
            message: "found 7, and there is no such shard; allowed: a shard that is known: 1, 2, 3",
          },
        ],
      },
    });
    await cluster.dispose();
  });
});
