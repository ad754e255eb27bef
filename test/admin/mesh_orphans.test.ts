/**
 * Activities in trouble, end to end: real nodes on the simulator, the HTTP API of a shard's node in front.
 */

import { describe, expect, test } from "#test";
import { BUMPS_MAX } from "#sync/topic_owner.ts";
import { nodeId } from "#wire/role.ts";
import type { GroundOptions } from "./mesh_ground.ts";
import { CENTER, CENTER_2, CROSS_CENTER, CROSS_GATEWAY, MeshGround, TREE } from "./mesh_ground.ts";

const OTHER = nodeId("cross_center", 2);

const TOPIC = `activity/${CROSS_CENTER}/boss`;
const BOSS = { id: "boss", kind: "boss", config: { hp: 10 }, open: true };
/** Holders report what a whole list lacks after two ticks, and answers travel. */
const REPORTED_MS = 5_000;

/** An open activity that all nodes hold and whose owner has lost its disk. */
function withOrphan(options: GroundOptions = {}, reportedMs = REPORTED_MS): MeshGround {
  const ground = new MeshGround(options);
  expect(ground.http(CENTER, "POST /api/activities", BOSS).status).toBe(201);
  ground.settle();
  ground.loseDisk(CROSS_CENTER);
  ground.run(reportedMs);
  ground.trail.length = 0;
  return ground;
}

function alarmsOf(ground: MeshGround): string[] {
  const nodes = ground.value(CENTER, (port) => port.health());
  return nodes.flatMap(({ id, problems }) => problems.map(({ name }) => `${id} ${name}`));
}

function epochs(ground: MeshGround): (number | undefined)[] {
  return Object.values(ground.versions(TOPIC)).map((text) =>
    text === undefined ? undefined : Number(text.split(".")[0]),
  );
}

describe("Orphans over the mesh", () => {
  test("an owner that lost its disk leaves an alarm and an entry in the list, and changes nothing by itself", async () => {
    const ground = withOrphan();
    expect(alarmsOf(ground)).toEqual([`${CROSS_CENTER} orphan:${TOPIC}`]);
    const before = ground.versions(TOPIC);
    expect(ground.http(CENTER_2, "GET /api/orphans")).toMatchObject({
      status: 200,
      body: { orphans: [{ owner: CROSS_CENTER, id: "boss", topic: TOPIC, version: before[CENTER] }], silent: [] },
    });
    ground.run(30_000);
    expect(ground.versions(TOPIC)).toEqual(before);
    expect(before[CROSS_CENTER]).toBe(undefined);
    expect(ground.heard.filter((line) => line.startsWith("closed"))).toEqual([]);
    for (const call of [
      "POST /api/activities/boss/open",
      "POST /api/activities/boss/close",
      "DELETE /api/activities/boss",
    ]) {
      expect(ground.http(CENTER, call)).toMatchObject({ status: 409, body: { allowed: ["adopt", "cancel"] } });
    }
    expect(ground.http(CENTER, "POST /api/activities", BOSS)).toMatchObject({ status: 409 });
    await ground.dispose();
  });

  test("adopt brings it back with a higher epoch everywhere, and a second time changes nothing", async () => {
    const ground = withOrphan();
    const [lost] = epochs(ground);
    const opened = ground.heard.length;
    const first = ground.http(CENTER, "POST /api/activities/boss/adopt");
    expect(first).toMatchObject({
      status: 200,
      body: { topic: TOPIC, changed: true, activity: { id: "boss", phase: "open", termNumber: 1, config: { hp: 10 } } },
    });
    ground.settle();
    expect(new Set(Object.values(ground.versions(TOPIC)))).toEqual(
      new Set([(first.body as { version: string }).version]),
    );
    expect(epochs(ground).length).toBe(TREE.length);
    for (const epoch of epochs(ground)) expect(epoch).toBeGreaterThan(lost ?? 0);
    expect(alarmsOf(ground)).toEqual([]);
    expect(ground.http(CENTER, "GET /api/orphans").body).toEqual({ orphans: [], silent: [] });
    // The term goes on where it was: only the owner's own node, which is new, hears of it.
    expect(ground.heard.slice(opened)).toEqual([`opened boss at ${CROSS_CENTER}`]);
    expect(ground.http(CENTER_2, "POST /api/activities/boss/adopt")).toEqual({
      status: 200,
      body: { ...(first.body as object), changed: false },
    });
    expect(ground.http(CENTER, "POST /api/activities/boss/close").status).toBe(200);
    expect(ground.trail.map(({ verb, outcome }) => [verb, outcome])).toEqual([
      ["activity.adopt", "done"],
      ["activity.adopt", "unchanged"],
      ["activity.close", "done"],
    ]);
    await ground.dispose();
  });

  test("cancel closes it everywhere, and a second time changes nothing", async () => {
    const ground = withOrphan();
    const first = ground.http(CENTER, `POST /api/activities/boss/cancel?owner=${CROSS_CENTER}`);
    expect(first).toMatchObject({ status: 200, body: { topic: TOPIC, changed: true } });
    expect("activity" in (first.body as object)).toBe(false);
    ground.settle();
    expect(new Set(Object.values(ground.versions(TOPIC)))).toEqual(
      new Set([(first.body as { version: string }).version]),
    );
    expect(ground.heard.filter((line) => line.startsWith("closed")).toSorted()).toEqual(
      TREE.filter((id) => id !== CROSS_CENTER)
        .map((id) => `closed boss at ${id}`)
        .toSorted(),
    );
    expect(alarmsOf(ground)).toEqual([]);
    expect(ground.http(CENTER, "GET /api/activities/boss").status).toBe(404);
    expect(ground.http(CENTER, "POST /api/activities/boss/cancel")).toEqual({
      status: 200,
      body: { ...(first.body as object), changed: false },
    });
    expect(ground.http(CENTER, "POST /api/activities/boss/adopt").status).toBe(404);
    expect(ground.http(CENTER, "POST /api/activities", BOSS)).toMatchObject({ status: 201 });
    expect(ground.trail.map(({ verb, subject, outcome }) => [verb, subject, outcome])).toEqual([
      ["activity.cancel", `${CROSS_CENTER}/boss`, "done"],
      ["activity.cancel", "boss", "unchanged"],
      ["activity.adopt", "boss", "not_found"],
      ["activity.create", "boss", "done"],
    ]);
    await ground.dispose();
  });
});

describe("Orphans: whom to ask", () => {
  test("the owner's own API knows them too, though it holds no copy", async () => {
    const ground = withOrphan();
    expect(ground.http(CROSS_CENTER, "GET /api/orphans")).toMatchObject({ body: { orphans: [{ id: "boss" }] } });
    expect(ground.http(CROSS_CENTER, "POST /api/activities/boss/adopt")).toMatchObject({
      status: 200,
      body: { changed: true, activity: { phase: "open" } },
    });
    await ground.dispose();
  });

  test("a node that holds it and does not answer is named, and the orphan stays for the next attempt", async () => {
    const ground = withOrphan({ heartbeatMs: 5000 }, 60_000);
    const { orphans } = ground.value(CROSS_CENTER, (port) => port.orphans());
    const reporter = orphans[0]?.reporter ?? CENTER;
    ground.freeze(reporter);
    const refused = ground.http(CROSS_CENTER, "POST /api/activities/boss/adopt");
    expect(refused).toMatchObject({ status: 409, body: { allowed: ["adopt", "cancel"] } });
    expect((refused.body as { detail: string }).detail).toStartWith(
      `${reporter}, which holds ${TOPIC}, cannot be asked`,
    );
    ground.thaw(reporter);
    ground.run(1_000);
    expect(ground.http(CROSS_CENTER, "POST /api/activities/boss/adopt")).toMatchObject({ body: { changed: true } });
    await ground.dispose();
  });

  test("one that had been deleted is nobody's orphan: its tombstone goes, and the id is free", async () => {
    const ground = new MeshGround();
    ground.http(CENTER, "POST /api/activities", { ...BOSS, open: false });
    expect(ground.http(CENTER, "DELETE /api/activities/boss").status).toBe(200);
    ground.settle();
    ground.loseDisk(CROSS_CENTER);
    ground.run(60_000);
    expect(alarmsOf(ground)).toEqual([]);
    expect(ground.http(CENTER, "GET /api/orphans").body).toEqual({ orphans: [], silent: [] });
    expect(ground.http(CENTER, "POST /api/activities/boss/adopt").status).toBe(404);
    expect(ground.http(CENTER, "POST /api/activities", BOSS).status).toBe(201);
    ground.settle();
    await ground.dispose();
  });

  test("the list has the orphans of every owner, and names the owners that are silent", async () => {
    const ground = new MeshGround({ nodes: [...TREE, OTHER], heartbeatMs: 5000 });
    for (const owner of [CROSS_CENTER, OTHER]) ground.http(CENTER, "POST /api/activities", { ...BOSS, owner });
    ground.settle();
    for (const owner of [CROSS_CENTER, OTHER]) ground.loseDisk(owner);
    ground.run(60_000);
    const listed = ground.value(CENTER, (port) => port.orphans());
    expect(listed.orphans.map(({ owner, id }) => [owner, id])).toEqual([
      [CROSS_CENTER, "boss"],
      [OTHER, "boss"],
    ]);
    expect(ground.http(CENTER, "POST /api/activities/boss/adopt")).toMatchObject({
      status: 422,
      body: { issues: [{ path: "?owner" }] },
    });
    // On the node of one of them only the other's copy is there: it must not be taken for what is meant.
    expect(ground.http(OTHER, "POST /api/activities/boss/adopt").status).toBe(422);
    expect(ground.http(OTHER, `POST /api/activities/boss/adopt?owner=${OTHER}`)).toMatchObject({
      body: { changed: true, activity: { owner: OTHER } },
    });
    ground.freeze(OTHER);
    const rest = ground.value(CENTER, (port) => port.orphans());
    expect([rest.orphans.map(({ owner }) => owner), rest.silent]).toEqual([[CROSS_CENTER], [OTHER]]);
    ground.freeze(CROSS_CENTER);
    expect(ground.http(CENTER, "GET /api/orphans")).toMatchObject({
      status: 503,
      body: { detail: `no owner answers: ${CROSS_CENTER}, ${OTHER}` },
    });
    await ground.dispose();
  });
});

describe("Two owners of one topic, and resume", () => {
  /** Somebody else speaks as the owner: the cross gateway hears a newer version on the owner's link. */
  function forge(ground: MeshGround): void {
    const { state } = ground.node(CROSS_GATEWAY).mesh.sync;
    const link = ground
      .node(CROSS_GATEWAY)
      .mesh.hub.links()
      .find(({ peer }) => peer.id === CROSS_CENTER);
    const copy = state.copy(TOPIC);
    if (link === undefined || copy === undefined) throw new Error("nothing to forge");
    const version = { ...copy.version, epoch: copy.version.epoch + 5 };
    const { topic, bytes, tombstone } = copy;
    state.receive(link.serial, { kind: "snapshot", snapshot: { topic, bytes, tombstone, version } });
    ground.run(3_000);
  }

  test("after the fourth time within a minute the owner is silent until it is told to go on", async () => {
    const ground = new MeshGround();
    ground.http(CENTER, "POST /api/activities", BOSS);
    ground.settle();
    for (let time = 1; time <= BUMPS_MAX; time += 1) {
      forge(ground);
      expect(alarmsOf(ground)).toEqual([]);
    }
    forge(ground);
    expect(alarmsOf(ground)).toEqual([`${CROSS_CENTER} two_owners:${TOPIC}`]);
    expect(ground.http(CENTER, "POST /api/activities/boss/close")).toMatchObject({
      status: 409,
      body: { allowed: ["resume"] },
    });
    const rival = Math.max(...epochs(ground).map((epoch) => epoch ?? 0));
    const first = ground.http(CENTER, "POST /api/activities/boss/resume");
    expect(first).toMatchObject({ status: 200, body: { topic: TOPIC, changed: true, activity: { phase: "open" } } });
    ground.settle();
    const { version } = first.body as { version: string };
    expect(new Set(Object.values(ground.versions(TOPIC)))).toEqual(new Set([version]));
    expect(epochs(ground).every((epoch) => (epoch ?? 0) > rival)).toBe(true);
    expect(alarmsOf(ground)).toEqual([]);
    expect(ground.http(CENTER, "POST /api/activities/boss/resume")).toEqual({
      status: 200,
      body: { ...(first.body as object), changed: false },
    });
    expect(ground.http(CENTER, "POST /api/activities/boss/close").status).toBe(200);
    expect(ground.trail.map(({ verb, outcome }) => [verb, outcome]).slice(1)).toEqual([
      ["activity.close", "conflict"],
      ["activity.resume", "done"],
      ["activity.resume", "unchanged"],
      ["activity.close", "done"],
    ]);
    await ground.dispose();
  });
});
