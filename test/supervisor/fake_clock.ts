/**
 * Time that a test moves. Timers fire in order of their time; microtasks run for real.
 */

import type { Clock, Timer } from "../../src/base/clock.ts";

export class FakeClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly fn: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_790_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, fn: () => void): Timer {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), fn };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  afterPoll(fn: () => void): void {
    this.after(0, fn);
  }

  soon(fn: () => void): void {
    queueMicrotask(fn);
  }

  /** Everything that is due by then, each at its time. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settled();
    for (;;) {
      const due = this.#timers.filter((each) => each.atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.fn();
      await settled();
    }
    this.#nowMs = untilMs;
  }
}

/** All that promises have to do by themselves. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
