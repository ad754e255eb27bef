import { describe, expect, test } from "#test";
import { KEPT_TERMS_SEEDS } from "./kept_seeds.ts";
import { chosenSeeds, percentiles, print, report } from "./seeds.ts";
import type { TermsRun } from "./terms_run.ts";
import { HEARTBEAT_MS, runTerms } from "./terms_run.ts";

const SEEDS = 60;
/** As for every cluster: see cluster_sim.test.ts. */
const CONVERGE_MAX_MS = 8 * HEARTBEAT_MS;
const TIME_MAX_MS = 3_600_000;

describe("Activities in full, simulated", () => {
  test(
    "happen once through every crash, and every reward comes once",
    async () => {
      const seeds = chosenSeeds({ count: SEEDS, kept: KEPT_TERMS_SEEDS });
      const runs: TermsRun[] = [];
      for (const seed of seeds)
        runs.push(report(await runTerms(seed, { convergeMaxMs: CONVERGE_MAX_MS }), "terms_sim"));
      const seen = total(runs, (run) => run.outcomes);
      print(
        `${runs.length} seeds, ${runs.reduce((sum, run) => sum + run.virtualMs / 60_000, 0).toFixed(0)} virtual minutes`,
      );
      print(`faults: ${list(total(runs, (run) => run.faults))}`);
      print(`seen: ${list(seen)}`);
      percentiles(
        "converged after healing, in heartbeats",
        runs.flatMap((run) => (run.convergedMs ?? []) as number[]).map((ms) => ms / HEARTBEAT_MS),
      );
      expect(runs.length).toBe(seeds.length);
    },
    TIME_MAX_MS,
  );
});

function total(runs: readonly TermsRun[], of: (run: TermsRun) => ReadonlyMap<string, number>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const run of runs) for (const [name, count] of of(run)) sums.set(name, (sums.get(name) ?? 0) + count);
  return new Map([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
}
