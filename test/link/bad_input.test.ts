/** What strangers may not say: each case names the reason, the counter, and leaves a healthy link alone. */

import { describe, expect, test } from "#test";
import type { CloseReason } from "#link/link_port.ts";
import { Kind, encodeFrame } from "#wire/header.ts";
import type { NodeKey } from "#wire/role.ts";
import { nodeKey } from "#wire/role.ts";
import { EMPTY, expectOnlyThatOne, frame, ground, hello, text, withSize } from "./bad_ground.ts";
import { HandPeer } from "./hand_peer.ts";
import { GATEWAY, OTHER_KEY, World, cast, joined } from "./harness.ts";

describe("A conn that has said nothing yet", () => {
  const cases: readonly (readonly [string, Uint8Array, CloseReason])[] = [
    ["an HTTP request", text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "bad_magic"],
    ["a TLS hello", new Uint8Array([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01]), "bad_magic"],
    ["zeros", new Uint8Array(64), "bad_magic"],
    ["a frame of size 0", withSize(0), "bad_size"],
    ["a frame of size 35", withSize(35), "bad_size"],
    ["a frame of size 2^32-1", withSize(0xffff_ffff), "bad_size"],
    ["a frame of 16 MiB", joined(withSize(16 * 1024 * 1024), new Uint8Array(100_000)), "bad_size"],
    ["a frame of 4097 bytes", withSize(4097), "bad_size"],
    ["an unknown kind", encodeFrame({ kind: 99 as Kind, source: GATEWAY, target: GATEWAY }, EMPTY), "bad_kind"],
    [
      "an unknown critical flag",
      encodeFrame({ kind: Kind.hello, source: GATEWAY, target: GATEWAY, flags: 0x10 }, EMPTY),
      "bad_flags",
    ],
    ["a ping", frame(Kind.ping, new Uint8Array(40)), "unexpected_frame"],
    ["a proof", frame(Kind.proof, new Uint8Array(32)), "unexpected_frame"],
    ["a welcome", frame(Kind.welcome, new Uint8Array(32)), "unexpected_frame"],
    ["a challenge", frame(Kind.challenge, new Uint8Array(100)), "unexpected_frame"],
    ["a refuse", frame(Kind.refuse, new Uint8Array(11)), "unexpected_frame"],
    ["a goodbye", frame(Kind.goodbye, new Uint8Array(3)), "unexpected_frame"],
    ["a sync", frame(Kind.sync), "unexpected_frame"],
    ["a cast", cast("first"), "unexpected_frame"],
    ["a call", cast("first", { kind: Kind.call }), "unexpected_frame"],
  ];
  for (const [name, bytes, reason] of cases) {
    test(`is closed as ${reason} when it says ${name}`, () => {
      const on = ground();
      const peer = new HandPeer(on.world, on.gateway);
      peer.write(bytes);
      expect(peer.isClosed).toBe(true);
      expect(peer.kinds()).toEqual([]);
      expectOnlyThatOne(on, reason);
    });
  }

  test("is closed by its first bytes when 16 MiB trickle in", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway);
    const bytes = withSize(16 * 1024 * 1024);
    let sentSize = 0;
    for (const byte of bytes) {
      if (peer.isClosed) break;
      peer.write(new Uint8Array([byte]));
      sentSize += 1;
    }
    expect(sentSize).toBe(6);
    expectOnlyThatOne(on, "bad_size");
  });

  test("is closed as handshake_timeout after 3 s of silence, and of dripping bytes as well", () => {
    for (const drips of [false, true]) {
      const on = ground();
      const peer = new HandPeer(on.world, on.gateway);
      const bytes = hello({});
      for (let second = 0; second < 10 && !peer.isClosed; second += 1) {
        if (drips) peer.write(bytes.subarray(second, second + 1));
        on.world.clock.run(400);
      }
      expect(peer.isClosed).toBe(true);
      expectOnlyThatOne(on, "handshake_timeout");
    }
  });

  test("is gone without a line in the log when it only looked whether the port is open", () => {
    const on = ground();
    const before = on.gateway.lines.length;
    const peer = new HandPeer(on.world, on.gateway);
    peer.conn.terminate();
    on.world.clock.run(5);
    expect(on.gateway.lines.length).toBe(before);
    expectOnlyThatOne(on, "peer_closed");
  });
});

describe("A hello", () => {
  const cases: readonly (readonly [string, Uint8Array, string, CloseReason])[] = [
    ["of another cluster", hello({ cluster: "production" }), "bad_cluster", "refused"],
    ["of a future protocol", hello({ protocolMin: 2, protocolMax: 3 }), "bad_protocol", "bad_protocol"],
    ["with its protocol range upside down", hello({ protocolMin: 9, protocolMax: 0 }), "bad_protocol", "bad_protocol"],
    ["for another node", hello({ targetNumber: 2 }), "wrong_target", "wrong_identity"],
    ["of an unknown role", hello({ roleNumber: 77 }, (77 * 2 ** 32 + 1) as NodeKey), "role_not_allowed", "refused"],
    [
      "of a role that may not dial here",
      hello({ roleNumber: 7 }, nodeKey("cross_map", 1)),
      "role_not_allowed",
      "refused",
    ],
    ["of another shard", hello({ shard: 2 }), "shard_mismatch", "refused"],
    ["without a shard", hello({ shard: 0 }), "shard_mismatch", "refused"],
    ["with the number 0", hello({ number: 0 }, nodeKey("center", 0)), "bad_hello", "bad_hello"],
    [
      "with the number of every node",
      hello({ number: 0xffff_ffff }, nodeKey("center", 0xffff_ffff)),
      "bad_hello",
      "bad_hello",
    ],
    ["with a heartbeat of 2^32-1", hello({ heartbeatMs: 0xffff_ffff }), "bad_hello", "bad_hello"],
    ["with a heartbeat of 0", hello({ heartbeatMs: 0 }), "bad_hello", "bad_hello"],
    ["whose header names another node", hello({}, nodeKey("center", 2)), "bad_hello", "bad_hello"],
    ["that is cut short", frame(Kind.hello, new Uint8Array(60)), "bad_hello", "bad_hello"],
  ];
  for (const [name, bytes, refusal, reason] of cases) {
    test(`${name} is refused as ${refusal}`, () => {
      const on = ground();
      const peer = new HandPeer(on.world, on.gateway);
      peer.write(bytes);
      expect(peer.refusal()).toBe(refusal);
      expect(peer.kinds()).toEqual(["refuse"]);
      expect(peer.isClosed).toBe(true);
      peer.conn.terminate();
      on.world.clock.run(5);
      expect(on.gateway.counters.get(`link.refused:${refusal}`)).toBe(1);
      expect(on.gateway.lines.filter((line) => line.level === "warn").map((line) => line.phrase)).toEqual([
        "conn refused",
      ]);
      expectOnlyThatOne(on, reason);
    });
  }

  test("of another shard than the config says is refused as shard_mismatch", () => {
    const world = new World();
    const gateway = world.node(
      { role: "cross_gateway", number: 1 },
      { expectedShard: (id) => (id === "gateway:5" ? 5 : undefined) },
    );
    const wrong = new HandPeer(world, gateway, { role: "gateway", number: 5, shard: 6 });
    wrong.write(wrong.machine.start());
    expect(wrong.refusal()).toBe("shard_mismatch");
    const right = new HandPeer(world, gateway, { role: "gateway", number: 5, shard: 5 }).shake();
    expect(right.kinds().slice(0, 2)).toEqual(["challenge", "welcome"]);
  });

  test("that comes twice closes the conn as unexpected_frame", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway);
    peer.write(joined(hello({}), hello({})));
    expect(peer.isClosed).toBe(true);
    expectOnlyThatOne(on, "unexpected_frame");
  });
});

describe("A proof", () => {
  test("with another key is refused as bad_proof", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway, { keys: [OTHER_KEY] }).shake();
    expect(peer.kinds()).toEqual(["challenge", "refuse"]);
    expect(peer.refusal()).toBe("bad_proof");
    peer.conn.terminate();
    on.world.clock.run(5);
    expectOnlyThatOne(on, "bad_proof");
  });

  test("that was recorded from an earlier link is refused as bad_proof", () => {
    const on = ground();
    const first = new HandPeer(on.world, on.gateway);
    const helloFrame = first.machine.start();
    const step = first.hello();
    if (step.kind !== "send") throw new Error("no proof");
    first.write(step.frame);
    expect(first.kinds()).toContain("welcome");
    on.gateway.hub.link(nodeKey("center", 1))?.close("stopping");
    const replay = new HandPeer(on.world, on.gateway);
    replay.write(helloFrame).write(step.frame);
    expect(replay.refusal()).toBe("bad_proof");
  });

  test("of another size is refused as bad_proof", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway);
    peer.hello();
    peer.write(frame(Kind.proof, new Uint8Array(33)));
    expect(peer.refusal()).toBe("bad_proof");
  });

  test("must come before anything else: data before it closes the conn as unexpected_frame", () => {
    const on = ground();
    const peer = new HandPeer(on.world, on.gateway);
    peer.hello();
    peer.write(cast("too early"));
    expect(peer.isClosed).toBe(true);
    expectOnlyThatOne(on, "unexpected_frame");
    expect(on.gateway.record.heard).toEqual(["up map:101"]);
  });
});
