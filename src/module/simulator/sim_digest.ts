/**
 * A digest for simulated runs: fast and repeatable, differs when the input does, and is no cryptography at all.
 */

import type { Digest } from "#base/digest.ts";

const LANES = 8;
const SIZE = LANES * 4;

/** Both functions are as wide as SHA-256. */
export const SIM_DIGEST: Digest = {
  sha256: (...parts) => digest(0x9e3779b9, parts),
  hmacSha256: (key, ...parts) => digest(0x85ebca6b, [key, ...parts]),
};

function digest(salt: number, parts: readonly Uint8Array[]): Uint8Array {
  let a = salt;
  let b = 0x27d4eb2f;
  for (const part of parts) {
    for (let index = 0; index < part.length; index += 1) {
      a = Math.imul(a ^ (part[index] as number), 0x01000193);
      b = Math.imul(b + (a >>> 15), 0x2c1b3c6d) ^ a;
    }
    // So that a byte that moves from one part to the next changes the outcome.
    a = Math.imul(a ^ (part.length + 0x100), 0x01000193);
  }
  const out = new Uint8Array(SIZE);
  for (let lane = 0; lane < LANES; lane += 1) {
    a = Math.imul(a ^ (a >>> 16) ^ lane, 0x7feb352d);
    b = Math.imul(b ^ (b >>> 15), 0x846ca68b) + a;
    const word = a ^ (b >>> 13) ^ (b << 7);
    out[lane * 4] = word;
    out[lane * 4 + 1] = word >>> 8;
    out[lane * 4 + 2] = word >>> 16;
    out[lane * 4 + 3] = word >>> 24;
  }
  return out;
}
