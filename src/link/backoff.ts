/**
 * How long a dialer waits before it tries again: full jitter over a bound that doubles from 50 ms to 1 s, so
 * that a thousand nodes that lost one gateway do not come back in step. Pure: the dialer owns the timer.
 */

export const BACKOFF_MIN_MS = 50;
export const BACKOFF_MAX_MS = 1_000;
/** A link that was up for so long has made good for the failures before it. */
export const BACKOFF_RESET_MS = 10_000;

export interface Backoff {
  /** Attempts that have ended since the last good link; 1 after the first failure. */
  readonly attempt: number;
  /** Uniform in [0, 1). */
  readonly unit: number;
  /** While in a hurry: the longest pause that is wanted. */
  readonly hurryMs: number | undefined;
}

/** Milliseconds until the next attempt may start. */
export function backoffMs({ attempt, unit, hurryMs }: Backoff): number {
  if (hurryMs !== undefined) return hurryMs * (0.5 + unit / 2);
  const bound = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(attempt - 1, 16));
  return bound * unit;
}

/** In a hurry a connection gets at most so many times the pace: the pace is a quarter of an interval. */
const HURRIED_PACES_MAX = 4;

/**
 * How long a connection may take to open. In a hurry a lost packet is not waited for; but the time doubles with each
 * attempt up to a whole interval, or a gateway that lives behind a long way would never be reached in time.
 */
export function connectLimitMs(
  limitMs: number,
  hurry: { readonly hurryMs: number | undefined; readonly attempt: number },
): number {
  const { hurryMs, attempt } = hurry;
  if (hurryMs === undefined) return limitMs;
  return Math.min(limitMs, Math.max(BACKOFF_MIN_MS, hurryMs) * Math.min(2 ** Math.min(attempt, 16), HURRIED_PACES_MAX));
}

/** The attempts that count after a link that was up for `upMs` has ended. */
export function attemptsAfterUp(attempt: number, upMs: number): number {
  return upMs >= BACKOFF_RESET_MS ? 0 : attempt;
}
