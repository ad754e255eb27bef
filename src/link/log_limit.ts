/**
 * A log for what strangers can cause as often as they like: one line per phrase and reason in LINE_INTERVAL_MS,
 * with the count of those that were left out. Reasons are from a closed set, so the memory is bounded.
 */

import type { Clock } from "#base/clock.ts";
import type { Log, LogData } from "#base/log.ts";

const LINE_INTERVAL_MS = 10_000;

interface Line {
  saidMs: number;
  leftOut: number;
}

export class LogLimit {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lines = new Map<string, Line>();

  constructor(options: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = options.clock;
    this.#log = options.log;
  }

  warn(phrase: string, data: LogData & { readonly reason: string }): void {
    const nowMs = this.#clock.nowMs();
    const name = `${phrase}:${data.reason}`;
    const line = this.#lines.get(name);
    if (line !== undefined && nowMs - line.saidMs < LINE_INTERVAL_MS) {
      line.leftOut += 1;
      return;
    }
    this.#log.warn(phrase, line === undefined || line.leftOut === 0 ? data : { ...data, leftOut: line.leftOut });
    this.#lines.set(name, { saidMs: nowMs, leftOut: 0 });
  }
}
