/**
 * Hashes as an argument, synchronous so that the simulator's traces repeat. Also hex, constant-time
 * comparison and the 64-bit prefix that versions are told by.
 */

export interface Digest {
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

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
  for (const byte of bytes) out += byte.toString(16).padStart(2, "0");
  return out;
}

export function fromHex(text: string): Uint8Array {
  const out = new Uint8Array(text.length >> 1);
  for (let index = 0; index < out.length; index += 1) {
    out[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return out;
}

/** The first 8 bytes, big-endian, as an unsigned 64-bit integer. */
export function prefix64(hash: Uint8Array): bigint {
  let out = 0n;
  for (let index = 0; index < 8; index += 1) out = (out << 8n) | BigInt(hash[index] ?? 0);
  return out;
}
