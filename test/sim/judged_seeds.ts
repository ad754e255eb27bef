/**
 * What the test of a simulated run does with many seeds: runs them, says what they have met, and holds them to it.
 */

import { expect } from "#test";
import type { JudgedRun } from "./judged_run.ts";
import { list, percentiles, print, report, total } from "./seeds.ts";

export interface Met<Run> {
  readonly runs: readonly Run[];
  readonly seen: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<string, number>;
}

/** Throws at the first seed that fails; each has converged. `name`: of the test's file. */
export async function runSeeds<Run extends JudgedRun>(
  seeds: readonly number[],
  options: { readonly name: string; readonly heartbeatMs: number; readonly run: (seed: number) => Promise<Run> },
): Promise<Met<Run>> {
  const runs: Run[] = [];
  for (const seed of seeds) runs.push(report(await options.run(seed), options.name));
  const seen = total(runs, (run) => run.outcomes);
  const faults = total(runs, (run) => run.faults);
  const virtualMs = runs.reduce((sum, run) => sum + run.virtualMs, 0);
  print(`${runs.length} seeds, ${(virtualMs / 60_000).toFixed(0)} virtual minutes`);
  print(`faults: ${list(faults)}`);
  print(`seen: ${list(seen)}`);
  const converged = runs.flatMap(({ convergedMs }) => convergedMs ?? []);
  percentiles(
    "converged after healing, in heartbeats",
    converged.map((ms) => ms / options.heartbeatMs),
  );
  expect(converged.length).toBe(seeds.length);
  return { runs, seen, faults };
}

/** Each outcome at least so often for each seed, and every kind of fault. */
export function expectMet<Run>(
  { runs, seen, faults }: Met<Run>,
  wanted: { readonly least: Readonly<Record<string, number>>; readonly kinds: readonly string[] },
): void {
  for (const [name, least] of Object.entries(wanted.least)) {
    expect({ name, isEnough: (seen.get(name) ?? 0) >= least * runs.length }).toEqual({ name, isEnough: true });
  }
  expect([...faults.keys()]).toEqual([...wanted.kinds].toSorted());
}

/** Twice each; and no two seeds the same. */
export async function expectSameTraces(
  seeds: readonly number[],
  run: (seed: number) => Promise<JudgedRun>,
): Promise<void> {
  const digests = new Set<string>();
  for (const seed of seeds) {
    const first = await run(seed);
    const second = await run(seed);
    expect(second.digest).toBe(first.digest);
    expect(second.events).toBe(first.events);
    digests.add(first.digest);
  }
  expect(digests.size).toBe(seeds.length);
}
