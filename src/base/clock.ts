/**
 * Time as an argument. `nowMs` is monotonic and orders events of one process; `wallMs` is the calendar
 * and may jump. The simulator implements this on virtual time, runtime/ on the real one.
 */

export interface Timer {
  /** Never fires afterwards. Harmless when it has fired or was cancelled. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds since some fixed point of this process. */
  nowMs(): number;
  /** Milliseconds since 1970-01-01 UTC. */
  wallMs(): number;
  /** Calls `fn` once, not before `delayMs` from now. */
  after(delayMs: number, fn: () => void): Timer;
  /** Calls `fn` once after the event loop has polled for I/O at least once from now on. */
  afterPoll(fn: () => void): void;
  /** Calls `fn` after the running callback, before any other event. */
  soon(fn: () => void): void;
}

/** A promise that resolves after `delayMs`. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
