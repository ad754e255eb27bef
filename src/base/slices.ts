/**
 * Long work in slices: between two pieces of it the event loop polls for I/O, whenever SLICE_MS have passed since it last
 * did. Promises alone do not let it: a store may answer at once, and then work that follows on work holds up heartbeats
 * and calls until all of it is done. Does not interrupt a piece: that is up to whoever cuts the work.
 */

import type { Clock } from "./clock.ts";

/** Much less than a heartbeat, much more than a poll costs. */
export const SLICE_MS = 10;

export class Slices {
  readonly #clock: Clock;
  #sinceMs: number;

  /** The work begins now. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
  }

  /** To be awaited after each piece. */
  async pause(): Promise<void> {
    if (this.#clock.nowMs() - this.#sinceMs < SLICE_MS) return;
    await new Promise<void>((resolve) => this.#clock.afterPoll(resolve));
    this.#sinceMs = this.#clock.nowMs();
  }
}
