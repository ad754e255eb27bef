/**
 * Body codec: plain values to MessagePack and back. Plain is null, booleans, numbers, text, bytes, bigints of 64 bits,
 * arrays and objects; no extension types, so that a node in any language can read and write them. `undefined` as a
 * whole is the empty body; as a property it is left out; inside an array it becomes null.
 *
 * Bytes from the wire are walked once before they are decoded: the walk allocates nothing and bounds depth and counts
 * by what is really there, so that a five-byte body can't ask for an array of 2^32 items.
 */

import { Packr } from "msgpackr/pack";
import { faultOfPlain } from "./plain_value.ts";

/** Containers within containers. */
export const BODY_DEPTH_MAX = 32;

/** Bytes that are not a body, or a value that can't be one. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly code = "INVALID";
}

/** int64AsType "auto" (a number when it is a safe integer, else a bigint) is missing from the package's types. */
const OPTIONS = {
  useRecords: false,
  mapsAsObjects: true,
  encodeUndefinedAsNil: true,
  skipValues: [undefined],
  int64AsType: "auto",
  copyBuffers: true,
};
const CODEC = new Packr(OPTIONS as unknown as NonNullable<ConstructorParameters<typeof Packr>[0]>);
const EMPTY = new Uint8Array(0);

/** Throws BodyError when the value is not plain: a Date, a Map, an instance of a class, a cycle, an integer beyond 64 bits. */
export function packBody(value: unknown): Uint8Array {
  if (value === undefined) return EMPTY;
  try {
    const fault = faultOfPlain(value, BODY_DEPTH_MAX);
    if (fault !== undefined) throw new BodyError(`Cannot encode body: ${fault}`);
    const packed = CODEC.pack(value);
    return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw new BodyError(`Cannot encode body: ${describe(error)}`, { cause: error });
  }
}

/** Throws BodyError unless `bytes` are exactly one value. The result shares no memory with them. */
export function unpackBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  const fault = faultOf(bytes);
  if (fault !== undefined) throw new BodyError(`Cannot decode body: ${fault}`);
  try {
    return CODEC.unpack(bytes) as unknown;
  } catch (error) {
    throw new BodyError(`Cannot decode body: ${describe(error)}`, { cause: error });
  }
}

/** The package's messages may repeat parts of the value, which may be secret: only the class is told. */
function describe(error: unknown): string {
  if (error instanceof RangeError) return "it is cyclic, too deep or has an integer of more than 64 bits";
  return "it is no plain value";
}

/** Bytes after the token that are this token's own payload; -1 for tokens that the walk looks at itself. */
function fixedSize(token: number): number {
  if (token < 0x80 || token >= 0xe0) return 0;
  if (token >= 0xa0 && token < 0xc0) return token - 0xa0;
  switch (token) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return 0;
    case 0xcc:
    case 0xd0:
      return 1;
    case 0xcd:
    case 0xd1:
      return 2;
    case 0xca:
    case 0xce:
    case 0xd2:
      return 4;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 8;
    default:
      return -1;
  }
}

/** Values that are still to come at each depth; one walk at a time, and it never yields. */
const LEFT = new Float64Array(BODY_DEPTH_MAX + 1);
/** At each depth: 1 when every second value is a key, 0 in an array. */
const KEYED = new Uint8Array(BODY_DEPTH_MAX + 1);

/** What is wrong with the bytes, or undefined when they are one plain value. */
function faultOf(bytes: Uint8Array): string | undefined {
  const size = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  let at = 0;
  let depth = 0;
  LEFT[0] = 1;
  KEYED[0] = 0;
  for (;;) {
    while ((LEFT[depth] ?? 0) === 0) {
      if (depth === 0) return at === size ? undefined : `${size - at} bytes follow the value`;
      depth -= 1;
    }
    if (at >= size) return "it ends in the middle of a value";
    const token = bytes[at] ?? 0;
    at += 1;
    const isKey = KEYED[depth] === 1 && (LEFT[depth] ?? 0) % 2 === 0;
    LEFT[depth] = (LEFT[depth] ?? 0) - 1;

    const isText = (token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb);
    if (isKey && !isText) return "a key is not text";
    const own = fixedSize(token);
    if (own >= 0) {
      at += own;
      if (at > size) return "it ends in the middle of a value";
      continue;
    }

    const lengthSize = lengthSizeOf(token);
    if (lengthSize < 0) return `token 0x${token.toString(16)} is not allowed`;
    if (at + lengthSize > size) return "it ends in the middle of a value";
    let length = token & 0x0f;
    if (lengthSize === 1) length = view.getUint8(at);
    else if (lengthSize === 2) length = view.getUint16(at);
    else if (lengthSize === 4) length = view.getUint32(at);
    at += lengthSize;

    const isMap = (token >= 0x80 && token < 0x90) || token >= 0xde;
    const isArray = (token >= 0x90 && token < 0xa0) || token === 0xdc || token === 0xdd;
    if (!isMap && !isArray) {
      at += length;
      if (at > size) return "it ends in the middle of a value";
      continue;
    }
    const count = isMap ? length * 2 : length;
    if (count > size - at) return "it ends in the middle of a value";
    if (depth === BODY_DEPTH_MAX) return `it is deeper than ${BODY_DEPTH_MAX}`;
    depth += 1;
    LEFT[depth] = count;
    KEYED[depth] = isMap ? 1 : 0;
  }
}

/** Size of the length that follows the token, 0 when it is in the token, -1 when the token is not allowed. */
function lengthSizeOf(token: number): number {
  if (token >= 0x80 && token < 0xa0) return 0;
  switch (token) {
    case 0xc4:
    case 0xd9:
      return 1;
    case 0xc5:
    case 0xda:
    case 0xdc:
    case 0xde:
      return 2;
    case 0xc6:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return 4;
    default:
      return -1;
  }
}
