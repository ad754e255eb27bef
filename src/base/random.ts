/**
 * Randomness as an argument: the operating system's in a process, a seeded one in the simulator.
 */

export interface Random {
  /** Uniform in [0, 1). For jitter and choices, never for secrets. */
  unit(): number;
  /** `size` bytes. Cryptographic in a process; for nonces, boots and term ids. */
  bytes(size: number): Uint8Array;
}

/** Integer in [0, bound). */
export function randomIndex(random: Random, bound: number): number {
  return Math.floor(random.unit() * bound);
}

/** A 32-bit seeded generator (mulberry32): fast, repeatable, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    unit: () => next() / 0x1_0000_0000,
    bytes: (size) => {
      const out = new Uint8Array(size);
      for (let index = 0; index < size; index += 1) out[index] = next() & 0xff;
      return out;
    },
  };
}
