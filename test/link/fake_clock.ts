/**
 * Virtual time for the tests of link/: timers in order of time, microtasks after each callback, polls that a
 * test can hold back to play a process that stood still.
 */

import type { Clock, Timer } from "#base/clock.ts";

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly fn: () => void;
}

export class FakeClock implements Clock {
  /** False: no I/O is polled, so nothing that waits for a poll runs. */
  polls = true;
  #now = 0;
  #order = 0;
  #timers: Waiting[] = [];
  #polls: (() => void)[] = [];
  #soon: (() => void)[] = [];

  nowMs(): number {
    return this.#now;
  }
  wallMs(): number {
    return 1_700_000_000_000 + this.#now;
  }
  after(delayMs: number, fn: () => void): Timer {
    this.#order += 1;
    const waiting = { atMs: this.#now + Math.max(0, delayMs), order: this.#order, fn };
    this.#timers.push(waiting);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((timer) => timer !== waiting);
      },
    };
  }
  afterPoll(fn: () => void): void {
    this.#polls.push(fn);
  }
  soon(fn: () => void): void {
    this.#soon.push(fn);
  }

  get timerCount(): number {
    return this.#timers.length;
  }

  /** Runs everything that is due until `durationMs` have passed. */
  run(durationMs: number): void {
    const untilMs = this.#now + durationMs;
    this.#settle();
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.atMs);
      next.fn();
      this.#settle();
    }
    this.#now = untilMs;
  }

  /** Runs until `done` says so; fails loudly when it does not within `limitMs`. */
  runUntil(done: () => boolean, limitMs = 60_000): void {
    const untilMs = this.#now + limitMs;
    while (!done()) {
      if (this.#now >= untilMs) throw new Error(`not done within ${limitMs} ms of virtual time`);
      this.run(1);
    }
  }

  #settle(): void {
    for (;;) {
      const fn = this.#soon.shift();
      if (fn !== undefined) fn();
      else if (this.polls && this.#polls.length > 0) for (const poll of this.#polls.splice(0)) poll();
      else return;
    }
  }
}
