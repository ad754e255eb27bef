/**
 * Time and chance that browsers, Bun and Deno have in common, for a client that is given none. The one file of the
 * client that names them.
 */

import type { Timer } from "#base/clock.ts";

/** What a client needs of base/clock.ts. */
export interface ClientClock {
  nowMs(): number;
  after(delayMs: number, fn: () => void): Timer;
}

/** Longer delays fire at once in browsers. */
const DELAY_MAX_MS = 2 ** 31 - 1;

export const WEB_CLOCK: ClientClock = {
  nowMs: () => performance.now(),
  after: (delayMs, fn) => {
    const timer = setTimeout(fn, Math.min(delayMs, DELAY_MAX_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

export const WEB_RANDOM: { unit(): number } = { unit: () => Math.random() };
