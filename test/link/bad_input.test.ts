/** What must end one link and nothing else: each case names the reason, the counter, and leaves a healthy link alone. */

import { describe, expect, test } from "#test";
import type { CloseReason } from "#link/link_port.ts";
import { encodeHello } from "#wire/handshake.ts";
import { Kind, Offset, encodeFrame, writeU32 } from "#wire/header.ts";
import { ROLE_NUMBERS, nodeKey } from "#wire/role.ts";
import type { NodeKey } from "#wire/role.ts";
import { HandPeer } from "./hand_peer.ts";
import type { TestNode } from "./harness.ts";
import { GATEWAY, OTHER_KEY, World, cast, castOfSize, joined } from "./harness.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const EMPTY = new Uint8Array(0);
const frame = (kind: Kind, body: Uint8Array = EMPTY): Uint8Array =>
  encodeFrame({ kind, source: nodeKey("center", 1), target: GATEWAY, hops: 1 }, body);

/** Bytes with the size and the magic of a frame and nothing right behind them. */
function withSize(size: number): Uint8Array {
  const bytes = frame(Kind.hello);
  writeU32(bytes, Offset.size, size);
  return bytes;
}

function hello(change: Partial<Parameters<typeof encodeHello>[0]>, source: NodeKey = nodeKey("center", 1)): Uint8Array {
  const body = encodeHello({
    protocolMin: 1,
    protocolMax: 1,
    capabilities: 0,
    heartbeatMs: 1000,
    nonce: new Uint8Array(32),
    boot: "aa".repeat(16),
    startedAtMs: 1,
    roleNumber: ROLE_NUMBERS.center,
    number: 1,
    shard: 1,
    targetRoleNumber: ROLE_NUMBERS.gateway,
    targetNumber: 1,
    cluster: "test",
    ...change,
  });
  return encodeFrame({ kind: Kind.hello, source, target: GATEWAY, hops: 1 }, body);
}

interface Ground {
  readonly world: World;
  readonly gateway: TestNode;
  /** A healthy node beside the bad one. */
  readonly map: TestNode;
}

function ground(): Ground {
  const world = new World();
  const gateway = world.node({ role: "gateway", number: 1 });
  const map = world.node({ role: "map", number: 101 });
  world.connect(map, gateway);
  world.clock.run(100);
  return { world, gateway, map };
}

/** The one thing that all of these have in common. */
function expectOnlyThatOne({ world, gateway, map }: Ground, reason: CloseReason): void {
  const closed = Object.keys(gateway.counters.all()).filter((name) => name.startsWith("link.closed:"));
  expect(closed).toEqual([`link.closed:${reason}`]);
  expect(gateway.counters.get(`link.closed:${reason}`)).toBe(1);
  expect(map.record.heard).toEqual(["up gateway:1"]);
  map.link(GATEWAY).send(cast("still here"), 0, "may");
  world.clock.run(5);
  expect(gateway.record.texts).toEqual(["still here"]);
  expect(gateway.lines.filter((line) => line.level === "error")).toEqual([]);
}

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
