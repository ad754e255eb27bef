/**
 * Coalesces writes: whoever queued bytes is flushed once at the end of the received chunk that is being worked
 * on, or, outside of one, once in a microtask. Holds no bytes itself.
 */

import type { Clock } from "#base/clock.ts";

export interface Flushable {
  /** True while it waits in the flusher. Only the flusher writes it. */
  flushWaits: boolean;
  /** Must not throw. May mark others, and itself. */
  flush(): void;
}

export class Flusher {
  readonly #clock: Clock;
  readonly #waiting: Flushable[] = [];
  /** Callbacks that will flush when they end. */
  #depth = 0;
  #soon = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mark(one: Flushable): void {
    if (one.flushWaits) return;
    one.flushWaits = true;
    this.#waiting.push(one);
    if (this.#depth > 0 || this.#soon) return;
    this.#soon = true;
    this.#clock.soon(() => {
      this.#soon = false;
      this.enter();
      this.leave();
    });
  }

  /** A received chunk begins; the caller must call `leave` whatever happens. */
  enter(): void {
    this.#depth += 1;
  }

  leave(): void {
    if (this.#depth === 1) this.#flushAll();
    this.#depth -= 1;
  }

  #flushAll(): void {
    for (let index = 0; index < this.#waiting.length; index += 1) {
      const one = this.#waiting[index] as Flushable;
      one.flushWaits = false;
      one.flush();
    }
    this.#waiting.length = 0;
  }
}
