import { describe, expect, test } from "#test";
import { KEPT_PLAYERS_SEEDS } from "./kept_seeds.ts";
import type { PlayersRun } from "./players_run.ts";
import { BOUNDS, HEARTBEAT_MS, PLAYERS_FAULT_KINDS, runPlayers } from "./players_run.ts";
import { chosenSeeds, list, percentiles, print, report, total } from "./seeds.ts";

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
      const runs: PlayersRun[] = [];
      for (const seed of seeds) runs.push(report(await runPlayers(seed, BOUNDS), "players_sim"));
      const seen = total(runs, (run) => run.outcomes);
      const faults = total(runs, (run) => run.faults);
      const virtualMs = runs.reduce((sum, run) => sum + run.virtualMs, 0);
      print(`${runs.length} seeds, ${(virtualMs / 60_000).toFixed(0)} virtual minutes`);
      print(`faults: ${list(faults)}`);
      print(`seen: ${list(seen)}`);
      const heartbeats = (values: readonly (number | undefined)[]): number[] =>
        values.flatMap((ms) => (ms === undefined ? [] : [ms / HEARTBEAT_MS]));
      const converged = heartbeats(runs.map((run) => run.convergedMs));
      const online = heartbeats(runs.map((run) => run.onlineMs));
      percentiles("converged after healing, in heartbeats", converged);
      percentiles("all online after healing, in heartbeats", online);
      expect([converged.length, online.length]).toEqual([seeds.length, seeds.length]);
      // A few seeds on their own need not meet everything.
      if (seeds.length < SEEDS) return;
      for (const [name, least] of Object.entries(LEAST)) {
        expect({ name, isEnough: (seen.get(name) ?? 0) >= least * seeds.length }).toEqual({ name, isEnough: true });
      }
      expect([...faults.keys()]).toEqual(PLAYERS_FAULT_KINDS.toSorted());
    },
    TIME_MAX_MS,
  );

  test("the same seed gives the same trace", async () => {
    const digests = new Set<string>();
    for (const seed of SAME_TRACE_SEEDS) {
      const first = await runPlayers(seed, BOUNDS);
      const second = await runPlayers(seed, BOUNDS);
      expect(second.digest).toBe(first.digest);
      expect(second.events).toBe(first.events);
      digests.add(first.digest);
    }
    expect(digests.size).toBe(SAME_TRACE_SEEDS.length);
  }, 60_000);
});
