/** A second link for a node that is linked: the same process again, a restarted one, or a twin. */

import { describe, expect, test } from "#test";
import { Kind, encodeFrame } from "#wire/header.ts";
import { encodeHeartbeat } from "#wire/heartbeat.ts";
import { nodeKey } from "#wire/role.ts";
import { HandPeer } from "./hand_peer.ts";
import { CENTER, GATEWAY, World, cast } from "./harness.ts";

const CENTER_1 = { role: "center", number: 1 } as const;
const GATEWAY_1 = { role: "gateway", number: 1 } as const;

function pong(sequence: number): Uint8Array {
  const body = encodeHeartbeat({ sequence, clusterMs: 0, echoMs: 0, saidDigest: 0n, appliedDigest: 0n });
  return encodeFrame({ kind: Kind.pong, source: CENTER, target: GATEWAY, hops: 1 }, body);
}

describe("A second link", () => {
  test("of the same boot replaces the first at once, which hears goodbye", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    const first = new HandPeer(world, gateway, { boot: "ab".repeat(16) }).shake();
    const second = new HandPeer(world, gateway, { boot: "ab".repeat(16) }).shake();
    expect(gateway.record.heard).toEqual(["up center:1", "down center:1 replaced", "up center:1"]);
    expect(first.kinds().at(-1)).toBe("goodbye");
    expect(first.isClosed).toBe(true);
    expect(second.kinds().slice(0, 2)).toEqual(["challenge", "welcome"]);
    second.write(cast("from the new one"));
    first.write(cast("from the old one"));
    expect(gateway.record.texts).toEqual(["from the new one"]);
    expect(gateway.hub.links().length).toBe(1);
  });

  test("of another boot replaces the first after one interval of silence", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    new HandPeer(world, gateway, { boot: "aa".repeat(16) }).shake();
    const fromMs = world.clock.nowMs();
    const second = new HandPeer(world, gateway, { boot: "bb".repeat(16) }).shake();
    expect(second.kinds()).toEqual(["challenge"]);
    world.clock.runUntil(() => gateway.record.heard.length === 3);
    expect(gateway.record.heard).toEqual(["up center:1", "down center:1 replaced", "up center:1"]);
    expect(gateway.link(CENTER).peer.boot).toBe("bb".repeat(16));
    expect(world.clock.nowMs() - fromMs).toBeLessThanOrEqual(1_100);
    expect(gateway.alarms.all()).toEqual([]);
  });

  test("of another boot is refused when the first answers, with an alarm that passes", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    const first = new HandPeer(world, gateway, { boot: "aa".repeat(16), startedAtMs: 5_000 }).shake();
    const second = new HandPeer(world, gateway, { boot: "bb".repeat(16) }).shake();
    expect(first.kinds()).toEqual(["challenge", "welcome", "ping", "ping"]);
    first.write(pong(2));
    expect(second.refusal()).toBe("duplicate_identity");
    expect(gateway.record.heard).toEqual(["up center:1"]);
    expect(gateway.counters.get("link.duplicate_identity")).toBe(1);
    expect(gateway.alarms.has("duplicate_identity:center:1")).toBe(true);
    world.clock.run(61_000);
    expect(gateway.alarms.has("duplicate_identity:center:1")).toBe(false);
  });

  test("of another boot is admitted when the first sends only what it said before it was asked", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    const first = new HandPeer(world, gateway, { boot: "aa".repeat(16) }).shake();
    // Under way for long, as after a partition: data, an old answer, and then the end of a dead process.
    const second = new HandPeer(world, gateway, { boot: "bb".repeat(16) }).shake();
    first.write(cast("late")).write(pong(1));
    expect(second.kinds()).toEqual(["challenge"]);
    first.conn.terminate();
    world.clock.run(1_100);
    expect(gateway.record.heard).toEqual(["up center:1", "down center:1 peer_closed", "up center:1"]);
    expect(gateway.link(CENTER).peer.boot).toBe("bb".repeat(16));
    expect(gateway.alarms.all()).toEqual([]);
  });

  test("tells a newcomer that started later that it is the duplicate, and one that started earlier that it is not", () => {
    for (const [startedAtMs, duplicate] of [
      [6_000, true],
      [4_000, false],
    ] as const) {
      const world = new World();
      const gateway = world.node(GATEWAY_1);
      const center = world.node({ ...CENTER_1, startedAtMs: 5_000 });
      world.connect(center, gateway);
      const twin = world.node({ ...CENTER_1, startedAtMs });
      twin.hub.dial(GATEWAY_1, gateway.address);
      world.clock.runUntil(() => twin.record.refusals.length > 0);
      expect(twin.record.refusals[0]).toEqual({
        target: gateway.self.id,
        refusal: { reason: "duplicate_identity", detail: "center:1 is linked and alive", otherStartedAtMs: 5_000 },
        duplicate,
      });
      expect(twin.counters.get("link.refused_by_peer:duplicate_identity")).toBe(1);
      world.clock.run(30_000);
      expect(center.record.heard).toEqual(["up gateway:1"]);
      expect(twin.record.heard).toEqual([]);
    }
  });

  test("is admitted at once when the first one's conn ends during the question", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    const first = new HandPeer(world, gateway, { boot: "aa".repeat(16) }).shake();
    new HandPeer(world, gateway, { boot: "bb".repeat(16) }).shake();
    first.conn.terminate();
    world.clock.run(2);
    expect(gateway.record.heard).toEqual(["up center:1", "down center:1 peer_closed", "up center:1"]);
    expect(gateway.link(CENTER).peer.boot).toBe("bb".repeat(16));
  });

  test("leaves the first alone when the newcomer goes away during the question", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    new HandPeer(world, gateway, { boot: "aa".repeat(16) }).shake();
    const second = new HandPeer(world, gateway, { boot: "bb".repeat(16) }).shake();
    second.conn.terminate();
    world.clock.run(1_500);
    expect(gateway.record.heard).toEqual(["up center:1"]);
  });

  test("gives its place in the question to a third one that comes later", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    new HandPeer(world, gateway, { boot: "aa".repeat(16) }).shake();
    const second = new HandPeer(world, gateway, { boot: "bb".repeat(16) }).shake();
    new HandPeer(world, gateway, { boot: "cc".repeat(16) }).shake();
    expect(second.isClosed).toBe(true);
    world.clock.run(1_200);
    expect(gateway.record.heard).toEqual(["up center:1", "down center:1 replaced", "up center:1"]);
    expect(gateway.link(CENTER).peer.boot).toBe("cc".repeat(16));
  });

  test("may not say anything while the question is open", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    new HandPeer(world, gateway, { boot: "aa".repeat(16) }).shake();
    const second = new HandPeer(world, gateway, { boot: "bb".repeat(16) }).shake();
    second.write(cast("too early"));
    expect(second.isClosed).toBe(true);
    expect(gateway.counters.get("link.closed:unexpected_frame")).toBe(1);
    expect(gateway.record.texts).toEqual([]);
  });

  test("of a restarted node is there within one interval when the old conn was cut without a word", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(300);
    for (const conn of world.net.conns) conn.isBlackHole = true;
    center.hub.close();
    const restarted = world.node({ ...CENTER_1, startedAtMs: world.clock.wallMs() });
    restarted.hub.dial(GATEWAY_1, gateway.address);
    const fromMs = world.clock.nowMs();
    world.clock.runUntil(() => restarted.record.heard.length > 0);
    expect(restarted.record.heard).toEqual(["up gateway:1"]);
    expect(restarted.record.refusals).toEqual([]);
    expect(world.clock.nowMs() - fromMs).toBeLessThanOrEqual(1_100);
    expect(gateway.link(CENTER).peer.boot).toBe(restarted.self.boot);
  });

  test("does not take the dialling end's own link for a stranger's: peers keep one link", () => {
    const world = new World();
    const high = world.node({ role: "cross_gateway", number: 2 });
    const low = world.node({ role: "cross_gateway", number: 1 });
    world.connect(low, high);
    expect([low.hub.links()[0]?.relation, high.hub.links()[0]?.relation]).toEqual(["peer", "peer"]);
    high.hub.dial({ role: "cross_gateway", number: 1 }, low.address);
    world.clock.run(5_000);
    expect(high.hub.links().map((link) => link.peer.id)).toEqual([low.self.id]);
    expect(low.counters.get("link.refused:role_not_allowed")).toBeGreaterThan(0);
    expect(high.hub.link(nodeKey("cross_gateway", 1))?.upSinceMs).toBeLessThan(100);
    expect(GATEWAY).toBe(nodeKey("gateway", 1));
  });
});
