import { describe, expect, test } from "#test";
import { BEATS_PER_TICK_MAX } from "#link/pulse.ts";
import { Kind } from "#wire/header.ts";
import { encodeHeartbeat } from "#wire/heartbeat.ts";
import { frame, ground } from "./bad_ground.ts";
import { HandPeer } from "./hand_peer.ts";
import { GATEWAY, cast, joined } from "./harness.ts";

const beat = (kind: typeof Kind.ping | typeof Kind.pong, sequence: number): Uint8Array =>
  frame(kind, encodeHeartbeat({ sequence, clusterMs: 0, echoMs: 0, saidDigest: 0n, appliedDigest: 0n }));

describe("A peer that pings without end", () => {
  test("is answered so often in an interval and no more, stays up, and is answered again in the next", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    on.world.clock.run(100);
    const pongs = (): number => peer.kinds().filter((kind) => kind === "pong").length;
    expect(pongs()).toBe(0);
    for (let round = 0; round < 4; round += 1) {
      peer.write(joined(...Array.from({ length: 500 }, (_, index) => beat(Kind.ping, round * 500 + index))));
    }
    expect(pongs()).toBe(BEATS_PER_TICK_MAX);
    expect(on.gateway.counters.get("link.beat_ignored")).toBe(2_000 - BEATS_PER_TICK_MAX);
    on.world.clock.run(1_000);
    peer.write(beat(Kind.ping, 5_000));
    expect(pongs()).toBe(BEATS_PER_TICK_MAX + 1);
    expect(peer.isClosed).toBe(false);
  });

  test("counts for as much when it says pong", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    const before = on.gateway.record.beats.length;
    for (let round = 0; round < 4; round += 1) {
      peer.write(joined(...Array.from({ length: 500 }, () => beat(Kind.pong, 7))));
    }
    expect(on.gateway.record.beats.length - before).toBe(BEATS_PER_TICK_MAX);
    expect(peer.isClosed).toBe(false);
  });

  test("and reads none of the answers is closed as a slow consumer", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    on.world.net.capacity = 4_096;
    peer.conn.pause();
    const pings = joined(...Array.from({ length: 16 }, (_, index) => beat(Kind.ping, index)));
    for (let round = 0; round < 60; round += 1) {
      peer.conn.write(pings);
      on.world.clock.run(5);
    }
    expect(on.gateway.counters.get("link.closed:slow_consumer")).toBe(1);
    on.map.link(GATEWAY).send(cast("still here"), 0, "may");
    on.world.clock.run(5);
    expect(on.gateway.record.texts).toEqual(["still here"]);
  });
});

describe("An end that accepted", () => {
  test("leaves its ping out while it answers those of the other end, and pings again when none come", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    const pings = (): number => peer.kinds().filter((kind) => kind === "ping").length;
    const seen = [pings()];
    for (let second = 0; second < 3; second += 1) {
      peer.write(beat(Kind.ping, second + 1));
      on.world.clock.run(995);
      seen.push(pings());
    }
    on.world.clock.run(1_000);
    seen.push(pings());
    expect(seen).toEqual([1, 1, 1, 1, 2]);
    on.world.clock.run(1_000);
    expect(peer.isClosed).toBe(true);
  });
});
