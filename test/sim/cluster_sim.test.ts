import { describe, expect, test } from "#test";
import type { ClusterRun } from "./cluster_run.ts";
import { HEARTBEAT_MS, runCluster } from "./cluster_run.ts";
import { FAULT_KINDS } from "#module/simulator/sim_faults.ts";
import { KEPT_CLUSTER_SEEDS } from "./kept_seeds.ts";
import { chosenSeeds, list, percentiles, print, report, total } from "./seeds.ts";

const SEEDS = 500;
/** Healing, finding dead links (2 intervals) or a dead gateway (4), starting, dialling, one interval and the way. */
const CONVERGE_MAX_MS = 8 * HEARTBEAT_MS;
const TIME_MAX_MS = 900_000;
const SAME_TRACE_SEEDS = [1, 17, 42, 77, 123, 200, 301, 499];

/** What must have happened over all seeds for the run to prove anything, per seed on average. */
const LEAST: Readonly<Record<string, number>> = {
  "call:ok": 100,
  "call:DEADLINE": 1,
  "call:LINK_LOST": 0.2,
  "call:NO_ROUTE": 1,
  "casts heard": 10,
  "change:ok": 5,
  "exit:gateway_dead": 0.1,
  "exit:gateway_restarted": 0.01,
  "exit:gateway_stopping": 0.01,
  "last calls": 30,
  "logins agree": 2,
  "way:between shards": 10,
  "way:cross to shard": 10,
  "way:shard to cross": 10,
  "way:within a shard": 10,
  closed: 2,
  opened: 5,
};

describe("A whole cluster, simulated", () => {
  test(
    "keeps its promises under faults and comes to rest when they are over",
    async () => {
      const seeds = chosenSeeds({ count: SEEDS, kept: KEPT_CLUSTER_SEEDS });
      const runs: ClusterRun[] = [];
      for (const seed of seeds)
        runs.push(report(await runCluster(seed, { convergeMaxMs: CONVERGE_MAX_MS }), "cluster_sim"));
      const outcomes = total(runs, (run) => run.outcomes);
      const faults = total(runs, (run) => run.faults);
      const virtualMs = runs.reduce((sum, run) => sum + run.virtualMs, 0);
      print(`${runs.length} seeds, ${(virtualMs / 60_000).toFixed(0)} virtual minutes`);
      print(`faults: ${list(faults)}`);
      print(`seen: ${list(outcomes)}`);
      const converged = runs.flatMap((run) => run.convergedMs ?? []);
      const pushed = runs.flatMap((run) => run.pushedMs ?? []);
      percentiles(
        "converged after healing, in heartbeats",
        converged.map((ms) => ms / HEARTBEAT_MS),
      );
      percentiles("a change at rest is everywhere, in milliseconds", pushed);
      expect(converged.length).toBe(seeds.length);
      expect(pushed.length).toBe(seeds.length);
      // A few seeds on their own need not meet every fault.
      if (seeds.length < SEEDS) return;
      for (const [name, least] of Object.entries(LEAST)) {
        expect({ name, isEnough: (outcomes.get(name) ?? 0) >= least * seeds.length }).toEqual({ name, isEnough: true });
      }
      expect([...faults.keys()]).toEqual([...FAULT_KINDS].toSorted());
      for (const [name, count] of faults)
        expect({ name, isEnough: count >= 0.1 * seeds.length }).toEqual({ name, isEnough: true });
    },
    TIME_MAX_MS,
  );

  test("the same seed gives the same trace", async () => {
    const digests = new Set<string>();
    for (const seed of SAME_TRACE_SEEDS) {
      const first = await runCluster(seed, { convergeMaxMs: CONVERGE_MAX_MS });
      const second = await runCluster(seed, { convergeMaxMs: CONVERGE_MAX_MS });
      expect(second.digest).toBe(first.digest);
      expect(second.events).toBe(first.events);
      digests.add(first.digest);
    }
    expect(digests.size).toBe(SAME_TRACE_SEEDS.length);
  }, 60_000);
});
