/**
 * How long a node that ended waits before it is started again.
 *
 *   75            its gateway died and it wants back: at once, and no failure
 *   1             something outside is in the way (a port, a lock): 1 s, doubling to 30 s
 *   all others    a crash, a kill: 250 ms, doubling to 30 s
 */

import type { ExitStatus } from "#base/processes.ts";

const DELAY_MOST_MS = 30_000;
const OBSTACLE_MS = 1_000;
const CRASH_MS = 250;
/** Two starts of a node that asks to be restarted are at least so far apart, or it could spin. */
const STARTS_APART_MS = 250;

const EXIT_OBSTACLE = 1;
const EXIT_RESTART_ME = 75;

/** `failures`: those in a row before this one. */
export function restartDelay(status: ExitStatus, life: { readonly ranMs: number; readonly failures: number }): number {
  if (status.kind === "code" && status.code === EXIT_RESTART_ME) return Math.max(0, STARTS_APART_MS - life.ranMs);
  const first = status.kind === "code" && status.code === EXIT_OBSTACLE ? OBSTACLE_MS : CRASH_MS;
  return Math.min(DELAY_MOST_MS, first * 2 ** Math.min(life.failures, 16));
}
