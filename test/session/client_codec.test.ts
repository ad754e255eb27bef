import { describe, expect, test } from "#test";
import { fromHex } from "#base/digest.ts";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { PACKET_BODY_DEPTH_MAX, PackedBody, packPacketBody } from "#session/client_body.ts";
import {
  PacketError,
  decodeClientPacket,
  decodeServerPacket,
  encodeClientPacket,
  encodeServerPacket,
} from "#session/client_codec.ts";
import type { ClientPacket, ServerPacket } from "#session/client_packets.ts";
import {
  CLOSE_CODES,
  DETAIL_LENGTH_MAX,
  PACKET_DOWN_SIZE_MAX,
  PACKET_UP_SIZE_MAX,
  PACKET_UP_SIZE_MAX_LOGIN,
  REQUEST_ERROR_CODES,
  U32_MAX,
} from "#session/client_packets.ts";
import { CLIENT_VECTORS } from "./client_vectors.ts";

function pick<T>(random: Random, list: readonly T[]): T {
  return list[randomIndex(random, list.length)] as T;
}

function u32(random: Random, min: number): number {
  return pick(random, [min, 1, 127, 128, 65_535, 65_536, U32_MAX, min + randomIndex(random, U32_MAX)]);
}

function text(random: Random): string {
  return pick(random, ["a", "跨服", "x".repeat(31), "x".repeat(32), "x".repeat(128), "\u0000"]);
}

function value(random: Random, depth: number): unknown {
  const kind = randomIndex(random, depth === 0 ? 6 : 8);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return random.unit() < 0.5;
    case 2:
      return u32(random, 0);
    case 3:
      return random.unit() * 1e9;
    case 4:
      return text(random);
    case 5:
      return random.bytes(randomIndex(random, 40));
    case 6:
      return Array.from({ length: randomIndex(random, 5) }, () => value(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: randomIndex(random, 5) }, (_, index) => [`k${index}`, value(random, depth - 1)]),
      );
  }
}

function clientPacket(random: Random): ClientPacket {
  const resume = { session: text(random), resumeToken: text(random), ackedPush: u32(random, 0) };
  return pick<ClientPacket>(random, [
    { kind: "hello", token: text(random), resume: random.unit() < 0.5 ? null : resume },
    { kind: "request", seq: u32(random, 1), method: 1024 + randomIndex(random, 64_512), body: value(random, 4) },
    { kind: "ack", pushSeq: u32(random, 0) },
    { kind: "ping", n: u32(random, 0) },
    { kind: "bye" },
  ]);
}

function serverPacket(random: Random): ServerPacket {
  const welcome = {
    session: text(random),
    player: text(random),
    resumeToken: text(random),
    resumed: random.unit() < 0.5,
    serverMs: randomIndex(random, Number.MAX_SAFE_INTEGER),
    heartbeatMs: u32(random, 1),
    windowMs: u32(random, 0),
    answered: u32(random, 0),
  };
  const code = pick(random, CLOSE_CODES);
  return pick<ServerPacket>(random, [
    { kind: "welcome", welcome },
    { kind: "queued", place: u32(random, 0), estimateMs: u32(random, 0) },
    { kind: "refuse", code, detail: text(random), retryMs: random.unit() < 0.5 ? null : u32(random, 0) },
    { kind: "reply", seq: u32(random, 1), body: value(random, 4) },
    {
      kind: "error",
      seq: u32(random, 1),
      code: pick(random, REQUEST_ERROR_CODES),
      detail: text(random),
      executed: pick(random, [true, false, null]),
    },
    { kind: "push", pushSeq: u32(random, 1), type: text(random), body: value(random, 4) },
    { kind: "pong", n: u32(random, 0), serverMs: welcome.serverMs },
    { kind: "kicked", code, detail: text(random) },
    { kind: "renew", resumeToken: text(random) },
  ]);
}

/** One to four bytes changed, cut off, or put in. */
function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  let out = [...bytes];
  for (let count = 1 + randomIndex(random, 4); count > 0; count -= 1) {
    const at = randomIndex(random, out.length + 1);
    const kind = randomIndex(random, 3);
    if (kind === 0) out[at] = pick(random, [0, 0x90, 0xc0, 0xc1, 0xdd, 0xff, randomIndex(random, 256)]);
    else if (kind === 1) out = out.slice(0, at);
    else out.splice(at, 0, randomIndex(random, 256));
  }
  return new Uint8Array(out);
}

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof PacketError ? `${error.code}: ${error.message}` : `not a PacketError: ${String(error)}`;
  }
  return "no error";
}

function nested(depth: number): unknown {
  let value: unknown = null;
  for (let count = 0; count < depth; count += 1) value = [value];
  return value;
}

describe("Client codec", () => {
  test("what one end writes the other reads, for packets of every kind", () => {
    const random = seededRandom(11);
    const kinds = new Set<string>();
    for (let count = 0; count < 4_000; count += 1) {
      const up = clientPacket(random);
      const down = serverPacket(random);
      kinds.add(up.kind).add(down.kind);
      expect(decodeClientPacket(encodeClientPacket(up), PACKET_UP_SIZE_MAX)).toEqual(up);
      expect(decodeServerPacket(encodeServerPacket(down))).toEqual(down);
    }
    expect(kinds.size).toBe(14);
  });

  test("damaged bytes are a packet, passed over or a typed fault, and never thrown", () => {
    const random = seededRandom(12);
    const corpus = CLIENT_VECTORS.packets.map(({ hex }) => fromHex(hex));
    const seen = new Map<string, number>();
    for (let count = 0; count < 40_000; count += 1) {
      const bytes = damaged(random, pick(random, corpus));
      for (const packet of [decodeClientPacket(bytes, PACKET_UP_SIZE_MAX), decodeServerPacket(bytes)]) {
        seen.set(packet.kind, (seen.get(packet.kind) ?? 0) + 1);
        if (packet.kind === "fault") expect(packet.detail.length).toBeGreaterThan(0);
      }
    }
    expect([...seen.keys()].toSorted()).toEqual(
      [
        ...["ack", "bye", "error", "fault", "hello", "ignored", "kicked", "ping", "pong", "push"],
        ...["queued", "refuse", "renew", "reply", "request", "welcome"],
      ].toSorted(),
    );
  });

  test("a packet that was read out of damaged bytes can be written and read again", () => {
    const random = seededRandom(13);
    const corpus = CLIENT_VECTORS.packets.filter(({ way }) => way === "up").map(({ hex }) => fromHex(hex));
    let read = 0;
    for (let count = 0; count < 20_000; count += 1) {
      const packet = decodeClientPacket(damaged(random, pick(random, corpus)), PACKET_UP_SIZE_MAX);
      if (packet.kind === "fault" || packet.kind === "ignored") continue;
      read += 1;
      expect(decodeClientPacket(encodeClientPacket(packet), PACKET_UP_SIZE_MAX)).toEqual(packet);
    }
    expect(read).toBeGreaterThan(300);
  });

  test("a fault says place, found and allowed, and repeats no text of the packet", () => {
    const hello = encodeClientPacket({ kind: "hello", token: "secret", resume: null });
    expect(decodeClientPacket(hello, 8)).toEqual({
      kind: "fault",
      code: "too_large",
      detail: "packet is 11 bytes, allowed is 8",
    });
    expect(decodeClientPacket(fromHex("9403a6736563726574c0c0"), 4096)).toEqual({
      kind: "fault",
      code: "bad_packet",
      detail: "ack has text of 6 characters as pushSeq, allowed is an integer from 0 to 4294967295",
    });
    expect(decodeClientPacket(fromHex("9102"), 4096)).toEqual({
      kind: "fault",
      code: "bad_packet",
      detail: "request has 1 fields, seq is missing",
    });
  });

  test("a body at the limit of depth travels, one beyond is refused where it is written", () => {
    const body = nested(PACKET_BODY_DEPTH_MAX);
    const request = { kind: "request", seq: 1, method: 2000, body } as const;
    expect(decodeClientPacket(encodeClientPacket(request), PACKET_UP_SIZE_MAX)).toEqual(request);
    const deeper = { ...request, body: nested(PACKET_BODY_DEPTH_MAX + 1) };
    expect(errorOf(() => encodeClientPacket(deeper))).toContain("INVALID: Cannot encode request: ");
    expect(errorOf(() => encodeClientPacket({ ...request, body: new Date(0) }))).toContain("INVALID: ");
  });

  test("a packet at the limit of size travels, one byte more is refused where it is written", () => {
    const up = (size: number): ClientPacket => ({ kind: "request", seq: 1, method: 2000, body: new Uint8Array(size) });
    const down = (size: number): ServerPacket => ({ kind: "reply", seq: 1, body: new Uint8Array(size) });
    expect(encodeClientPacket(up(PACKET_UP_SIZE_MAX - 9)).length).toBe(PACKET_UP_SIZE_MAX);
    expect(errorOf(() => encodeClientPacket(up(PACKET_UP_SIZE_MAX - 8)))).toBe(
      "TOO_LARGE: Cannot encode request: it is 65537 bytes, allowed is 65536",
    );
    expect(encodeServerPacket(down(PACKET_DOWN_SIZE_MAX - 8)).length).toBe(PACKET_DOWN_SIZE_MAX);
    expect(errorOf(() => encodeServerPacket(down(PACKET_DOWN_SIZE_MAX - 7)))).toContain("TOO_LARGE: ");
    const token = "x".repeat(PACKET_UP_SIZE_MAX_LOGIN);
    expect(errorOf(() => encodeClientPacket({ kind: "hello", token, resume: null }))).toContain("TOO_LARGE: ");
  });

  test("a body that was packed ahead gives the same bytes, and keeps the value of that time", () => {
    const body = { list: [1, 2] };
    const packed = packPacketBody(body);
    const push = { kind: "push", pushSeq: 70_000, type: "boss_open" } as const;
    const now = encodeServerPacket({ ...push, body });
    body.list.push(3);
    expect(packed).toBeInstanceOf(PackedBody);
    expect(encodeServerPacket({ ...push, body: packed })).toEqual(now);
    expect(packPacketBody(undefined).bytes).toEqual(new Uint8Array([0xc0]));
  });

  test("a long detail is cut, but not within a character", () => {
    const detail = `${"x".repeat(DETAIL_LENGTH_MAX - 1)}🐉🐉`;
    const packet = decodeServerPacket(encodeServerPacket({ kind: "kicked", code: "kicked", detail }));
    expect(packet).toEqual({ kind: "kicked", code: "kicked", detail: "x".repeat(DETAIL_LENGTH_MAX - 1) });
  });
});
