/**
 * Hashes as an argument, synchronous so that the simulator's traces repeat. Also hex, constant-time
 * comparison and the 64-bit prefix that versions are told by.
 */

export interface Digest {
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

const U64 = new Uint8Array(8);
const U64_VIEW = new DataView(U64.buffer);
/** By byte: two hex digits. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Compares without leaking where the first difference is. */
export function equalConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (let index = 0; index < bytes.length; index += 1) out += HEX[bytes[index] as number];
  return out;
}

export function fromHex(text: string): Uint8Array {
  const out = new Uint8Array(text.length >> 1);
  for (let index = 0; index < out.length; index += 1) {
    out[index] = (digitOf(text.charCodeAt(index * 2)) << 4) | digitOf(text.charCodeAt(index * 2 + 1));
  }
  return out;
}

/** Of a digit, in either case; what is none counts as 0. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : 0;
}

/** The first 8 bytes, big-endian, as an unsigned 64-bit integer. */
export function prefix64(hash: Uint8Array): bigint {
  for (let index = 0; index < 8; index += 1) U64[index] = hash[index] ?? 0;
  return U64_VIEW.getBigUint64(0);
}
