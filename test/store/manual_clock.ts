/**
 * A clock that stands still until the test moves it. Both of its times move together.
 */

import type { Clock, Timer } from "#base/clock.ts";

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly fn: () => void;
}

export class ManualClock implements Clock {
  #nowMs: number;
  #order = 0;
  #due: Due[] = [];
  #held: (() => void)[] = [];
  /** True: what waits for a poll waits until `poll`. */
  holdsPolls = false;

  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fn: () => void): Timer {
    const due: Due = { atMs: this.#nowMs + Math.max(0, delayMs), order: (this.#order += 1), fn };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  afterPoll(fn: () => void): void {
    if (this.holdsPolls) this.#held.push(fn);
    else queueMicrotask(fn);
  }

  /** What has waited for it. */
  poll(): void {
    for (const fn of this.#held.splice(0)) fn();
  }

  get waitingForPoll(): number {
    return this.#held.length;
  }

  soon(fn: () => void): void {
    queueMicrotask(fn);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#due.length;
  }

  /** Runs what comes due on the way, each at its own time. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#due
        .filter((due) => due.atMs <= untilMs)
        .toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((due) => due !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.fn();
    }
    this.#nowMs = untilMs;
  }
}
