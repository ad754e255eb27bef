/**
 * Vectors of frames: headers with their bodies, streams of several frames, and bytes that are no frames.
 */

import { fromHex, toHex } from "#base/digest.ts";
import { FLAG_RAW, Kind, encodeFrame, frameBody, readU16, readU32 } from "#wire/header.ts";
import type { Header } from "#wire/header.ts";
import { NUMBER_EVERY, nodeKey } from "#wire/role.ts";

export interface HeaderFields {
  readonly size: number;
  readonly magic: number;
  readonly protocol: number;
  readonly kind: number;
  readonly sourceRole: number;
  readonly targetRole: number;
  readonly sourceNumber: number;
  readonly targetNumber: number;
  readonly targetShard: number;
  readonly callerTag: number;
  readonly callId: number;
  readonly deadlineMs: number;
  readonly method: number;
  readonly hops: number;
  readonly flags: number;
}

export interface FrameVector {
  readonly name: string;
  readonly hex: string;
  readonly header: HeaderFields;
  readonly body: string;
}

export interface StreamVector {
  readonly name: string;
  readonly hex: string;
  /** Names in frames.json. */
  readonly frames: readonly string[];
}

export interface BadFrameVector {
  readonly name: string;
  /** "handshake" until a link is ready, then "ready". */
  readonly state: "handshake" | "ready";
  readonly hex: string;
  /** Whole frames that come before the fault. */
  readonly framesBefore: number;
  readonly fault: string;
}

const center3 = nodeKey("center", 3);
const gateway3 = nodeKey("gateway", 3);
const user301 = nodeKey("user", 301);
const crossGateway1 = nodeKey("cross_gateway", 1);
const crossCenter5 = nodeKey("cross_center", 5);

/** Spelled out field by field from the layout, so that it is no echo of writeHeader. */
export function headerFields(buffer: Uint8Array): HeaderFields {
  return {
    size: readU32(buffer, 0),
    magic: readU16(buffer, 4),
    protocol: buffer[6] ?? 0,
    kind: buffer[7] ?? 0,
    sourceRole: readU16(buffer, 8),
    targetRole: readU16(buffer, 10),
    sourceNumber: readU32(buffer, 12),
    targetNumber: readU32(buffer, 16),
    targetShard: readU32(buffer, 20),
    callerTag: readU32(buffer, 24),
    callId: readU32(buffer, 28),
    deadlineMs: readU32(buffer, 32),
    method: readU16(buffer, 36),
    hops: buffer[38] ?? 0,
    flags: buffer[39] ?? 0,
  };
}

function frames(): readonly (readonly [string, Header, string])[] {
  const call = { callerTag: 0xa1b2c3d4, callId: 1, deadlineMs: 2000, method: 1024 } as const;
  return [
    ["ping, body of zeros", { kind: Kind.ping, source: user301, target: gateway3, hops: 1 }, "00".repeat(40)],
    [
      "cast to a node, MessagePack body",
      { kind: Kind.cast, source: center3, target: crossCenter5, method: 1030 },
      "81a161c3",
    ],
    [
      "cast with a deadline",
      { kind: Kind.cast, source: center3, target: crossCenter5, method: 1030, deadlineMs: 1500 },
      "c0",
    ],
    [
      "cast to every center",
      { kind: Kind.cast, source: crossCenter5, target: nodeKey("center", NUMBER_EVERY), method: 1031 },
      "c0",
    ],
    [
      "cast to every user of shard 3",
      { kind: Kind.cast, source: crossCenter5, target: nodeKey("user", NUMBER_EVERY), targetShard: 3, method: 1031 },
      "c0",
    ],
    ["call, raw body", { kind: Kind.call, source: center3, target: crossCenter5, ...call, flags: FLAG_RAW }, "00ff10"],
    [
      "call that crossed three links",
      { kind: Kind.call, source: center3, target: crossCenter5, ...call, hops: 6, deadlineMs: 1997 },
      "c0",
    ],
    ["call with every field at its largest", largestCall(), "c2"],
    [
      "reply with an empty body",
      { kind: Kind.reply, source: crossCenter5, target: center3, ...call, flags: FLAG_RAW, deadlineMs: 0 },
      "",
    ],
    [
      "error NO_ROUTE",
      { kind: Kind.error, source: crossGateway1, target: center3, ...call, deadlineMs: 0 },
      "01" + "0005" + "00000001" + "0000",
    ],
    [
      "ignorable flags that nobody knows",
      { kind: Kind.cast, source: center3, target: crossCenter5, method: 1030, flags: 0x0e },
      "c0",
    ],
  ];
}

function largestCall(): Header {
  return {
    kind: Kind.call,
    source: nodeKey("center", 0xffff_fff0),
    target: nodeKey("map", 0xffff_fff0),
    targetShard: 0xffff_ffff,
    callerTag: 0xffff_ffff,
    callId: 0xffff_ffff,
    deadlineMs: 0xffff_ffff,
    method: 0xffff,
    hops: 8,
  };
}

export function frameVectors(): readonly FrameVector[] {
  return frames().map(([name, header, body]) => {
    const bytes = encodeFrame(header, fromHex(body));
    return { name, hex: toHex(bytes), header: headerFields(bytes), body: toHex(frameBody(bytes, 0)) };
  });
}

export function streamVectors(): readonly StreamVector[] {
  const all = frameVectors();
  const stream = (name: string, of: readonly FrameVector[]): StreamVector => ({
    name,
    hex: of.map((one) => one.hex).join(""),
    frames: of.map((one) => one.name),
  });
  return [
    stream("no bytes", []),
    stream("one frame", all.slice(0, 1)),
    stream("every frame, one after the other", all),
    stream("the same backwards", all.toReversed()),
    stream(
      "twenty empty bodies",
      Array.from({ length: 20 }, () => all.find((one) => one.body === "")).filter((one) => one !== undefined),
    ),
  ];
}

const hex = (text: string): string => toHex(new TextEncoder().encode(text));

export function badFrameVectors(): readonly BadFrameVector[] {
  const good = encodeFrame({ kind: Kind.ping, source: user301, target: gateway3, hops: 1 }, new Uint8Array(40));
  const changed = (at: number, bytes: string): string => {
    const copy = good.slice();
    copy.set(fromHex(bytes), at);
    return toHex(copy);
  };
  const bad = (
    name: string,
    of: { fault: string; hex: string; state?: "handshake" | "ready"; framesBefore?: number },
  ): BadFrameVector => ({
    name,
    state: of.state ?? "ready",
    hex: of.hex,
    framesBefore: of.framesBefore ?? 0,
    fault: of.fault,
  });
  return [
    bad("an HTTP request", { state: "handshake", hex: hex("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), fault: "bad_magic" }),
    bad("a TLS client hello", { state: "handshake", hex: "16030100c8010000c40303", fault: "bad_magic" }),
    bad("wrong magic, only six bytes", { hex: "000000244b47", fault: "bad_magic" }),
    bad("wrong magic and wrong size: the magic is named", { hex: "ffffffff0000", fault: "bad_magic" }),
    bad("size 0", { hex: "000000004b46", fault: "bad_size" }),
    bad("size 35, one less than a header", { hex: "000000234b46", fault: "bad_size" }),
    bad("size 2^32-1", { hex: "ffffffff4b46", fault: "bad_size" }),
    bad("size 16 MiB, before the rest of the header", { hex: "010000004b46", fault: "bad_size" }),
    bad("one byte more than 1 MiB", { hex: "001000014b46", fault: "bad_size" }),
    bad("one byte more than 4 KiB in the handshake", { state: "handshake", hex: "000010014b46", fault: "bad_size" }),
    bad("protocol 0", { hex: changed(6, "00"), fault: "bad_protocol" }),
    bad("protocol 2", { hex: changed(6, "02"), fault: "bad_protocol" }),
    bad("kind 0", { hex: changed(7, "00"), fault: "bad_kind" }),
    bad("kind 9", { hex: changed(7, "09"), fault: "bad_kind" }),
    bad("kind 255 in the handshake", { state: "handshake", hex: changed(7, "ff"), fault: "bad_kind" }),
    bad("a flag that must be known", { hex: changed(39, "10"), fault: "bad_flags" }),
    bad("all flags", { hex: changed(39, "ff"), fault: "bad_flags" }),
    bad("a good frame, then a wrong magic", { hex: `${toHex(good)}000000244c46`, framesBefore: 1, fault: "bad_magic" }),
    bad("two good frames, then size 0", {
      hex: `${toHex(good)}${toHex(good)}000000004b46ffff`,
      framesBefore: 2,
      fault: "bad_size",
    }),
  ];
}
