/**
 * Activities through MeshAdminPort over real nodes on the simulator: who has applied what, why one lags, and which
 * owner a change goes to.
 */

import { describe, expect, test } from "#test";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import { CENTER, CENTER_2, CROSS_CENTER, CROSS_GATEWAY, GATEWAY, GATEWAY_2, MeshGround, TREE } from "./mesh_ground.ts";

const ACTOR = { who: "operator", remote: "127.0.0.1:50000" };
const BOSS = { id: "boss", kind: "boss", config: { hp: 10 }, open: true };
const OTHER = nodeId("cross_center", 2);
const NOTICED_MS = 6_000;

function create(ground: MeshGround, request: { readonly owner?: NodeId; readonly id?: string } = {}): void {
  const result = ground.ask(CENTER, (port) => port.createActivity({ ...BOSS, ...request }, ACTOR));
  expect(result).toMatchObject({ kind: "ok", changed: true });
}

describe("Mesh activities: who has applied what", () => {
  test("all nodes have it, whoever is asked", async () => {
    const ground = new MeshGround();
    create(ground);
    ground.settle();
    const version = ground.versions(`activity/${CROSS_CENTER}/boss`)[CROSS_CENTER];
    for (const id of TREE) {
      const { activities, next } = ground.value(id, (port) => port.activities({ nodes: true }));
      const [found] = activities;
      expect([activities.length, next]).toEqual([1, undefined]);
      expect(found).toMatchObject({ id: "boss", owner: CROSS_CENTER, phase: "open", termNumber: 1, version });
      expect(found?.nodes?.toSorted((a, b) => (a.node < b.node ? -1 : 1))).toEqual(
        TREE.toSorted().map((node) => ({ node, version, current: true, lag: undefined, behindSinceMs: undefined })),
      );
      expect(found?.applied).toEqual({ current: TREE.length, behind: 0, silent: 0, behindSinceMs: undefined });
    }
    await ground.dispose();
  });

  test("a node that the registry calls behind is asked directly", async () => {
    const ground = new MeshGround({ heartbeatMs: 5000 });
    create(ground);
    ground.run(50);
    // It has the version already; the news of that takes up to a heartbeat.
    const rows = ground.value(CENTER, (port) => port.nodes());
    expect(rows.find(({ id }) => id === CENTER_2)?.current).toBe(false);
    const { nodes, version } = ground.value(CENTER, (port) => port.activity({ id: "boss" }));
    expect(nodes.find(({ node }) => node === CENTER_2)).toMatchObject({ version, current: true });
    await ground.dispose();
  });

  test("a node that lags shows its old version and since when, also in its own answer", async () => {
    const ground = new MeshGround();
    create(ground);
    ground.settle();
    const old = ground.versions(`activity/${CROSS_CENTER}/boss`)[CENTER_2];
    ground.deafen(CENTER_2);
    expect(ground.ask(CENTER, (port) => port.changeActivity({ id: "boss" }, { verb: "close" }, ACTOR)).kind).toBe("ok");
    ground.run(3_000);
    const wanted = ground.versions(`activity/${CROSS_CENTER}/boss`)[CROSS_CENTER];
    expect(wanted).not.toBe(old);
    for (const id of [CENTER, CROSS_CENTER, CENTER_2]) {
      const { nodes } = ground.value(id, (port) => port.activity({ id: "boss" }));
      expect(nodes.filter(({ current }) => !current)).toMatchObject([
        { node: CENTER_2, version: old, lag: { epochs: 0, revisions: 1 } },
      ]);
      const lacking = ground.value(id, (port) => port.activity({ id: "boss" }, { behind: true }));
      expect(lacking.nodes).toEqual(nodes.filter(({ node }) => node === CENTER_2));
      expect(lacking.applied).toEqual({
        current: TREE.length - 1,
        behind: 1,
        silent: 0,
        behindSinceMs: lacking.nodes[0]?.behindSinceMs,
      });
      expect(nodes.find(({ node }) => node === CENTER_2)?.behindSinceMs ?? 0).toBeGreaterThan(0);
      expect(nodes.filter(({ version }) => version === wanted).length).toBe(TREE.length - 1);
    }
    await ground.dispose();
  });

  test("a node that does not answer shows unknown", async () => {
    const ground = new MeshGround({ heartbeatMs: 5000 });
    ground.freeze(CENTER_2);
    create(ground);
    const { nodes } = ground.value(CENTER, (port) => port.activity({ id: "boss" }));
    expect(nodes.find(({ node }) => node === CENTER_2)).toMatchObject({ version: "unknown", current: false });
    expect(nodes.filter(({ current }) => current).length).toBe(TREE.length - 1);
    await ground.dispose();
  });
});

describe("Mesh activities: why", () => {
  test("every hop of a node that has it has it", async () => {
    const ground = new MeshGround();
    create(ground);
    ground.settle();
    const found = ground.value(CENTER_2, (port) => port.why({ id: "boss" }, CENTER));
    expect(found).toMatchObject({ activity: "boss", node: CENTER, firstLacking: undefined });
    expect(found.hops.map(({ at, version, reason }) => [at, version, reason])).toEqual(
      [CROSS_CENTER, CROSS_GATEWAY, GATEWAY, CENTER].map((at) => [at, found.wanted, "has it"]),
    );
    expect(found.verdict).toBe(`every hop up to ${CENTER} has ${found.wanted}`);
    await ground.dispose();
  });

  test("a node that lags is the first that lacks it, with what was said and what it heard", async () => {
    const ground = new MeshGround();
    ground.deafen(CENTER_2);
    create(ground);
    ground.run(3_000);
    const found = ground.value(CENTER, (port) => port.why({ id: "boss" }, CENTER_2));
    expect(found.firstLacking).toBe(CENTER_2);
    expect(found.hops.map(({ at, current }) => [at, current])).toEqual([
      [CROSS_CENTER, true],
      [CROSS_GATEWAY, true],
      [GATEWAY_2, true],
      [CENTER_2, false],
    ]);
    expect(found.verdict).toBe(
      `${CENTER_2} lacks ${found.wanted}: ${GATEWAY_2} said ${found.wanted}, it heard nothing: ` +
        "on its way, or lost until the next heartbeat",
    );
    await ground.dispose();
  });

  test("a gateway that lags is named, not the node below it", async () => {
    const ground = new MeshGround();
    ground.deafen(GATEWAY_2);
    create(ground);
    ground.run(3_000);
    expect(ground.value(CENTER, (port) => port.why({ id: "boss" }, CENTER_2)).firstLacking).toBe(GATEWAY_2);
    await ground.dispose();
  });

  test("a node that cannot be asked says so", async () => {
    const ground = new MeshGround({ heartbeatMs: 5000 });
    ground.freeze(CENTER_2);
    create(ground);
    const found = ground.value(CENTER, (port) => port.why({ id: "boss" }, CENTER_2));
    expect(found.firstLacking).toBe(CENTER_2);
    expect(found.hops.at(-1)?.reason).toBe(`cannot be asked: DEADLINE at ${CENTER}, no reply in time`);
    await ground.dispose();
  });

  test("of an unknown activity or for an unknown node: not_found", async () => {
    const ground = new MeshGround();
    create(ground);
    ground.settle();
    const kinds = [
      ground.ask(CENTER, (port) => port.why({ id: "none" }, CENTER_2)),
      ground.ask(CENTER, (port) => port.why({ id: "boss" }, nodeId("center", 9))),
    ];
    expect(kinds.map(({ kind }) => kind)).toEqual(["not_found", "not_found"]);
    await ground.dispose();
  });
});

describe("Mesh activities: changes", () => {
  test("from a leaf they reach the owner; what is so already is unchanged", async () => {
    const ground = new MeshGround();
    create(ground);
    ground.settle();
    const seen = [
      ground.ask(CENTER_2, (port) => port.createActivity(BOSS, ACTOR)),
      ground.ask(CENTER_2, (port) => port.changeActivity({ id: "boss" }, { verb: "open" }, ACTOR)),
      ground.ask(CENTER_2, (port) =>
        port.changeActivity({ id: "boss", owner: CROSS_CENTER }, { verb: "close" }, ACTOR),
      ),
      ground.ask(CENTER_2, (port) => port.deleteActivity({ id: "boss" }, ACTOR)),
      ground.ask(CENTER_2, (port) => port.deleteActivity({ id: "boss" }, ACTOR)),
    ];
    expect(seen.map((result) => (result.kind === "ok" ? result.changed : result.kind))).toEqual([
      false,
      false,
      true,
      true,
      "not_found",
    ]);
    await ground.dispose();
  });

  test("one that has not come here yet is found at its owner", async () => {
    const ground = new MeshGround();
    ground.deafen(CENTER_2);
    create(ground);
    ground.run(3_000);
    expect(ground.ask(CENTER_2, (port) => port.activity({ id: "boss" })).kind).toBe("not_found");
    expect(ground.ask(CENTER_2, (port) => port.changeActivity({ id: "boss" }, { verb: "close" }, ACTOR))).toMatchObject(
      {
        kind: "ok",
        changed: true,
        value: { phase: "closed" },
      },
    );
    await ground.dispose();
  });

  test("of an id that nobody knows: not_found, for every verb", async () => {
    const ground = new MeshGround();
    const id = { id: "none" };
    const results = [
      ground.ask(CENTER, (port) => port.activity(id)),
      ground.ask(CENTER, (port) => port.changeActivity(id, { verb: "open" }, ACTOR)),
      ground.ask(CENTER, (port) => port.changeActivity(id, { verb: "close" }, ACTOR)),
      ground.ask(CENTER, (port) => port.deleteActivity(id, ACTOR)),
      ground.ask(CENTER, (port) => port.adoptActivity(id, ACTOR)),
      ground.ask(CENTER, (port) => port.cancelActivity(id, {}, ACTOR)),
      ground.ask(CENTER, (port) => port.resumeActivity(id, ACTOR)),
      ground.ask(CENTER, (port) => port.resumeActivity({ id: "none", owner: CROSS_CENTER }, ACTOR)),
    ];
    expect(results.map(({ kind }) => kind)).toEqual(results.map(() => "not_found"));
    await ground.dispose();
  });

  test("without a cross_center: unavailable; with a named one that is gone: no route", async () => {
    const ground = new MeshGround();
    create(ground);
    ground.settle();
    ground.kill(CROSS_CENTER);
    ground.run(NOTICED_MS);
    const none = { kind: "unavailable", detail: "no cross_center is reachable" } as const;
    expect(ground.ask(CENTER, (port) => port.createActivity({ ...BOSS, id: "new" }, ACTOR))).toEqual(none);
    expect(ground.ask(CENTER, (port) => port.changeActivity({ id: "new" }, { verb: "open" }, ACTOR))).toEqual(none);
    expect(ground.ask(CENTER, (port) => port.orphans())).toEqual(none);
    for (const call of ["POST /api/activities/boss/close", `POST /api/activities/new/open?owner=${CROSS_CENTER}`]) {
      expect(ground.http(CENTER, call)).toMatchObject({ status: 503, body: { code: "NO_ROUTE" } });
    }
    // What it has is still shown.
    expect(ground.value(CENTER, (port) => port.activity({ id: "boss" })).phase).toBe("open");
    await ground.dispose();
  });

  test("faults that only the owner can see come back with their place", async () => {
    const ground = new MeshGround();
    const body = { ...BOSS, config: { hp: "many" } };
    expect(ground.http(CENTER, "POST /api/activities", body)).toMatchObject({
      status: 422,
      body: { issues: [{ path: "config.hp" }] },
    });
    expect(ground.http(CENTER, "POST /api/activities", { ...BOSS, kind: "fishing" })).toMatchObject({
      status: 422,
      body: { issues: [{ path: "kind" }] },
    });
    await ground.dispose();
  });
});

describe("Mesh activities: two owners of one id", () => {
  const nodes = [...TREE, OTHER];

  test("a change without an owner is refused, with one it reaches that one alone", async () => {
    const ground = new MeshGround({ nodes });
    create(ground, { owner: CROSS_CENTER });
    create(ground, { owner: OTHER });
    ground.settle();
    const issues = [
      { path: "?owner", message: `is needed: ${CROSS_CENTER} and ${OTHER} each have an activity of this id` },
    ];
    for (const call of [
      "GET /api/activities/boss",
      "GET /api/activities/boss/why?node=center:1",
      "POST /api/activities/boss/close",
      "POST /api/activities/boss/adopt",
      "DELETE /api/activities/boss",
    ]) {
      expect(ground.http(CENTER, call)).toMatchObject({ status: 422, body: { issues } });
    }
    expect(ground.http(CENTER, "POST /api/activities", BOSS)).toMatchObject({ status: 422, body: { issues } });
    expect(ground.http(CENTER, `POST /api/activities/boss/close?owner=${OTHER}`)).toMatchObject({
      status: 200,
      body: { changed: true, activity: { owner: OTHER, phase: "closed" } },
    });
    ground.settle();
    const phases = ground
      .value(CENTER_2, (port) => port.activities())
      .activities.map(({ owner, phase }) => [owner, phase]);
    expect(phases).toEqual([
      [CROSS_CENTER, "open"],
      [OTHER, "closed"],
    ]);
    expect(ground.trail.at(-1)).toMatchObject({ subject: `${OTHER}/boss`, outcome: "done" });
    await ground.dispose();
  });

  test("a deleted one of another owner is in nobody's way", async () => {
    const ground = new MeshGround({ nodes });
    create(ground, { owner: CROSS_CENTER });
    ground.http(CENTER, "POST /api/activities/boss/close");
    expect(ground.http(CENTER, "DELETE /api/activities/boss").status).toBe(200);
    create(ground, { owner: OTHER });
    ground.settle();
    expect(ground.http(CENTER, "POST /api/activities/boss/close")).toMatchObject({
      status: 200,
      body: { activity: { owner: OTHER } },
    });
    await ground.dispose();
  });

  test("an owner that does not answer is an error only if no other has the id", async () => {
    const ground = new MeshGround({ nodes, heartbeatMs: 5000 });
    ground.deafen(CENTER);
    create(ground, { owner: OTHER });
    ground.freeze(CROSS_CENTER);
    expect(ground.http(CENTER, "POST /api/activities/none/open")).toMatchObject({ status: 504 });
    expect(ground.http(CENTER, "POST /api/activities/boss/close")).toMatchObject({
      status: 200,
      body: { activity: { owner: OTHER } },
    });
    await ground.dispose();
  });
});
