/** The endless dialer, and what a hub says about links that are not there. */

import { describe, expect, test } from "#test";
import { ListenError } from "#link/transport.ts";
import { nodeId } from "#wire/role.ts";
import { CENTER, GATEWAY, OTHER_KEY, World, cast } from "./harness.ts";

const CENTER_1 = { role: "center", number: 1 } as const;
const GATEWAY_1 = { role: "gateway", number: 1 } as const;
const GATEWAY_ID = nodeId("gateway", 1);
const NOWHERE = { host: "127.0.0.1", port: 9 };

describe("Dialer", () => {
  test("goes on for ever, and links when the other end comes at last", () => {
    const world = new World();
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, { host: "127.0.0.1", port: 7001 });
    world.clock.run(3_600_000);
    expect(center.record.heard).toEqual([]);
    world.node(GATEWAY_1);
    world.clock.run(1_200);
    expect(center.record.heard).toEqual(["up gateway:1"]);
  });

  test("waits up to a second between attempts and logs the 1st, 2nd, 4th, 8th …", () => {
    const world = new World();
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, NOWHERE);
    world.clock.run(60_000);
    expect(world.net.dialCount).toBeGreaterThan(60);
    expect(world.net.dialCount).toBeLessThan(240);
    const lines = center.lines.filter((line) => line.phrase === "dial failed");
    expect(lines.map((line) => line.data["attempt"])).toEqual([1, 2, 4, 8, 16, 32, 64]);
    expect(lines.map((line) => line.level)).toEqual(["info", "info", "info", "warn", "warn", "warn", "warn"]);
    expect(lines[0]?.data).toEqual({
      target: "gateway:1",
      address: "127.0.0.1:9",
      attempt: 1,
      reason: "dial_failed",
      detail: "connection refused",
    });
  });

  test("gives up an attempt after 3 s without a connection", () => {
    const world = new World();
    world.net.isDark = true;
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, NOWHERE);
    world.clock.run(2_999);
    expect(world.net.dialCount).toBe(1);
    world.clock.run(100);
    expect(world.net.dialCount).toBe(2);
    expect(center.counters.get("link.closed:dial_timeout")).toBe(1);
  });

  test("gives up a handshake after 3 s when the other end accepts and says nothing", () => {
    const world = new World();
    const silent = world.net.listen({ host: "127.0.0.1", port: 0 }, () => ({
      data: () => {},
      drained: () => {},
      ended: () => {},
      closed: () => {},
    }));
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, silent.address);
    world.clock.run(2_000);
    expect(center.hub.status()[0]?.state).toBe("handshaking");
    world.clock.run(1_010);
    expect(center.counters.get("link.closed:handshake_timeout")).toBe(1);
    expect(center.hub.status()[0]?.lastError).toBe("handshake_timeout: not done within 3000 ms");
  });

  test("closes what does not speak as it must, and goes on", () => {
    const world = new World();
    const web = world.net.listen({ host: "127.0.0.1", port: 0 }, (conn) => ({
      data: () => conn.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")),
      drained: () => {},
      ended: () => {},
      closed: () => {},
    }));
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, web.address);
    world.clock.run(5_000);
    expect(center.counters.get("link.closed:bad_magic")).toBeGreaterThan(3);
    expect(center.record.heard).toEqual([]);
  });

  test("does not link to another node that answers at the address", () => {
    const world = new World();
    const other = world.node({ role: "gateway", number: 2, shard: 2 });
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, other.address);
    world.clock.run(100);
    expect(center.record.refusals[0]?.refusal.reason).toBe("wrong_target");
    expect(center.record.heard).toEqual([]);
  });

  test("does not link to an acceptor with another key", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1, { keys: [OTHER_KEY] });
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, gateway.address);
    world.clock.run(5_000);
    expect(gateway.counters.get("link.refused:bad_proof")).toBeGreaterThan(3);
    expect(center.hub.status()[0]?.lastError).toBe("refused: bad_proof: the cluster key is another one");
    expect([gateway.record.heard, center.record.heard]).toEqual([[], []]);
  });

  test("links while the keys are being changed, in the order new at acceptors, new at dialers, old away", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1, { keys: [OTHER_KEY, new Uint8Array([1, 2, 3])] });
    const center = world.node(CENTER_1, { keys: [new Uint8Array([1, 2, 3]), OTHER_KEY] });
    world.connect(center, gateway);
    expect(center.record.heard).toEqual(["up gateway:1"]);
  });

  test("dials again at once when a good link has ended, and with growing waits when links flap", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(11_000);
    gateway.link(CENTER).close("stopping");
    const fromMs = world.clock.nowMs();
    world.clock.runUntil(() => center.record.heard.length === 3);
    expect(world.clock.nowMs() - fromMs).toBeLessThanOrEqual(60);
    gateway.record.onUp = (link) => link.close("stopping");
    gateway.link(CENTER).close("stopping");
    world.clock.run(60_000);
    const before = world.net.dialCount;
    world.clock.run(60_000);
    expect(world.net.dialCount - before).toBeLessThan(240);
    expect(center.hub.status()[0]?.attempt).toBeGreaterThan(60);
  });

  test("redials at the pace that it is given while in a hurry, also when packets are lost", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(20_000);
    world.net.isDark = true;
    gateway.hub.close();
    world.clock.run(500);
    center.hub.hurry(GATEWAY_ID, 250);
    const before = world.net.dialCount;
    world.clock.run(10_000);
    const inHurry = world.net.dialCount - before;
    // A whole interval for each to open, and a pause of at most the pace.
    expect(inHurry).toBeGreaterThanOrEqual(8);
    expect(inHurry).toBeLessThanOrEqual(54);
    center.hub.hurry(GATEWAY_ID, undefined);
    world.clock.run(1_000);
    const after = world.net.dialCount;
    world.clock.run(10_000);
    expect(world.net.dialCount - after).toBeLessThanOrEqual(5);
  });

  test("in a hurry is back within two paces once the way is whole", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(1_500);
    center.record.onDown = () => center.hub.hurry(GATEWAY_ID, 250);
    center.record.onUp = () => center.hub.hurry(GATEWAY_ID, undefined);
    for (const conn of world.net.conns) conn.isBlackHole = true;
    world.net.isDark = true;
    world.clock.runUntil(() => center.record.downs.length > 0);
    world.clock.run(700);
    world.net.isDark = false;
    const fromMs = world.clock.nowMs();
    world.clock.runUntil(() => center.hub.links().length > 0);
    expect(center.record.downs).toEqual(["silent"]);
    expect(world.clock.nowMs() - fromMs).toBeLessThanOrEqual(510);
    expect(gateway.hub.links().length).toBe(1);
  });
});

describe("LinkHub", () => {
  test("says for each link what it is doing", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(100);
    const [below] = gateway.hub.status();
    expect(below).toMatchObject({
      peer: "center:1",
      relation: "below",
      state: "up",
      attempt: 0,
      nextRetryMs: undefined,
      rttMs: 2,
      queuedSize: 0,
      boot: center.self.boot,
    });
    expect(center.hub.status()).toMatchObject([
      { peer: "gateway:1", relation: "above", state: "up", attempt: 0, lastError: undefined, rttMs: 2 },
    ]);
    gateway.hub.close();
    world.clock.run(500);
    const [above] = center.hub.status();
    expect(above?.state === "backing_off" || above?.state === "dialing").toBe(true);
    expect(above?.lastError).toBe("dial_failed: connection refused");
    expect(gateway.hub.status()).toMatchObject([{ peer: "center:1", state: "closed", lastError: "stopping" }]);
  });

  test("forgets the end of a link when the node is back", () => {
    const world = new World();
    const { gateway } = world.linked();
    gateway.link(CENTER).close("silent");
    expect(gateway.hub.status()).toMatchObject([{ state: "closed", lastError: "silent" }]);
    world.clock.run(500);
    expect(gateway.hub.status()).toMatchObject([{ state: "up", lastError: "silent" }]);
  });

  test("listens first and throws ListenError when the address is taken", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    const other = world.node({ role: "gateway", number: 2, shard: 2 });
    expect(() => other.hub.listen(gateway.address)).toThrow(ListenError);
  });

  test("refuses to be made without a key, with three, without a cluster name or with a wild interval", () => {
    const world = new World();
    const make = (options: object) => (): unknown => world.node(CENTER_1, options);
    expect(make({ keys: [] })).toThrow("one or two cluster keys");
    expect(make({ keys: [OTHER_KEY, OTHER_KEY, OTHER_KEY] })).toThrow("one or two cluster keys");
    expect(make({ keys: [new Uint8Array(0)] })).toThrow("one or two cluster keys");
    expect(make({ cluster: "" })).toThrow("name");
    expect(make({ heartbeatMs: 0 })).toThrow("interval");
  });

  test("takes no new links after stopAccepting and keeps those that it has", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    gateway.hub.stopAccepting();
    const map = world.node({ role: "map", number: 101 });
    map.hub.dial(GATEWAY_1, gateway.address);
    world.clock.run(5_000);
    expect(map.record.heard).toEqual([]);
    center.link(GATEWAY).send(cast("still"), 0, "may");
    world.clock.run(5);
    expect(gateway.record.texts).toEqual(["still"]);
  });

  test("refuses a handshake that is under way with draining", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, gateway.address);
    world.clock.run(2);
    gateway.hub.stopAccepting();
    world.clock.run(5);
    expect(center.record.refusals.map((one) => one.refusal.reason)).toEqual(["draining"]);
  });

  test("closes everything at once, tells down once for each link, and dials no more", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    center.hub.close();
    center.hub.close();
    expect(center.record.heard).toEqual(["up gateway:1", "down gateway:1 stopping"]);
    expect(center.hub.status()[0]?.state).toBe("closed");
    const before = world.net.dialCount;
    world.clock.run(5_000);
    expect(world.net.dialCount).toBe(before);
    expect(gateway.record.downs).toEqual(["peer_closed"]);
  });

  test("is quiet while all is well", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(600_000);
    expect(gateway.lines.map((line) => line.phrase)).toEqual(["link up"]);
    expect(center.lines.map((line) => line.phrase)).toEqual(["link up"]);
  });
});
