/**
 * Activities that nobody can want, through the HTTP API of a shard's node: each is refused with the path of the fault and
 * what is allowed there, and leaves nothing behind.
 */

import { describe, expect, test } from "#test";
import { CENTER, MeshGround } from "./mesh_ground.ts";

const CREATE = "POST /api/activities";
const BOSS = { id: "boss", kind: "boss", config: { hp: 10 } };
const DAILY = { kind: "daily", zone: "UTC", windows: [{ opensAt: "10:00", closesAt: "11:00" }] };

interface Problem {
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  readonly detail?: string;
  readonly allowed?: readonly string[];
}

const CASES: readonly [what: string, body: object, path: string, allowed: string][] = [
  [
    "a cron that never fires",
    { schedule: { kind: "cron", expression: "0 0 30 2 *", durationMs: 1000, zone: "UTC" } },
    "schedule.expression",
    "which never comes to pass",
  ],
  [
    "a cron that is none",
    { schedule: { kind: "cron", expression: "0 25 * * *", durationMs: 1000, zone: "UTC" } },
    "schedule.expression",
    "allowed: five fields",
  ],
  [
    "a window that ends before it begins",
    { schedule: { kind: "once", opensAtMs: 4_000_000_000_000, closesAtMs: 3_999_999_999_999 } },
    "schedule.closesAtMs",
    "allowed: after opensAtMs, which is 4000000000000",
  ],
  [
    "an unknown zone",
    { schedule: { ...DAILY, zone: "Mars/Olympus" } },
    "schedule.zone",
    "allowed: the name of a time zone that this release knows",
  ],
  [
    "windows of a day that overlap",
    { schedule: { ...DAILY, windows: [...DAILY.windows, { opensAt: "10:30", closesAt: "12:00" }] } },
    "schedule.windows.0.closesAt",
    "allowed: ",
  ],
  [
    "a group with a shard that does not exist",
    { groups: { kind: "lists", groups: [{ name: "east", shards: [1, 77] }] } },
    "groups.groups.0.shards.1",
    "allowed: a shard that is known: 1, 2",
  ],
  ["a config that fails the kind's schema", { config: { hp: "much" } }, "config.hp", "Expected number"],
  ["a kind that no module brings", { kind: "dragon" }, "kind", "allowed: plain, world_boss"],
];

describe("Bad activities", () => {
  for (const [what, body, path, allowed] of CASES) {
    test(`${what} is 422 with its path and what is allowed, at creation and at edit`, async () => {
      const ground = new MeshGround();
      const created = ground.http(CENTER, CREATE, { ...BOSS, ...body });
      const { issues = [] } = created.body as Problem;
      expect([created.status, issues.map((issue) => issue.path)]).toEqual([422, [path]]);
      expect(issues[0]?.message).toContain(allowed);
      ground.settle();
      expect(ground.http(CENTER, "GET /api/activities/boss").status).toBe(404);
      if (!("kind" in body)) {
        expect(ground.http(CENTER, CREATE, BOSS).status).toBe(201);
        const edited = ground.http(CENTER, "PATCH /api/activities/boss", body);
        expect([edited.status, (edited.body as Problem).issues?.map((issue) => issue.path)]).toEqual([422, [path]]);
      }
      await ground.dispose();
    });
  }

  test("a term that is edited while it is live is 409 with its phase and the verbs that are allowed", async () => {
    const ground = new MeshGround();
    expect(ground.http(CENTER, CREATE, { ...BOSS, open: true }).status).toBe(201);
    ground.settle();
    const { status, body } = ground.http(CENTER, "PATCH /api/activities/boss", { config: { hp: 20 } });
    const { detail, allowed } = body as Problem;
    expect([status, allowed]).toEqual([409, ["extend", "next", "close", "cancel"]]);
    expect(detail).toContain("it is open");
    expect(ground.http(CENTER, "GET /api/activities/boss").body).toMatchObject({ activity: { config: { hp: 10 } } });
    await ground.dispose();
  });
});
