/**
 * Clock on the real time of the machine, on Deno.
 */

import { setImmediate } from "node:timers";
import type { Clock, Timer } from "#base/clock.ts";

/** Longer delays wrap around in setTimeout and would fire at once. */
const DELAY_MAX_MS = 0x7fff_ffff;

export const denoClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, fn) => new DenoTimer(delayMs, fn),
  // Immediates do not wait for I/O on Deno, however many follow each other; a timer fires in a later turn, and a turn
  // polls first. The first may be of the turn that is under way; the immediate lets what was read be told before.
  afterPoll: (fn) => {
    setTimeout(() => setTimeout(() => setImmediate(fn), 0), 0);
  },
  soon: (fn) => queueMicrotask(fn),
};

class DenoTimer implements Timer {
  readonly #dueMs: number;
  readonly #fn: () => void;
  #handle: ReturnType<typeof setTimeout>;

  constructor(delayMs: number, fn: () => void) {
    this.#dueMs = performance.now() + Math.max(0, delayMs);
    this.#fn = fn;
    this.#handle = this.#arm();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }

  #arm(): ReturnType<typeof setTimeout> {
    // Rounded up: a timer never fires before its time.
    const delayMs = Math.min(Math.ceil(this.#dueMs - performance.now()), DELAY_MAX_MS);
    return setTimeout(() => {
      if (performance.now() < this.#dueMs) this.#handle = this.#arm();
      else this.#fn();
    }, delayMs);
  }
}
