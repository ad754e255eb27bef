/**
 * What the run asks of the process with the clients, and what that answers.
 */

import { percentile } from "../stats.ts";

export type Question =
  /** Until there are so many players. */
  | { readonly what: "enter"; readonly count: number }
  /** One request in flight on each of the first `conns` connections. */
  | ({ readonly what: "load" } & Load)
  /** One player has everybody told something. */
  | { readonly what: "push" };

export interface Load {
  readonly conns: number;
  /** An echo of a text of so many bytes, or a coin that is saved. */
  readonly ask: { readonly kind: "echo"; readonly size: number } | { readonly kind: "earn" };
  readonly durationMs: number;
}

/** Of logins, or of requests. */
export interface Times {
  readonly count: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Pushed {
  /** From when it was asked for until the last player had it. */
  readonly lastMs: number;
}

/** Logins under way at once. */
export const AT_ONCE = 64;
/** What a connection sends in one cell at most: less than the door lets it send at once. */
export const REQUESTS_MAX = 130;
export const PUSHED_TEXT = "x".repeat(64);

export function timesOf(timesMs: readonly number[], elapsedMs: number): Times {
  return { count: timesMs.length, elapsedMs, p50Ms: percentile(timesMs, 50), p99Ms: percentile(timesMs, 99) };
}
