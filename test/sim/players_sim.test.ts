import { describe, expect, test } from "#test";
import { KEPT_PLAYERS_SEEDS } from "./kept_seeds.ts";
import { BOUNDS, HEARTBEAT_MS, PLAYERS_FAULT_KINDS, runPlayers } from "./players_run.ts";
import { expectMet, expectSameTraces, runSeeds } from "./judged_seeds.ts";
import { chosenSeeds, percentiles } from "./seeds.ts";

const SEEDS = 60;
const TIME_MAX_MS = 3_600_000;
const SAME_TRACE_SEEDS = [1, 23, 42];

/** What must have happened over all seeds for the run to prove anything, per seed on average. */
const LEAST: Readonly<Record<string, number>> = {
  "change:ok": 50,
  "change:short": 2,
  "changes committed": 80,
  "claim:ok": 2,
  "client:online again": 0.5,
  "client:online anew": 8,
  "commits that failed": 2,
  "crash:after commit": 1,
  "crash:before commit": 1,
  "crash:in a start": 0.3,
  "door:slow_reader": 0.02,
  "fault:a deployment of all": 0.05,
  "fault:a node leaves": 1,
  "fault:a user node is away": 0.5,
  "granted again": 5,
  "keyed requests executed again": 0.5,
  "players queued": 5,
  "pushes heard": 300,
  "reason:kicked": 1,
  "reason:replaced": 0.5,
  "reason:session_gone": 0.5,
  "reason:shutting_down": 0.2,
  "requests executed": 100,
  "take-overs": 15,
  "trade:ok": 15,
  looks: 30,
  rests: 2,
};

describe("Players, simulated", () => {
  test(
    "keep what they were granted through every fault, and are online once",
    async () => {
      const seeds = chosenSeeds({ count: SEEDS, kept: KEPT_PLAYERS_SEEDS });
      const run = (seed: number): ReturnType<typeof runPlayers> => runPlayers(seed, BOUNDS);
      const met = await runSeeds(seeds, { name: "players_sim", heartbeatMs: HEARTBEAT_MS, run });
      const online = met.runs.flatMap(({ onlineMs }) => onlineMs ?? []);
      percentiles(
        "all online after healing, in heartbeats",
        online.map((ms) => ms / HEARTBEAT_MS),
      );
      expect(online.length).toBe(seeds.length);
      // A few seeds on their own need not meet everything.
      if (seeds.length < SEEDS) return;
      expectMet(met, { least: LEAST, kinds: PLAYERS_FAULT_KINDS });
    },
    TIME_MAX_MS,
  );

  test(
    "the same seed gives the same trace",
    () => expectSameTraces(SAME_TRACE_SEEDS, (seed) => runPlayers(seed, BOUNDS)),
    60_000,
  );
});
