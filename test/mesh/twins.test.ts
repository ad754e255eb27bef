import { describe, expect, test } from "#test";
import { TWINS_AFTER_INTERVALS } from "#mesh/twins.ts";
import { World } from "../link/harness.ts";
import type { TestNode } from "../link/harness.ts";
import { key, node } from "./harness.ts";
import type { WholeMesh } from "./whole_mesh.ts";
import { below, meshOn, sayAttached } from "./whole_mesh.ts";

const SELF = node("cross_gateway:1");
const ALARM = "duplicate_identity:cross_map:1";
/** As the meshes of the harness beat. */
const INTERVAL_MS = 1000;
const AFTER_MS = TWINS_AFTER_INTERVALS * INTERVAL_MS;

/** cross_gateway:1 with cross_map:1 below it, and a peer that may say that it has one as well. */
function setup(): { world: World; at: WholeMesh; map: TestNode; peer: TestNode } {
  const world = new World();
  const at = meshOn(world, SELF);
  const peer = world.node({ role: "cross_gateway", number: 2 });
  at.mesh.dial(peer.self.id, peer.address);
  world.clock.runUntil(() => peer.hub.link(SELF.key) !== undefined);
  const map = below(world, at, "cross_map:1");
  return { world, at, map, peer };
}

describe("Twins on two gateways", () => {
  test("raise an alarm that names both when they last, and it goes when one of them goes", () => {
    const { world, at, map, peer } = setup();
    const twin = node("cross_map:1", { boot: "twin", startedAtMs: map.self.startedAtMs + 1 });
    sayAttached(world, { peer, to: SELF }, [peer.self, twin]);
    world.clock.run(AFTER_MS - 200);
    expect(at.alarms.all()).toEqual([]);
    world.clock.run(200);
    expect(at.alarms.all().map(({ name, detail }) => ({ name, detail }))).toEqual([
      {
        name: ALARM,
        detail: {
          node: "cross_map:1",
          alive: map.self.boot,
          aliveAt: "cross_gateway:1",
          twin: twin.boot,
          twinAt: "cross_gateway:2",
        },
      },
    ]);
    expect(at.counters.get("mesh.duplicate_identity")).toBe(1);
    expect(at.mesh.directory.get(map.self.key)?.identity.boot).toBe(map.self.boot);
    sayAttached(world, { peer, to: SELF }, [peer.self]);
    expect(at.alarms.all()).toEqual([]);
  });

  test("are no alarm when it was a restart: the first one's link ends in time, and then the second one counts", () => {
    const { world, at, map, peer } = setup();
    const restarted = node("cross_map:1", { boot: "restarted", startedAtMs: map.self.startedAtMs + 1 });
    sayAttached(world, { peer, to: SELF }, [peer.self, restarted]);
    expect(at.mesh.directory.get(restarted.key)?.identity.boot).toBe(map.self.boot);
    map.hub.close();
    world.clock.run(100);
    expect(at.mesh.directory.get(restarted.key)?.identity.boot).toBe(restarted.boot);
    world.clock.run(2 * AFTER_MS);
    expect(at.alarms.all()).toEqual([]);
    expect(at.counters.get("mesh.duplicate_identity")).toBe(0);
  });

  test("the one that started earlier is sent to, though the other one is linked here", () => {
    const { world, at, map, peer } = setup();
    const early = node("cross_map:1", { boot: "early", startedAtMs: map.self.startedAtMs - 1 });
    const next = () => at.mesh.router.nextHop(key("gateway:3"), map.self.key, undefined)?.peer.id;
    expect(next()).toBe(map.self.id);
    sayAttached(world, { peer, to: SELF }, [peer.self, early]);
    expect(next()).toBe(peer.self.id);
    sayAttached(world, { peer, to: SELF }, [peer.self]);
    expect(next()).toBe(map.self.id);
  });
});
