import { describe, expect, test } from "#test";
import { HEARTBEAT_MS, runCluster } from "./cluster_run.ts";
import { FAULT_KINDS } from "#module/simulator/sim_faults.ts";
import { KEPT_CLUSTER_SEEDS } from "./kept_seeds.ts";
import { expectMet, expectSameTraces, runSeeds } from "./judged_seeds.ts";
import { chosenSeeds, percentiles } from "./seeds.ts";

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
      const run = (seed: number): ReturnType<typeof runCluster> => runCluster(seed, { convergeMaxMs: CONVERGE_MAX_MS });
      const met = await runSeeds(seeds, { name: "cluster_sim", heartbeatMs: HEARTBEAT_MS, run });
      const pushed = met.runs.flatMap(({ pushedMs }) => pushedMs ?? []);
      percentiles("a change at rest is everywhere, in milliseconds", pushed);
      expect(pushed.length).toBe(seeds.length);
      // A few seeds on their own need not meet everything.
      if (seeds.length < SEEDS) return;
      expectMet(met, { least: LEAST, kinds: FAULT_KINDS });
      for (const [name, count] of met.faults)
        expect({ name, isEnough: count >= 0.1 * seeds.length }).toEqual({ name, isEnough: true });
    },
    TIME_MAX_MS,
  );

  test(
    "the same seed gives the same trace",
    () => expectSameTraces(SAME_TRACE_SEEDS, (seed) => runCluster(seed, { convergeMaxMs: CONVERGE_MAX_MS })),
    60_000,
  );
});
