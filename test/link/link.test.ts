/** Links that are up: delivery, order, heartbeats, and their ends. */

import { describe, expect, test } from "#test";
import type { SyncMessage } from "#wire/sync_message.ts";
import { FRAME_SIZE_MAX } from "#wire/limits.ts";
import { HandPeer } from "./hand_peer.ts";
import { CENTER, GATEWAY, World, cast, castOfSize, joined } from "./harness.ts";

const CENTER_1 = { role: "center", number: 1 } as const;
const GATEWAY_1 = { role: "gateway", number: 1 } as const;

describe("Link", () => {
  test("comes up on both sides and tells each who the other is", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    expect(gateway.record.heard).toEqual(["up center:1"]);
    expect(center.record.heard).toEqual(["up gateway:1"]);
    expect(gateway.link(CENTER).peer).toEqual(center.self);
    expect(center.link(GATEWAY).peer).toEqual(gateway.self);
    expect(gateway.link(CENTER).relation).toBe("below");
    expect(center.link(GATEWAY).relation).toBe("above");
    expect([gateway.counters.get("link.up"), center.counters.get("link.up")]).toEqual([1, 1]);
  });

  test("delivers the same whatever byte the stream is cut at", () => {
    const texts = ["a", "", "bb".repeat(30)];
    const stream = joined(...texts.map((text) => cast(text)));
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const world = new World();
      const gateway = world.node(GATEWAY_1);
      const peer = new HandPeer(world, gateway).shake();
      peer.write(stream.subarray(0, cut)).write(stream.subarray(cut));
      expect({ cut, texts: gateway.record.texts }).toEqual({ cut, texts });
    }
  });

  test("delivers frames both ways, in order, in pieces of any size", () => {
    for (const chunkSize of [1, 2, 3, 7, 39, 40, 41, 4096]) {
      const world = new World();
      world.net.chunkSize = chunkSize;
      const { gateway, center } = world.linked();
      const down = ["a", "", "ccc".repeat(50)];
      const up = ["one", "two".repeat(200), "", "four"];
      for (const text of up) expect(center.link(GATEWAY).send(cast(text), 0, "may")).toBe("ok");
      for (const text of down) expect(gateway.link(CENTER).send(cast(text), 0, "must")).toBe("ok");
      world.clock.run(20);
      expect({ chunkSize, texts: gateway.record.texts }).toEqual({ chunkSize, texts: up });
      expect({ chunkSize, texts: center.record.texts }).toEqual({ chunkSize, texts: down });
    }
  });

  test("passes a frame of the greatest size and refuses a greater one before it is queued", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    const largest = castOfSize(FRAME_SIZE_MAX - 36);
    expect(center.link(GATEWAY).send(largest, 0, "may")).toBe("ok");
    world.clock.run(100);
    expect(gateway.record.frames.map((frame) => frame.length)).toEqual([FRAME_SIZE_MAX + 4]);
    const link = center.link(GATEWAY);
    expect(() => link.send(castOfSize(FRAME_SIZE_MAX - 35), 0, "may")).toThrow(
      "frame size is within the limits of the wire",
    );
    expect(link.isUp).toBe(true);
  });

  test("delivers nothing after it was closed from within a handler", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    gateway.record.onRouted = (link) => link.close("stopping");
    for (const text of ["one", "two", "three"]) center.link(GATEWAY).send(cast(text), 0, "may");
    world.clock.run(10);
    expect(gateway.record.texts).toEqual(["one"]);
    expect(gateway.record.heard).toEqual(["up center:1", "down center:1 stopping"]);
    expect(center.record.downs[0]).toBe("peer_closed");
  });

  test("tells down once when a handler of down closes it again", () => {
    const world = new World();
    const { gateway } = world.linked();
    gateway.record.onDown = (link) => {
      link.close("silent");
      expect(link.send(cast("late"), 0, "may")).toBe("closed");
      expect(gateway.hub.link(CENTER)).toBeUndefined();
    };
    gateway.link(CENTER).close("stopping");
    expect(gateway.record.heard).toEqual(["up center:1", "down center:1 stopping"]);
  });

  test("ends itself, and nothing else, when a handler throws", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    const map = world.node({ role: "map", number: 101 });
    world.connect(map, gateway);
    gateway.record.onRouted = () => {
      throw new Error("a bug of a layer above");
    };
    center.link(GATEWAY).send(cast("boom"), 0, "may");
    world.clock.run(3);
    expect(gateway.record.downs).toEqual(["internal_error"]);
    expect(gateway.counters.get("link.closed:internal_error")).toBe(1);
    expect(gateway.lines.filter((line) => line.level === "error").map((line) => line.phrase)).toEqual([
      "link handler failed",
    ]);
    expect(gateway.hub.link(map.self.key)?.isUp).toBe(true);
  });

  test("lets a node close its link while it is told that it is up", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1);
    const center = world.node(CENTER_1);
    gateway.record.onUp = (link) => link.close("stopping");
    center.hub.dial(GATEWAY_1, gateway.address);
    world.clock.run(20);
    expect(gateway.record.heard.slice(0, 2)).toEqual(["up center:1", "down center:1 stopping"]);
    expect(gateway.hub.links()).toEqual([]);
  });

  test("forwards with one write per link and chunk", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    const map = world.node({ role: "map", number: 101 });
    world.connect(map, gateway);
    gateway.record.onRouted = (_link, buffer, offset) => gateway.link(map.self.key).send(buffer, offset, "may");
    world.clock.run(5);
    const before = world.net.conns.map((conn) => conn.writeCount);
    for (let index = 0; index < 100; index += 1) center.link(GATEWAY).send(cast(`cast ${index}`), 0, "may");
    world.clock.run(5);
    const writes = world.net.conns.map((conn, index) => conn.writeCount - (before[index] ?? 0));
    expect(map.record.texts.length).toBe(100);
    // Center's end, gateway's end towards it, map's end, gateway's end towards it.
    expect(writes).toEqual([1, 0, 0, 1]);
  });

  test("knows which frames never left this process", () => {
    const world = new World();
    world.net.capacity = 100_000;
    const { gateway, center } = world.linked();
    world.clock.run(5);
    const link = center.link(GATEWAY);
    const first = link.dataQueuedSize;
    link.send(castOfSize(60_000), 0, "may");
    const second = link.dataQueuedSize;
    link.send(castOfSize(60_000), 0, "may");
    const third = link.dataQueuedSize;
    link.send(castOfSize(60_000), 0, "may");
    const far = world.net.conns.find((conn) => conn.other?.remote === "10.0.0.1:7001");
    if (far !== undefined) far.isDeaf = true;
    world.clock.run(5);
    expect(gateway.record.frames).toEqual([]);
    expect([first, second, third]).toEqual([0, 60_040, 120_080]);
    expect(first < link.dataWrittenSize && second < link.dataWrittenSize).toBe(true);
    expect(third < link.dataWrittenSize).toBe(false);
  });
});

describe("Link sync", () => {
  const withdraw = (topic: string): SyncMessage => ({ kind: "withdraw", topic });

  test("goes out one at a time, before data that was queued earlier", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(5);
    const order: string[] = [];
    gateway.record.sync = (_link, message) => order.push(message.kind === "withdraw" ? message.topic : message.kind);
    gateway.record.onRouted = () => order.push("data");
    center.link(GATEWAY).send(cast("x"), 0, "may");
    center.record.syncWaiting.push(withdraw("one"), withdraw("two"));
    center.link(GATEWAY).syncReady();
    world.clock.run(5);
    expect(order).toEqual(["one", "two", "data"]);
  });

  test("is not asked for another message while one is not wholly taken", () => {
    const world = new World();
    world.net.capacity = 1_000;
    const { gateway, center } = world.linked();
    world.clock.run(5);
    for (const conn of world.net.conns) conn.isDeaf = true;
    const version = { epoch: 1, revision: 1, hash: "00".repeat(8) };
    const snapshot: SyncMessage = {
      kind: "snapshot",
      snapshot: { topic: "t", version, tombstone: false, bytes: new Uint8Array(5_000) },
    };
    center.record.syncWaiting.push(snapshot, withdraw("two"));
    center.link(GATEWAY).syncReady();
    world.clock.run(5);
    expect(center.record.syncWaiting.length).toBe(1);
    center.link(GATEWAY).syncReady();
    world.clock.run(5);
    expect(center.record.syncWaiting.length).toBe(1);
    for (const conn of world.net.conns) conn.resume();
    world.clock.run(50);
    expect(gateway.record.syncs.map((message) => message.kind)).toEqual(["snapshot", "withdraw"]);
  });

  test("that cannot be read closes the link with bad_sync", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    center.link(GATEWAY).send(cast("x", { kind: 16, method: 99 }), 0, "may");
    world.clock.run(5);
    expect(gateway.record.downs).toEqual(["bad_sync"]);
  });
});

describe("Link heartbeat", () => {
  test("measures round trip and clock, and carries the digests", () => {
    const world = new World();
    world.net.latencyMs = 20;
    const gateway = world.node(GATEWAY_1);
    const center = world.node(CENTER_1);
    gateway.record.clusterMs = () => world.clock.wallMs() + 5_000;
    Object.assign(center.record, { said: 7n, applied: 9n });
    world.connect(center, gateway);
    world.clock.run(100);
    expect(center.link(GATEWAY).rttMs).toBe(40);
    expect(center.link(GATEWAY).clusterOffsetMs).toBe(world.clock.wallMs() - world.clock.nowMs() + 5_000);
    expect(gateway.record.beats.map((beat) => [beat.saidDigest, beat.appliedDigest])).toEqual([
      [7n, 9n],
      [7n, 9n],
    ]);
  });

  test("uses the larger interval of both ends", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1, { heartbeatMs: 500 });
    const center = world.node(CENTER_1, { heartbeatMs: 2_000 });
    world.connect(center, gateway);
    expect([gateway.link(CENTER).heartbeatMs, center.link(GATEWAY).heartbeatMs]).toEqual([2_000, 2_000]);
    world.clock.run(10_000);
    expect([gateway.record.tickCount, center.record.tickCount]).toEqual([5, 5]);
  });

  test("keeps an idle link up for ever", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(3_600_000);
    expect(gateway.record.heard).toEqual(["up center:1"]);
    expect(center.record.heard).toEqual(["up gateway:1"]);
  });

  test("closes a half-open link after two silent intervals and at most three, on both sides", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(2_500);
    for (const conn of world.net.conns) conn.isBlackHole = true;
    world.net.isDark = true;
    const cutMs = world.clock.nowMs();
    world.clock.runUntil(() => gateway.record.downs.length > 0 && center.record.downs.length > 0);
    expect([gateway.record.downs, center.record.downs]).toEqual([["silent"], ["silent"]]);
    const silentMs = world.clock.nowMs() - cutMs;
    expect(silentMs).toBeGreaterThanOrEqual(2_000);
    expect(silentMs).toBeLessThanOrEqual(3_000);
  });

  test("counts no tick while no I/O was polled", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(1_500);
    const { tickCount } = center.record;
    // The center stands still: its timers run, but it reads nothing.
    for (const conn of world.net.conns) conn.isBlackHole = true;
    world.clock.polls = false;
    world.clock.run(20_000);
    expect(center.record.tickCount).toBe(tickCount);
    expect(center.record.heard).toEqual(["up gateway:1"]);
    world.clock.polls = true;
    world.clock.run(1);
    expect(center.record.tickCount).toBe(tickCount + 1);
    expect(center.record.heard).toEqual(["up gateway:1"]);
    expect(gateway.record.heard).toEqual(["up center:1"]);
  });

  test("that is cut short closes the link with bad_heartbeat", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    center.link(GATEWAY).send(cast("short", { kind: 6 }), 0, "may");
    world.clock.run(5);
    expect(gateway.record.downs).toEqual(["bad_heartbeat"]);
  });
});

describe("Link goodbye", () => {
  test("comes after everything that was queued, and the promise waits for it", async () => {
    const world = new World();
    world.net.capacity = 5_000;
    const { gateway, center } = world.linked();
    world.clock.run(5);
    for (let index = 0; index < 40; index += 1) center.link(GATEWAY).send(castOfSize(1_000), 0, "may");
    let isDone = false;
    const done = center.hub.goodbye("stopping", "end of the test").then(() => {
      isDone = true;
      return undefined;
    });
    expect(center.record.heard).toEqual(["up gateway:1", "down gateway:1 stopping"]);
    await Promise.resolve();
    expect(isDone).toBe(false);
    world.clock.run(500);
    await done;
    expect(gateway.record.frames.length).toBe(40);
    expect(gateway.record.heard).toEqual(["up center:1", "goodbye center:1 stopping", "down center:1 goodbye"]);
    expect(world.net.conns.every((conn) => conn.isClosed)).toBe(true);
  });

  test("ends after 2 s when the other end does not read", async () => {
    const world = new World();
    const { center } = world.linked();
    world.clock.run(5);
    for (const conn of world.net.conns) conn.isDeaf = true;
    const fromMs = world.clock.nowMs();
    let endedMs = 0;
    const done = center.hub.goodbye("stopping", "").then(() => {
      endedMs = world.clock.nowMs();
      return undefined;
    });
    world.clock.run(2_000);
    await done;
    expect(endedMs - fromMs).toBe(2_000);
  });

  test("leaves no timer behind, and neither does close", async () => {
    const world = new World();
    const { gateway, center } = world.linked();
    const done = center.hub.goodbye("stopping", "");
    world.clock.run(500);
    await done;
    gateway.hub.close();
    world.clock.run(100);
    expect(world.clock.timerCount).toBe(0);
  });
});
