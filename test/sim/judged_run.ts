/**
 * What every simulated run answers, whatever it has run.
 */

import type { SimWorld } from "#module/simulator/sim_world.ts";
import type { Ledger } from "./ledger.ts";

export interface JudgedRun {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly digest: string;
  readonly trace: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly events: number;
  readonly virtualMs: number;
  /** From healing until all nodes hold the same; undefined: they did not. */
  readonly convergedMs: number | undefined;
}

/** When it is over. */
export function judgedRun(of: {
  readonly seed: number;
  readonly world: SimWorld;
  readonly ledger: Ledger;
  readonly faults: ReadonlyMap<string, number>;
  readonly convergedMs: number | undefined;
}): JudgedRun {
  const { seed, world, ledger, faults, convergedMs } = of;
  return {
    seed,
    violations: ledger.violations,
    digest: world.trace.digest,
    trace: ledger.trace,
    faults,
    outcomes: ledger.outcomes,
    events: world.eventCount,
    virtualMs: world.nowMs,
    convergedMs,
  };
}
