/**
 * Waits, in virtual time, for what a promise gives: a disk is asked between two events of the run.
 */

import type { SimWorld } from "#module/simulator/sim_world.ts";

const ANSWER_MAX_MS = 120_000;

/** What a promise gives that needs the world to go on. */
export function inWorld<T>(world: SimWorld, work: () => Promise<T>): T {
  let settled: { readonly value: T } | { readonly error: unknown } | undefined;
  work().then(
    (value) => (settled = { value }),
    (error: unknown) => (settled = { error }),
  );
  world.runUntil(() => settled !== undefined, ANSWER_MAX_MS);
  if (settled === undefined) throw new Error("Cannot go on: a disk does not answer");
  if ("error" in settled) throw settled.error;
  return settled.value;
}
