/**
 * The ticks of many links on few timers: links that begin shortly after each other tick together, since a turn of the
 * event loop costs a cross gateway with a thousand of them more than the tick itself.
 *
 * A tick waits for a poll after its timer, so that bytes which came in meanwhile are seen before it judges, and a
 * process that stood still itself does not blame its peer. The next one comes an interval after it, never sooner; only
 * the first may come sooner, by JOIN_PART of an interval.
 */

import type { Clock, Timer } from "#base/clock.ts";

/** Of an interval: for so long after its tick others may join a group. */
export const JOIN_PART = 1 / 16;
/** Links that tick in one turn. */
export const GROUP_SIZE_MAX = 64;

/** Must not throw. */
export type Tick = () => void;

interface Group {
  readonly intervalMs: number;
  readonly ticks: Set<Tick>;
  /** When it ticked last, or began. */
  lastMs: number;
  timer: Timer;
}

export class SharedTicks {
  readonly #clock: Clock;
  readonly #groups = new Set<Group>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  /** Calls `tick` in every interval until it is cancelled. A function ticks once at a time. */
  every(intervalMs: number, tick: Tick): Timer {
    const group = this.#open(intervalMs) ?? this.#begin(intervalMs);
    group.ticks.add(tick);
    return {
      cancel: () => {
        group.ticks.delete(tick);
        if (group.ticks.size > 0 || !this.#groups.delete(group)) return;
        group.timer.cancel();
      },
    };
  }

  #open(intervalMs: number): Group | undefined {
    const fromMs = this.#clock.nowMs() - intervalMs * JOIN_PART;
    for (const group of this.#groups) {
      if (group.intervalMs === intervalMs && group.lastMs >= fromMs && group.ticks.size < GROUP_SIZE_MAX) return group;
    }
    return undefined;
  }

  #begin(intervalMs: number): Group {
    const ticks = new Set<Tick>();
    const group: Group = { intervalMs, ticks, lastMs: this.#clock.nowMs(), timer: NEVER };
    this.#groups.add(group);
    this.#arm(group);
    return group;
  }

  #arm(group: Group): void {
    group.timer = this.#clock.after(group.intervalMs, () => this.#clock.afterPoll(() => this.#tick(group)));
  }

  #tick(group: Group): void {
    // Whoever joins from inside a tick waits for the next one; whoever leaves is not called any more.
    for (const tick of [...group.ticks]) if (group.ticks.has(tick)) tick();
    if (!this.#groups.has(group)) return;
    group.lastMs = this.#clock.nowMs();
    this.#arm(group);
  }
}

const NEVER: Timer = { cancel: () => {} };
