/**
 * A timer of both runtimes: never before its time, however long that is away, and cancelled for good.
 */

import type { Timer } from "#base/clock.ts";

/** Longer delays wrap around in setTimeout and would fire at once. */
const DELAY_MAX_MS = 0x7fff_ffff;

export class SystemTimer implements Timer {
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
    // Rounded up: a timer never fires before its time. One that is overdue already is no negative delay, which Bun warns of.
    const delayMs = Math.max(0, Math.min(Math.ceil(this.#dueMs - performance.now()), DELAY_MAX_MS));
    return setTimeout(() => {
      if (performance.now() < this.#dueMs) this.#handle = this.#arm();
      else this.#fn();
    }, delayMs);
  }
}
