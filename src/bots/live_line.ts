/**
 * What a run says of itself while it goes on: one line with what happened since the line before. Pure.
 */

import type { BotFigures } from "./bot_figures.ts";

/** How long a line stands at a terminal, and elsewhere, where each is kept. */
export const LIVE_MS = 1_000;
export const PLAIN_MS = 5_000;

interface Sums {
  readonly atMs: number;
  readonly logins: number;
  readonly answered: number;
  readonly errors: number;
}

export class LiveLine {
  readonly #figures: BotFigures;
  readonly #startMs: number;
  #last: Sums;

  constructor(figures: BotFigures, nowMs: number) {
    this.#figures = figures;
    this.#startMs = nowMs;
    this.#last = { atMs: nowMs, logins: 0, answered: 0, errors: 0 };
  }

  /** Begins the next span. Requests count when they have ended, each with the time that it took. */
  next(nowMs: number): string {
    const figures = this.#figures;
    const answered = figures.replies + figures.errorCount;
    const sums = { atMs: nowMs, logins: figures.logins, answered, errors: figures.errorCount };
    const last = this.#last;
    this.#last = sums;
    const rate = (of: "logins" | "answered" | "errors"): string => {
      const spanS = (nowMs - last.atMs) / 1000;
      return spanS > 0 ? Math.round((sums[of] - last[of]) / spanS).toString() : "0";
    };
    const { recent } = figures;
    const time = (percent: number): string =>
      recent.count === 0 ? "-" : `${recent.percentileMs(percent).toFixed(1)} ms`;
    const parts = [
      `${Math.round((nowMs - this.#startMs) / 1000)} s`,
      `online ${figures.at("online")}`,
      `queued ${figures.at("queued")}`,
      `resuming ${figures.at("resuming")}`,
      `logins/s ${rate("logins")}`,
      `requests/s ${rate("answered")}`,
      `p50 ${time(50)}`,
      `p99 ${time(99)}`,
      `errors/s ${rate("errors")}`,
    ];
    recent.clear();
    return parts.join("  ");
  }
}
