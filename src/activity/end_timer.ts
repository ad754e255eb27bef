/**
 * One timer for the ends of many activities: wakes at the earliest one, and at least every END_CHECK_MAX_MS while
 * there is any, since the calendar may jump and what is known of the owner's clock may be corrected.
 */

import type { Clock, Timer } from "#base/clock.ts";

export const END_CHECK_MAX_MS = 10_000;
export const END_RETRY_MS = 1000;

export interface EndTimerOptions {
  readonly clock: Clock;
  readonly clusterMs: () => number;
  /** The ends that are still to come, in cluster time. */
  readonly ends: () => readonly number[];
  /** Ends what is due. Must not throw; `false`: it failed, try again after END_RETRY_MS. */
  readonly act: () => Promise<boolean> | boolean;
}

export class EndTimer {
  readonly #options: EndTimerOptions;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: EndTimerOptions) {
    this.#options = options;
  }

  /** After every change of the ends. */
  arm(): void {
    const earliest = least(this.#options.ends());
    this.#set(earliest === undefined ? undefined : Math.max(0, earliest - this.#options.clusterMs()));
  }

  /** What is still due after it was acted on waits for the next look: no busy loop. */
  #rearm(): void {
    const nowMs = this.#options.clusterMs();
    const ends = this.#options.ends();
    const next = least(ends.filter((end) => end > nowMs));
    if (next !== undefined) this.#set(next - nowMs);
    else this.#set(ends.length === 0 ? undefined : END_CHECK_MAX_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#set(undefined);
  }

  #set(delayMs: number | undefined): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (delayMs === undefined || this.#isStopped) return;
    this.#timer = this.#options.clock.after(Math.min(delayMs, END_CHECK_MAX_MS), () => {
      const done = this.#options.act();
      if (typeof done === "boolean") this.#acted(done);
      else
        done.then(
          (isDone) => this.#acted(isDone),
          () => this.#acted(false),
        );
    });
  }

  #acted(isDone: boolean): void {
    if (isDone) this.#rearm();
    else this.#set(END_RETRY_MS);
  }
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}
