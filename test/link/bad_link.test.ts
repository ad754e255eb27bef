/** What ends a link that is up, what does not, and what many strangers at once can do. */

import { describe, expect, test } from "#test";
import type { CloseReason } from "#link/link_port.ts";
import { Kind, encodeFrame } from "#wire/header.ts";
import { expectOnlyThatOne, frame, ground, hello, text, withSize } from "./bad_ground.ts";
import { HandPeer } from "./hand_peer.ts";
import { GATEWAY, cast, castOfSize, joined } from "./harness.ts";

describe("A link that is up", () => {
  const cases: readonly (readonly [string, Uint8Array, CloseReason])[] = [
    ["an HTTP request", text("GET / HTTP/1.1\r\n\r\n"), "bad_magic"],
    ["a frame of size 0", withSize(0), "bad_size"],
    ["a frame of size 2^32-1", withSize(0xffff_ffff), "bad_size"],
    ["a frame of 1 MiB and one byte", withSize(1024 * 1024 + 1), "bad_size"],
    ["a future protocol", cast("x", { protocol: 2 }), "bad_protocol"],
    ["a protocol of 0", cast("x", { protocol: 0 }), "bad_protocol"],
    ["an unknown kind", cast("x", { kind: 60 as Kind }), "bad_kind"],
    ["an unknown critical flag", cast("x", { flags: 0x80 }), "bad_flags"],
    ["another hello", hello({}), "unexpected_frame"],
    ["a challenge", frame(Kind.challenge, new Uint8Array(100)), "unexpected_frame"],
    ["another proof", frame(Kind.proof, new Uint8Array(32)), "unexpected_frame"],
    ["a welcome", frame(Kind.welcome, new Uint8Array(32)), "unexpected_frame"],
    ["a refuse", frame(Kind.refuse, new Uint8Array(11)), "unexpected_frame"],
    ["a short ping", frame(Kind.ping, new Uint8Array(39)), "bad_heartbeat"],
    ["a short pong", frame(Kind.pong), "bad_heartbeat"],
    ["a sync of an unknown method", frame(Kind.sync), "bad_sync"],
    [
      "a sync of arbitrary bytes",
      encodeFrame({ kind: Kind.sync, source: GATEWAY, target: GATEWAY, method: 2 }, text("nonsense")),
      "bad_sync",
    ],
  ];
  for (const [name, bytes, reason] of cases) {
    test(`is closed as ${reason} when it carries ${name}`, () => {
      const on = ground();
      const peer = new HandPeer(on.world, on.gateway).shake();
      expect(on.gateway.record.heard).toEqual(["up map:101", "up center:1"]);
      peer.write(bytes);
      expect(peer.isClosed).toBe(true);
      expect(on.gateway.record.heard).toEqual(["up map:101", "up center:1", `down center:1 ${reason}`]);
      expectOnlyThatOne(on, reason);
    });
  }

  test("delivers what came before the fault and nothing behind it", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    peer.write(joined(cast("before"), frame(Kind.proof), cast("behind")));
    expect(on.gateway.record.texts).toEqual(["before"]);
  });

  test("ignores unknown flags that are not critical", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    peer.write(cast("fine", { flags: 0x0f }));
    expect(on.gateway.record.texts).toEqual(["fine"]);
  });

  test("takes a goodbye that cannot be read for a goodbye", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    peer.write(frame(Kind.goodbye));
    expect(on.gateway.record.heard.slice(2)).toEqual(["goodbye center:1 unknown", "down center:1 goodbye"]);
  });

  test("stays up on casts alone, without a single ping", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    for (let index = 0; index < 30; index += 1) {
      peer.write(cast("x"));
      on.world.clock.run(900);
    }
    expect(on.gateway.record.heard).toEqual(["up map:101", "up center:1"]);
  });

  test("stays up while one frame drips in byte by byte: any byte is life", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    const bytes = cast("slowly");
    for (const byte of bytes) {
      peer.write(new Uint8Array([byte]));
      on.world.clock.run(900);
    }
    expect(on.gateway.record.texts).toEqual(["slowly"]);
  });

  test("is closed as slow_consumer when the other end talks but takes nothing for 10 s", () => {
    const on = ground();
    on.world.net.capacity = 10_000;
    const peer = new HandPeer(on.world, on.gateway).shake();
    peer.conn.isDeaf = true;
    on.gateway.link(peer.self.key).send(castOfSize(50_000), 0, "may");
    const fromMs = on.world.clock.nowMs();
    while (on.gateway.record.downs.length === 0 && on.world.clock.nowMs() - fromMs < 30_000) {
      peer.write(cast("talking"));
      on.world.clock.run(495);
    }
    expect(on.gateway.record.downs).toEqual(["slow_consumer"]);
    const tookMs = on.world.clock.nowMs() - fromMs;
    expect(tookMs).toBeGreaterThanOrEqual(10_000);
    expect(tookMs).toBeLessThanOrEqual(12_000);
    expect(on.map.record.heard).toEqual(["up gateway:1"]);
  });

  test("is closed as slow_consumer when the other end pings on and on without reading the answers", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway).shake();
    on.world.net.capacity = 100;
    peer.conn.isDeaf = true;
    const ping = frame(Kind.ping, new Uint8Array(40));
    for (let index = 0; index < 1_000; index += 1) peer.write(ping);
    expect(on.gateway.record.downs).toEqual(["slow_consumer"]);
  });
});

describe("Strangers", () => {
  test("are 64 at most at one time; a 65th is refused and a link that is up is not disturbed", () => {
    const on = ground();
    const peers = Array.from({ length: 64 }, () => on.world.net.stranger(on.gateway.address));
    on.world.clock.run(5);
    expect(peers.filter((peer) => peer.isClosed || peer.isEnded).length).toBe(0);
    const late = new HandPeer(on.world, on.gateway);
    expect(late.refusal()).toBe("too_many_links");
    expect(late.isClosed).toBe(true);
    expect(on.gateway.counters.get("link.refused:too_many_links")).toBe(1);
    // Their time runs out, and there is room again.
    on.world.clock.run(3_100);
    const next = new HandPeer(on.world, on.gateway).shake();
    expect(next.kinds()).toContain("welcome");
    expect(on.map.record.heard).toEqual(["up gateway:1"]);
  });

  test("that do not read their refusal are let go after 2 s, and count until then", () => {
    const on = ground();
    const peers = Array.from({ length: 64 }, () => new HandPeer(on.world, on.gateway));
    for (const peer of peers) {
      peer.conn.isDeaf = true;
      peer.write(hello({ cluster: "other" }));
    }
    expect(new HandPeer(on.world, on.gateway).refusal()).toBe("too_many_links");
    on.world.clock.run(2_100);
    expect(new HandPeer(on.world, on.gateway).shake().kinds()).toContain("welcome");
  });

  test("do not fill the log", () => {
    const on = ground();
    for (let index = 0; index < 200; index += 1)
      new HandPeer(on.world, on.gateway).write(text("GET / HTTP/1.1\r\n\r\n"));
    expect(on.gateway.counters.get("link.closed:bad_magic")).toBe(200);
    expect(on.gateway.lines.filter((line) => line.level === "warn").length).toBe(1);
  });
});
