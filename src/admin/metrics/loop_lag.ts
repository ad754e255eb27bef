/**
 * How late the event loop is: a timer that says how long after its time it ran. A loop that is blocked for `n` ms shows
 * as one observation of about `n`, if it was blocked when the timer was due.
 */

import type { Clock, Timer } from "#base/clock.ts";

export const LAG_INTERVAL_MS = 250;

export class LoopLag {
  readonly #clock: Clock;
  readonly #observe: (lagMs: number) => void;
  #timer: Timer | undefined;

  constructor(options: { readonly clock: Clock; readonly observe: (lagMs: number) => void }) {
    this.#clock = options.clock;
    this.#observe = options.observe;
  }

  start(): void {
    const dueMs = this.#clock.nowMs() + LAG_INTERVAL_MS;
    this.#timer = this.#clock.after(LAG_INTERVAL_MS, () => {
      this.#observe(Math.max(0, this.#clock.nowMs() - dueMs));
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
