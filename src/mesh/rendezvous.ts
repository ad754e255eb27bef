/**
 * Rendezvous hashing (highest random weight, Thaler and Ravishankar 1998): everybody who sees the same
 * candidates chooses the same one, and when one goes only what was on it moves.
 */

/** A 32-bit mix of three numbers (two are node keys: their high and low halves both count). */
export function weight(a: number, b: number, candidate: number): number {
  let hash = 0x811c9dc5;
  hash = mix(hash, Math.floor(a / 0x1_0000_0000));
  hash = mix(hash, a >>> 0);
  hash = mix(hash, Math.floor(b / 0x1_0000_0000));
  hash = mix(hash, b >>> 0);
  hash = mix(hash, Math.floor(candidate / 0x1_0000_0000));
  hash = mix(hash, candidate >>> 0);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x7feb352d);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mix(hash: number, value: number): number {
  let out = Math.imul(hash ^ value, 0x85ebca6b);
  out ^= out >>> 13;
  return Math.imul(out, 0xc2b2ae35) ^ (out >>> 16);
}

/** The candidate with the highest weight for (a, b); the smaller number wins a tie. Undefined when there is none. */
export function rendezvous(a: number, b: number, candidates: readonly number[]): number | undefined {
  let best: number | undefined;
  let bestWeight = -1;
  for (const candidate of candidates) {
    const own = weight(a, b, candidate);
    if (own > bestWeight || (own === bestWeight && best !== undefined && candidate < best)) {
      best = candidate;
      bestWeight = own;
    }
  }
  return best;
}
