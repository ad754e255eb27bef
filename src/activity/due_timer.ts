/**
 * One timer for what is due at many activities: wakes at the earliest time, and at least every DUE_CHECK_MAX_MS while
 * there is any, since the calendar may jump and what is known of the owner's clock may be corrected.
 */

import type { Clock, Timer } from "#base/clock.ts";

export const DUE_CHECK_MAX_MS = 10_000;
export const DUE_RETRY_MS = 1000;

export interface DueTimerOptions {
  readonly clock: Clock;
  readonly clusterMs: () => number;
  /** When something is due, in cluster time; what is past is due now. */
  readonly times: () => readonly number[];
  /** Does what is due. Must not throw; `false`: it failed, try again after DUE_RETRY_MS. */
  readonly act: () => Promise<boolean> | boolean;
}

export class DueTimer {
  readonly #options: DueTimerOptions;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: DueTimerOptions) {
    this.#options = options;
  }

  /** After every change of the times. */
  arm(): void {
    const earliest = least(this.#options.times());
    this.#set(earliest === undefined ? undefined : Math.max(0, earliest - this.#options.clusterMs()));
  }

  /** What is still due after it was acted on waits for the next look: no busy loop. */
  #rearm(): void {
    const nowMs = this.#options.clusterMs();
    const times = this.#options.times();
    const next = least(times.filter((atMs) => atMs > nowMs));
    if (next !== undefined) this.#set(next - nowMs);
    else this.#set(times.length === 0 ? undefined : DUE_CHECK_MAX_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#set(undefined);
  }

  #set(delayMs: number | undefined): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (delayMs === undefined || this.#isStopped) return;
    this.#timer = this.#options.clock.after(Math.min(delayMs, DUE_CHECK_MAX_MS), () => {
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
    else this.#set(DUE_RETRY_MS);
  }
}

function least(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}
