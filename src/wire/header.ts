/**
 * The 40-byte frame header: offsets, kinds, flags, and reading and writing fields in place.
 * Integers are big-endian. Reading allocates nothing; a frame is (buffer, offset of its size field).
 */

import { FRAME_SIZE_MIN, HEADER_SIZE, HOPS_START, MAGIC, PROTOCOL_VERSION, SIZE_FIELD_SIZE } from "./limits.ts";
import type { NodeKey } from "./role.ts";
import { numberOfKey, roleNumberOfKey, wireKey } from "./role.ts";

export const Kind = {
  hello: 1,
  challenge: 2,
  proof: 3,
  welcome: 4,
  refuse: 5,
  ping: 6,
  pong: 7,
  goodbye: 8,
  sync: 16,
  cast: 32,
  call: 33,
  reply: 34,
  error: 35,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];
export type KindName = keyof typeof Kind;

const KIND_NAMES: readonly (KindName | undefined)[] = (() => {
  const names: (KindName | undefined)[] = Array.from({ length: 256 });
  for (const name of Object.keys(Kind) as KindName[]) names[Kind[name]] = name;
  return names;
})();

export function kindName(kind: number): KindName | undefined {
  return KIND_NAMES[kind];
}

/** Routed kinds travel over several links; the others end at the next one. */
export function isRouted(kind: number): boolean {
  return kind >= Kind.cast && kind <= Kind.error;
}

/** The body is raw bytes rather than MessagePack. */
export const FLAG_RAW = 0x01;
/** Bits that a receiver must know: an unknown one among them refuses the frame. */
export const FLAGS_CRITICAL = 0xf0;
export const FLAGS_CRITICAL_KNOWN = 0x00;

export const Offset = {
  size: 0,
  magic: 4,
  protocol: 6,
  kind: 7,
  sourceRole: 8,
  targetRole: 10,
  sourceNumber: 12,
  targetNumber: 16,
  targetShard: 20,
  callerTag: 24,
  callId: 28,
  deadlineMs: 32,
  method: 36,
  hops: 38,
  flags: 39,
  body: HEADER_SIZE,
} as const;

export function readU16(buffer: Uint8Array, at: number): number {
  return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
}

export function readU32(buffer: Uint8Array, at: number): number {
  return (
    (((buffer[at] as number) << 24) |
      ((buffer[at + 1] as number) << 16) |
      ((buffer[at + 2] as number) << 8) |
      (buffer[at + 3] as number)) >>>
    0
  );
}

export function writeU16(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 8;
  buffer[at + 1] = value;
}

export function writeU32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

/** Bytes of the whole frame, size field included. */
export function frameSize(buffer: Uint8Array, offset: number): number {
  return readU32(buffer, offset) + SIZE_FIELD_SIZE;
}

export function frameKind(buffer: Uint8Array, offset: number): number {
  return buffer[offset + Offset.kind] as number;
}

export function sourceKey(buffer: Uint8Array, offset: number): NodeKey {
  return wireKey(readU16(buffer, offset + Offset.sourceRole), readU32(buffer, offset + Offset.sourceNumber));
}

export function targetKey(buffer: Uint8Array, offset: number): NodeKey {
  return wireKey(readU16(buffer, offset + Offset.targetRole), readU32(buffer, offset + Offset.targetNumber));
}

/** Everything a frame says about itself but its body. Absent numbers are 0. */
export interface Header {
  readonly kind: Kind;
  readonly source: NodeKey;
  readonly target: NodeKey;
  readonly targetShard?: number;
  readonly callerTag?: number;
  readonly callId?: number;
  readonly deadlineMs?: number;
  readonly method?: number;
  readonly hops?: number;
  readonly flags?: number;
  readonly protocol?: number;
}

/** Writes the header of a frame whose body has `bodySize` bytes. `buffer` has HEADER_SIZE bytes from `offset`. */
export function writeHeader(buffer: Uint8Array, offset: number, options: { header: Header; bodySize: number }): void {
  const { header, bodySize } = options;
  writeU32(buffer, offset, FRAME_SIZE_MIN + bodySize);
  writeU16(buffer, offset + Offset.magic, MAGIC);
  buffer[offset + Offset.protocol] = header.protocol ?? PROTOCOL_VERSION;
  buffer[offset + Offset.kind] = header.kind;
  writeU16(buffer, offset + Offset.sourceRole, roleNumberOfKey(header.source));
  writeU16(buffer, offset + Offset.targetRole, roleNumberOfKey(header.target));
  writeU32(buffer, offset + Offset.sourceNumber, numberOfKey(header.source));
  writeU32(buffer, offset + Offset.targetNumber, numberOfKey(header.target));
  writeU32(buffer, offset + Offset.targetShard, header.targetShard ?? 0);
  writeU32(buffer, offset + Offset.callerTag, header.callerTag ?? 0);
  writeU32(buffer, offset + Offset.callId, header.callId ?? 0);
  writeU32(buffer, offset + Offset.deadlineMs, header.deadlineMs ?? 0);
  writeU16(buffer, offset + Offset.method, header.method ?? 0);
  buffer[offset + Offset.hops] = header.hops ?? HOPS_START;
  buffer[offset + Offset.flags] = header.flags ?? 0;
}

/** A whole frame in a buffer of its own. */
export function encodeFrame(header: Header, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER_SIZE + body.length);
  writeHeader(out, 0, { header, bodySize: body.length });
  out.set(body, HEADER_SIZE);
  return out;
}

/** The whole frame, in a buffer of its own, of a header that is alone in a buffer. */
export function joinParts(header: Uint8Array, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(HEADER_SIZE + body.length);
  out.set(header);
  out.set(body, HEADER_SIZE);
  return out;
}

/** The body, in memory of its own: cheaper than a copy of the view. */
export function copyBody(buffer: Uint8Array, offset: number): Uint8Array {
  return buffer.slice(offset + HEADER_SIZE, offset + frameSize(buffer, offset));
}

/** The body, as a view into the buffer. */
export function frameBody(buffer: Uint8Array, offset: number): Uint8Array {
  return buffer.subarray(offset + HEADER_SIZE, offset + frameSize(buffer, offset));
}
