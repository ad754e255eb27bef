/**
 * Activities in trouble, end to end: real nodes on the simulator, the HTTP API of a shard's node in front.
 */

import { describe, expect, test } from "#test";
import { CENTER, CENTER_2, CROSS_CENTER, MeshGround, TREE } from "./mesh_ground.ts";

const TOPIC = `activity/${CROSS_CENTER}/boss`;
const BOSS = { id: "boss", kind: "boss", config: { hp: 10 }, open: true };
/** Holders report what a whole list lacks after two ticks, and answers travel. */
const REPORTED_MS = 5_000;

/** An open activity that all nodes hold and whose owner has lost its disk. */
function withOrphan(options: ConstructorParameters<typeof MeshGround>[0] = {}): MeshGround {
  const ground = new MeshGround(options);
  expect(ground.http(CENTER, "POST /api/activities", BOSS).status).toBe(201);
  ground.settle();
  ground.loseDisk(CROSS_CENTER);
  ground.run(REPORTED_MS);
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
