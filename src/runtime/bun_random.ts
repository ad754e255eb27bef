/**
 * Randomness of the operating system.
 */

import type { Random } from "#base/random.ts";

export const bunRandom: Random = {
  unit: () => Math.random(),
  bytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
};
