/**
 * Timer wheel: deadlines of many calls for the price of one timer. Entries are small integers (slots of
 * pending calls); they fire not before their time and at most one tick after it. The timer runs only while
 * there are entries, and at the bounds of ticks: from anywhere else a turn could come nearly two ticks late.
 *
 * Hashed wheel (Varghese and Lauck 1987): bucket = tick % BUCKETS; an entry that is a turn or more away stays
 * in its bucket until its own tick comes.
 */

import { assert } from "#base/assert.ts";
import type { Clock, Timer } from "#base/clock.ts";

export const WHEEL_TICK_MS = 10;
const BUCKETS = 512;
const NONE = -1;

export class TimerWheel {
  readonly #clock: Clock;
  readonly #fire: (entry: number) => void;
  readonly #heads = new Int32Array(BUCKETS).fill(NONE);
  #next: Int32Array;
  #previous: Int32Array;
  #tickOf: Float64Array;
  #count = 0;
  #currentTick: number;
  #timer: Timer | undefined;

  constructor(options: { readonly clock: Clock; readonly capacity: number; readonly fire: (entry: number) => void }) {
    this.#clock = options.clock;
    this.#fire = options.fire;
    this.#next = new Int32Array(options.capacity).fill(NONE);
    this.#previous = new Int32Array(options.capacity).fill(NONE);
    this.#tickOf = new Float64Array(options.capacity).fill(NONE);
    this.#currentTick = Math.floor(options.clock.nowMs() / WHEEL_TICK_MS);
  }

  /** Entries are below the capacity, which only grows. */
  grow(capacity: number): void {
    this.#next = widened(this.#next, new Int32Array(capacity));
    this.#previous = widened(this.#previous, new Int32Array(capacity));
    this.#tickOf = widened(this.#tickOf, new Float64Array(capacity));
  }

  set(entry: number, atMs: number): void {
    assert(this.#tickOf[entry] === NONE, "timer wheel: entry is set already");
    if (this.#count === 0) this.#currentTick = Math.floor(this.#clock.nowMs() / WHEEL_TICK_MS);
    const tick = Math.max(Math.ceil(atMs / WHEEL_TICK_MS), this.#currentTick + 1);
    const bucket = tick % BUCKETS;
    const head = this.#heads[bucket] as number;
    this.#tickOf[entry] = tick;
    this.#next[entry] = head;
    this.#previous[entry] = NONE;
    if (head !== NONE) this.#previous[head] = entry;
    this.#heads[bucket] = entry;
    this.#count += 1;
    this.#arm();
  }

  clear(entry: number): void {
    const tick = this.#tickOf[entry] as number;
    if (tick === NONE) return;
    const next = this.#next[entry] as number;
    const previous = this.#previous[entry] as number;
    if (previous === NONE) this.#heads[tick % BUCKETS] = next;
    else this.#next[previous] = next;
    if (next !== NONE) this.#previous[next] = previous;
    this.#tickOf[entry] = NONE;
    this.#count -= 1;
  }

  /** Stops the timer; entries are forgotten by whoever owns them. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #turn(): void {
    this.#timer = undefined;
    const nowTick = Math.floor(this.#clock.nowMs() / WHEEL_TICK_MS);
    // After a long pause one turn over all buckets sees every entry that is due.
    const firstTick = Math.max(this.#currentTick + 1, nowTick - BUCKETS + 1);
    const due: number[] = [];
    for (let tick = firstTick; tick <= nowTick; tick += 1) {
      for (let entry = this.#heads[tick % BUCKETS] as number; entry !== NONE; entry = this.#next[entry] as number) {
        if ((this.#tickOf[entry] as number) <= nowTick) due.push(entry);
      }
    }
    this.#currentTick = Math.max(this.#currentTick, nowTick);
    // Firing one may clear others or set new ones.
    for (const entry of due) {
      const tick = this.#tickOf[entry] as number;
      if (tick === NONE || tick > nowTick) continue;
      this.clear(entry);
      this.#fire(entry);
    }
    if (this.#count > 0) this.#arm();
  }

  #arm(): void {
    this.#timer ??= this.#clock.after(WHEEL_TICK_MS - (this.#clock.nowMs() % WHEEL_TICK_MS), () => this.#turn());
  }
}

function widened<Array extends Int32Array | Float64Array>(from: Array, to: Array): Array {
  to.fill(NONE);
  to.set(from);
  return to;
}
