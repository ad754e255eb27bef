/**
 * Many seeded runs of shard gateways on two cross gateways that peer, the owner below them, and what must hold over
 * all of them. Split into parts, so that the test command runs them side by side; a soak runs far more of them.
 */

import { KEPT_DENSE_SEEDS } from "./kept_seeds.ts";
import { chosenSeeds, percentile, print, report } from "./seeds.ts";
import type { StateRun } from "./state_run.ts";
import { DENSE, HEARTBEAT_MS, runState } from "./state_run.ts";

/**
 * From healing until every node holds what the owner holds: a dead link is found out by two silent ticks, of which
 * the first comes up to an interval late and a thaw may spoil one (4), the redial waits 1 s at most (1), a handshake
 * that is under way is given up after 3 s (3), and the list goes out with the link (depth: below one interval).
 */
export const SINCE_HEALING_MAX_MS = 4 * HEARTBEAT_MS + 1000 + 3000 + HEARTBEAT_MS;
/** From the moment at which the last link is up again. */
export const SINCE_LINKS_P99_MAX_MS = 2 * HEARTBEAT_MS;
export const SINCE_LINKS_MAX_MS = 5 * HEARTBEAT_MS;

export interface Tally {
  seeds: number;
  faults: number;
  writes: number;
  revivals: number;
  events: number;
  readonly sinceHealingMs: number[];
  readonly sinceLinksMs: number[];
}

export function newTally(): Tally {
  return { seeds: 0, faults: 0, writes: 0, revivals: 0, events: 0, sinceHealingMs: [], sinceLinksMs: [] };
}

export function runDense(seed: number): StateRun {
  return runState(seed, { convergeMaxMs: SINCE_HEALING_MAX_MS, profile: DENSE });
}

export function count(tally: Tally, run: StateRun): void {
  tally.seeds += 1;
  tally.faults += run.faults;
  tally.writes += run.writes;
  tally.revivals += run.revivals;
  tally.events += run.events;
  if (run.convergedMs !== undefined) tally.sinceHealingMs.push(run.convergedMs);
  if (run.convergedSinceLinksMs !== undefined) tally.sinceLinksMs.push(run.convergedSinceLinksMs);
}

/** Throws when a run breaks an invariant. */
export function runPart(options: { readonly part: number; readonly parts: number; readonly count: number }): Tally {
  const { part, parts } = options;
  const tally = newTally();
  const seeds = chosenSeeds({ count: options.count, kept: KEPT_DENSE_SEEDS });
  const isOne = seeds.length === 1;
  for (const [index, seed] of seeds.entries()) {
    if (isOne ? part === 0 : index % parts === part) count(tally, report(runDense(seed), `two_gateways_${part}`));
  }
  print(summary(tally));
  return tally;
}

export function summary(tally: Tally): string {
  const line = (what: string, values: readonly number[]): string => {
    const at = (share: number): string => (percentile(values, share) / HEARTBEAT_MS).toFixed(2);
    return `converged ${what}, in heartbeats: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}, of ${values.length}`;
  };
  return [
    `two cross gateways: ${tally.seeds} seeds, ${tally.faults} faults, ${tally.writes} writes, ${tally.events} events`,
    `${tally.revivals} deleted topics were held once more for a while, until the owner was heard`,
    line("after healing", tally.sinceHealingMs),
    line("after the last link was up", tally.sinceLinksMs),
  ].join("\n");
}

/** What must hold over many seeds; empty when it does. */
export function brokenPromises(tally: Tally): string[] {
  const broken: string[] = [];
  if (tally.sinceHealingMs.length !== tally.seeds) broken.push("not every run has converged");
  if (percentile(tally.sinceLinksMs, 0.99) > SINCE_LINKS_P99_MAX_MS)
    broken.push("p99 since the links is over 2 intervals");
  if (percentile(tally.sinceLinksMs, 1) > SINCE_LINKS_MAX_MS) broken.push("max since the links is over 5 intervals");
  if (percentile(tally.sinceHealingMs, 1) > SINCE_HEALING_MAX_MS) broken.push("max since healing is over its bound");
  return broken;
}
