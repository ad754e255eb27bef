import { describe, expect, test } from "#test";
import { KEPT_STATE_SEEDS } from "./kept_seeds.ts";
import { chosenSeeds, percentiles, report } from "./seeds.ts";
import { HEARTBEAT_MS, runState } from "./state_run.ts";

const SEEDS = 150;
/** Healing, finding dead links (2 intervals), dialling again, one interval and the way. */
const CONVERGE_MAX_MS = 8 * HEARTBEAT_MS;
/** Once all links are up: one interval and the way (DESIGN 6); timers are late. */
const SINCE_LINKS_MAX_MS = 1.5 * HEARTBEAT_MS;

describe("State topics over links, simulated", () => {
  test("all replicas come to hold what the owner holds, whatever has failed before", () => {
    const seeds = chosenSeeds({ count: SEEDS, kept: KEPT_STATE_SEEDS });
    const runs = seeds.map((seed) => report(runState(seed, { convergeMaxMs: CONVERGE_MAX_MS }), "state_sim"));
    const sum = (pick: (run: (typeof runs)[number]) => number): number =>
      runs.reduce((total, run) => total + pick(run), 0);
    expect(runs.length).toBe(seeds.length);
    expect(sum((run) => run.faults)).toBeGreaterThan(seeds.length * 2);
    expect(sum((run) => run.writes)).toBeGreaterThan(seeds.length * 10);
    const converged = runs.flatMap((run) => run.convergedMs ?? []);
    const sinceLinks = runs.flatMap((run) => run.convergedSinceLinksMs ?? []);
    expect(converged.length).toBe(seeds.length);
    expect(Math.max(...sinceLinks)).toBeLessThanOrEqual(SINCE_LINKS_MAX_MS);
    percentiles(
      "converged after healing, in heartbeats",
      converged.map((ms) => ms / HEARTBEAT_MS),
    );
    percentiles(
      "converged after the last link was up, in heartbeats",
      sinceLinks.map((ms) => ms / HEARTBEAT_MS),
    );
  }, 300_000);

  test("the same seed gives the same trace", () => {
    for (const seed of [1, 2, 3]) {
      const first = runState(seed, { convergeMaxMs: CONVERGE_MAX_MS });
      expect(runState(seed, { convergeMaxMs: CONVERGE_MAX_MS }).digest).toBe(first.digest);
    }
  }, 60_000);
});
