import { describe, expect, test } from "#test";
import { brokenPromises, runPart } from "./two_gateways.ts";

/** Half of the seeds; two_gateways_1.test.ts runs the other half at the same time. */
const SEEDS = 2000;
const FAULTS_MIN = 50_000;

describe("Shard gateways on two cross gateways that peer, part 0", () => {
  test("all replicas come to hold what the owner holds, in time, whatever has failed before", () => {
    const tally = runPart({ part: 0, parts: 2, count: SEEDS });
    expect(brokenPromises(tally)).toEqual([]);
    if (process.env["SEED"] !== undefined || process.env["SEEDS"] !== undefined) return;
    expect(tally.seeds).toBeGreaterThanOrEqual(SEEDS / 2);
    expect(tally.faults).toBeGreaterThanOrEqual(FAULTS_MIN);
  }, 900_000);
});
