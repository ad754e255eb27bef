import { describe, expect, test } from "#test";
import { encodeAttached } from "#sync/attached.ts";
import type { Identity } from "#wire/identity.ts";
import { NUMBER_EVERY, nodeKey } from "#wire/role.ts";
import { World } from "../link/harness.ts";
import type { TestNode } from "../link/harness.ts";
import { key, node } from "./harness.ts";
import type { WholeMesh } from "./whole_mesh.ts";
import { below, meshOn, say, sayAttached } from "./whole_mesh.ts";

const SELF = node("cross_gateway:1");

function numbered(id: string, number: number): Identity {
  const of = node(id);
  return { ...of, number, key: nodeKey(of.role, number) };
}

/** cross_gateway:1 with a shard gateway, a cross node and a peer that may say anything. */
function setup(): { world: World; at: WholeMesh; gateway: TestNode; peer: TestNode } {
  const world = new World();
  const at = meshOn(world, SELF);
  const peer = world.node({ role: "cross_gateway", number: 2 });
  at.mesh.dial(peer.self.id, peer.address);
  const gateway = below(world, at, "gateway:3");
  world.clock.runUntil(() => peer.hub.link(SELF.key) !== undefined);
  return { world, at, gateway, peer };
}

function known(at: WholeMesh): string[] {
  return at.mesh.directory.entries().map((entry) => entry.identity.id);
}

describe("Mesh: the word of a gateway on its nodes", () => {
  test("is believed when it speaks of its own shard", () => {
    const { world, at, gateway } = setup();
    sayAttached(world, { peer: gateway, to: SELF }, [gateway.self, node("center:3"), node("user:301")]);
    expect(known(at)).toEqual(["gateway:3", "user:301", "center:3", "cross_gateway:2"]);
    expect(at.counters.get("mesh.attached_refused")).toBe(0);
  });

  const LIES: readonly (readonly [string, (gateway: Identity) => readonly Identity[]])[] = [
    ["a node of another shard", (gateway) => [gateway, node("center:4")]],
    ["a node that says another shard than its gateway", (gateway) => [gateway, node("center:3", { shard: 4 })]],
    ["another gateway", (gateway) => [gateway, node("gateway:4", { shard: 3 })]],
    ["a cross gateway", (gateway) => [gateway, node("cross_gateway:2")]],
    ["a cross node", (gateway) => [gateway, node("cross_center:5")]],
    ["the number 0", (gateway) => [gateway, { ...numbered("center:3", 0), shard: 3 }]],
    ["the number of all", (gateway) => [gateway, { ...numbered("center:3", NUMBER_EVERY), shard: 3 }]],
    ["a node twice", (gateway) => [gateway, node("center:3"), node("center:3", { boot: "twin" })]],
    ["itself with another shard than it has proved", (gateway) => [{ ...gateway, shard: 4 }, node("center:4")]],
    ["itself with another boot than it has proved", (gateway) => [node(gateway.id), node("center:3")]],
    ["no gateway first", () => [node("center:3")]],
  ];
  for (const [what, lie] of LIES) {
    test(`is refused whole when it names ${what}, and takes its last word with it`, () => {
      const { world, at, gateway } = setup();
      const by = { peer: gateway, to: SELF };
      sayAttached(world, by, [gateway.self, node("user:301")]);
      say(world, by, "attached/gateway:3", encodeAttached(lie(gateway.self)));
      expect(known(at)).toEqual(["gateway:3", "cross_gateway:2"]);
      expect(at.counters.get("mesh.attached_refused")).toBe(1);
      expect(at.mesh.link(gateway.self.key)?.isUp).toBe(true);
    });
  }

  test("is refused when it is that of another gateway", () => {
    const { world, at, gateway } = setup();
    say(
      world,
      { peer: gateway, to: SELF },
      "attached/gateway:3",
      encodeAttached([node("gateway:4"), node("center:4")]),
    );
    expect(known(at)).toEqual(["gateway:3", "cross_gateway:2"]);
    expect(at.counters.get("mesh.attached_refused")).toBe(1);
  });

  test("is not taken from a link that is neither its own nor a peer's", () => {
    const { world, at, gateway } = setup();
    const center = below(world, at, "cross_center:5");
    for (const hops of [0, 1, 2]) {
      sayAttached(world, { peer: gateway, to: SELF, hops }, [node("gateway:4"), node("center:4")]);
      sayAttached(world, { peer: center, to: SELF, hops }, [node("gateway:4"), node("center:4")]);
      sayAttached(world, { peer: center, to: SELF, hops }, [node("cross_gateway:7"), node("cross_map:1")]);
    }
    expect(at.mesh.directory.get(key("center:4"))).toBe(undefined);
    expect(at.mesh.directory.get(key("cross_map:1"))).toBe(undefined);
    expect(at.counters.get("sync.refused:route_not_offered")).toBe(9);
  });

  test("of a cross gateway speaks of cross and edge nodes only", () => {
    const { world, at, peer } = setup();
    const by = { peer, to: SELF };
    sayAttached(world, by, [peer.self, node("cross_center:5"), node("admin:1")]);
    expect(known(at)).toEqual(["gateway:3", "cross_gateway:2", "cross_center:5", "admin:1"]);
    sayAttached(world, by, [peer.self, node("cross_center:5"), node("center:3")]);
    sayAttached(world, by, [peer.self, node("cross_gateway:1")]);
    sayAttached(world, by, [peer.self, { ...node("cross_map:1"), shard: 3 }]);
    expect(known(at)).toEqual(["gateway:3", "cross_gateway:2"]);
    expect(at.counters.get("mesh.attached_refused")).toBe(3);
  });
});
