/**
 * MeshAdminPort over real nodes on the simulator: explain and health, on a whole cluster and on broken ones.
 */

import { describe, expect, test } from "#test";
import { nodeId } from "#wire/role.ts";
import {
  CENTER,
  CENTER_2,
  CROSS_CENTER,
  CROSS_GATEWAY,
  GATEWAY,
  GATEWAY_2,
  hostOf,
  MeshGround,
} from "./mesh_ground.ts";

const ACTOR = { who: "wang", remote: "10.0.0.9" };
const BOSS = { id: "boss", kind: "boss", config: { hp: 5 }, open: true };
const USER = nodeId("user", 101);
/** Silence is noticed, links are closed, the news is everywhere. */
const NOTICED_MS = 6_000;

describe("Mesh admin port: explain", () => {
  test("a path that holds is told hop by hop", async () => {
    const ground = new MeshGround();
    const found = ground.value(CENTER, (port) => port.explain(CENTER_2, CENTER));
    expect(found).toMatchObject({ from: CENTER_2, to: CENTER, reachable: true });
    expect(found.hops.map(({ at, next, state }) => [at, next, state])).toEqual([
      [CENTER_2, GATEWAY_2, "up"],
      [GATEWAY_2, CROSS_GATEWAY, "up"],
      [CROSS_GATEWAY, GATEWAY, "up"],
      [GATEWAY, CENTER, "up"],
      [CENTER, undefined, "this is the target"],
    ]);
    await ground.dispose();
  });

  test("the target's gateway is down: the last hop that stands says so", async () => {
    const ground = new MeshGround();
    ground.kill(GATEWAY_2);
    ground.run(NOTICED_MS);
    const found = ground.value(CENTER, (port) => port.explain(CENTER, CENTER_2));
    expect([found.reachable, found.hops.map(({ at }) => at)]).toEqual([false, [CENTER, GATEWAY, CROSS_GATEWAY]]);
    expect(found.hops.at(-1)?.link).toMatchObject({ peer: GATEWAY_2, state: "closed" });
    expect(found.verdict).toStartWith(`${CROSS_GATEWAY} has no path to ${CENTER_2}: link to ${GATEWAY_2} is closed`);
    await ground.dispose();
  });

  test("the target is missing: its gateway says that it is not attached", async () => {
    const ground = new MeshGround();
    ground.kill(CENTER_2);
    ground.run(NOTICED_MS);
    const gone = ground.value(CENTER, (port) => port.explain(CENTER, CENTER_2));
    expect(gone.reachable).toBe(false);
    expect(gone.verdict).toContain(CENTER_2);
    expect(gone.hops.map(({ at }) => at)).toEqual([CENTER, GATEWAY, CROSS_GATEWAY]);
    const never = ground.value(CENTER, (port) => port.explain(CENTER, USER));
    expect(never.verdict).toBe(`${GATEWAY} has no path to ${USER}: ${USER} is not attached to this gateway`);
    const shard = ground.value(CENTER, (port) => port.explain(CENTER, nodeId("center", 9)));
    expect(shard.verdict).toContain("gateway:9 is not linked to any gateway that is known here");
    await ground.dispose();
  });

  test("the cross gateway is down: the shard's gateway says how its link stands", async () => {
    const ground = new MeshGround();
    ground.kill(CROSS_GATEWAY);
    ground.run(NOTICED_MS);
    const found = ground.value(CENTER, (port) => port.explain(CENTER, CROSS_CENTER));
    expect([found.reachable, found.hops.map(({ at }) => at)]).toEqual([false, [CENTER, GATEWAY]]);
    expect(found.verdict).toMatch(
      /^gateway:1 has no path to cross_center:1: link to cross_gateway:1 is (backing_off|dialing), last error: dial_failed: refused/,
    );
    await ground.dispose();
  });

  test("a hop that cannot be asked ends the walk and is named", async () => {
    const ground = new MeshGround({ heartbeatMs: 5000 });
    ground.freeze(CROSS_GATEWAY);
    const found = ground.value(CENTER, (port) => port.explain(CENTER, CROSS_CENTER));
    expect(found).toMatchObject({
      reachable: false,
      verdict: `${CROSS_GATEWAY} cannot be asked: DEADLINE at ${CENTER}, no reply in time`,
    });
    expect(found.hops.at(-1)).toMatchObject({ at: CROSS_GATEWAY, next: undefined });
    await ground.dispose();
  });

  test("from a node that is gone: it cannot be asked", async () => {
    const ground = new MeshGround();
    ground.kill(CENTER_2);
    ground.run(NOTICED_MS);
    const found = ground.value(CENTER, (port) => port.explain(CENTER_2, CENTER));
    expect(found.reachable).toBe(false);
    expect(found.verdict).toStartWith(`${CENTER_2} cannot be asked: NO_ROUTE at `);
    await ground.dispose();
  });
});

describe("Mesh admin port: health", () => {
  test("of a whole cluster: everybody is well", async () => {
    const ground = new MeshGround();
    const nodes = ground.value(CENTER, (port) => port.health());
    expect(nodes.map(({ id, ok, problems }) => [id, ok, problems])).toEqual(
      [GATEWAY, GATEWAY_2, CENTER, CENTER_2, CROSS_GATEWAY, CROSS_CENTER].map((id) => [id, true, []]),
    );
    await ground.dispose();
  });

  test("a node that does not answer is a problem of its own and holds up nobody", async () => {
    const ground = new MeshGround({ heartbeatMs: 5000 });
    ground.freeze(CENTER_2);
    const before = ground.world.nowMs;
    const nodes = ground.value(CENTER, (port) => port.health());
    expect(ground.world.nowMs - before).toBeLessThan(2_500);
    expect(nodes.filter(({ ok }) => !ok)).toMatchObject([
      {
        id: CENTER_2,
        problems: [{ name: "silent", detail: `${CENTER_2} does not answer: DEADLINE at ${CENTER}, no reply in time` }],
      },
    ]);
    await ground.dispose();
  });

  test("what a node has an alarm for, and a link that ought to be up, are told in words", async () => {
    const ground = new MeshGround();
    ground.node(CENTER_2).alarms.raise("module_fault:boss", { module: "boss", error: "no such prize" });
    ground.kill(CROSS_CENTER);
    ground.network.cut(hostOf(CENTER_2), hostOf(GATEWAY_2));
    ground.network.cut(hostOf(GATEWAY_2), hostOf(CENTER_2));
    ground.run(NOTICED_MS);
    ground.network.heal(hostOf(CENTER_2), hostOf(GATEWAY_2));
    ground.network.heal(hostOf(GATEWAY_2), hostOf(CENTER_2));
    ground.run(NOTICED_MS);
    const nodes = ground.value(CENTER, (port) => port.health());
    expect(nodes.map(({ id }) => id)).not.toContain(CROSS_CENTER);
    expect(nodes.filter(({ ok }) => !ok)).toMatchObject([
      { id: CENTER_2, problems: [{ name: "module_fault:boss", detail: "module boss, error no such prize" }] },
    ]);
    ground.kill(CROSS_GATEWAY);
    ground.run(NOTICED_MS);
    const [gateway] = ground.value(CENTER, (port) => port.health());
    expect(gateway).toMatchObject({ id: GATEWAY, ok: false, problems: [{ name: `link:${CROSS_GATEWAY}` }] });
    expect(gateway?.problems[0]?.detail).toContain("last error: dial_failed: refused");
    await ground.dispose();
  });

  test("a node of the cluster file that is gone is missed, and can still be asked about", async () => {
    const ground = new MeshGround({ named: [CROSS_CENTER, CENTER, CENTER_2] });
    expect(ground.value(CROSS_CENTER, (port) => port.health()).every(({ ok }) => ok)).toBe(true);
    ground.value(CROSS_CENTER, (port) => port.createActivity(BOSS, ACTOR));
    ground.kill(CENTER_2);
    ground.run(NOTICED_MS);
    const nodes = ground.value(CROSS_CENTER, (port) => port.health());
    expect(nodes.filter(({ ok }) => !ok)).toMatchObject([{ id: CENTER_2, problems: [{ name: "missing" }] }]);
    const found = ground.value(CROSS_CENTER, (port) => port.why({ id: "boss" }, CENTER_2));
    expect(found.firstLacking).toBe(CENTER_2);
    expect(found.verdict).toStartWith(`${CENTER_2} cannot be reached: `);
    ground.start(CENTER_2);
    ground.run(NOTICED_MS);
    expect(ground.value(CROSS_CENTER, (port) => port.health()).every(({ ok }) => ok)).toBe(true);
    await ground.dispose();
  });
});
