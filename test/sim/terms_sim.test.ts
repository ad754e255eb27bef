import { describe, test } from "#test";
import { KEPT_TERMS_SEEDS } from "./kept_seeds.ts";
import { expectMet, expectSameTraces, runSeeds } from "./judged_seeds.ts";
import { chosenSeeds } from "./seeds.ts";
import { HEARTBEAT_MS, TERMS_FAULT_KINDS, runTerms } from "./terms_run.ts";

const SEEDS = 60;
/** As for every cluster: see cluster_sim.test.ts. */
const CONVERGE_MAX_MS = 8 * HEARTBEAT_MS;
const TIME_MAX_MS = 3_600_000;
const SAME_TRACE_SEEDS = [1, 23, 42];

/** What must have happened over all seeds for the run to prove anything, per seed on average. */
const LEAST: Readonly<Record<string, number>> = {
  "begun:all": 0.5,
  "begun:bands": 1,
  "begun:lists": 0.5,
  "cancel:changed": 0.1,
  "close:changed": 0.2,
  "crash:after commit": 1,
  "crash:before commit": 1,
  "crash:in a start": 0.5,
  "entered:reward": 2,
  "extend:changed": 0.2,
  "fault:a center is restored": 0.1,
  "fault:a merge": 0.1,
  "fault:a shard sleeps": 0.2,
  "fault:a shard's facts change": 0.5,
  "fault:an owner sleeps": 0.1,
  mails: 30,
  "next:changed": 1,
  "open:changed": 1,
  "report:ok": 100,
  "report:refused": 10,
  settlements: 4,
  "versions seen": 100,
};

describe("Activities in full, simulated", () => {
  test(
    "happen once through every crash, and every reward comes once",
    async () => {
      const seeds = chosenSeeds({ count: SEEDS, kept: KEPT_TERMS_SEEDS });
      const run = (seed: number): ReturnType<typeof runTerms> => runTerms(seed, { convergeMaxMs: CONVERGE_MAX_MS });
      const met = await runSeeds(seeds, { name: "terms_sim", heartbeatMs: HEARTBEAT_MS, run });
      // A few seeds on their own need not meet everything.
      if (seeds.length < SEEDS) return;
      expectMet(met, { least: LEAST, kinds: TERMS_FAULT_KINDS });
    },
    TIME_MAX_MS,
  );

  test(
    "the same seed gives the same trace",
    () => expectSameTraces(SAME_TRACE_SEEDS, (seed) => runTerms(seed, { convergeMaxMs: CONVERGE_MAX_MS })),
    60_000,
  );
});
