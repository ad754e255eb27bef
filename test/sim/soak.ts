/**
 * The long run of two_gateways.ts: SEEDS runs (default 200,000) from SEED_FROM on (default 1), and then PLAYERS_SEEDS runs of
 * players_run.ts (default 5,000), in WORKERS processes (default: one per core). Prints every seed that fails with its replay
 * command, then a summary; the exit code says whether all held. Not part of the test command.
 */

import { availableParallelism } from "node:os";
import { argv, env, execPath } from "node:process";
import { BOUNDS, runPlayers } from "./players_run.ts";
import { list, print, total } from "./seeds.ts";
import type { Tally } from "./two_gateways.ts";
import { brokenPromises, count, newTally, runDense, summary } from "./two_gateways.ts";

const SEEDS = 200_000;
const PLAYERS_SEEDS = 5_000;
const PROGRESS_EVERY = 5_000;
const PLAYERS_PROGRESS_EVERY = 250;

interface Part {
  readonly tally: Tally;
  readonly failed: readonly number[];
  readonly players: PlayersPart;
}

interface PlayersPart {
  readonly seeds: number;
  readonly failed: readonly number[];
  readonly seen: Readonly<Record<string, number>>;
}

const from = Number(env["SEED_FROM"] ?? 1);
const seeds = Number(env["SEEDS"] ?? SEEDS);
const playersSeeds = Number(env["PLAYERS_SEEDS"] ?? PLAYERS_SEEDS);
const workers = Number(env["WORKERS"] ?? availableParallelism());

function runDenseWorker(index: number): Pick<Part, "tally" | "failed"> {
  const tally = newTally();
  const failed: number[] = [];
  for (let seed = from + index; seed < from + seeds; seed += workers) {
    const run = runDense(seed);
    count(tally, run);
    if (run.violations.length > 0) {
      failed.push(seed);
      print(
        `seed ${seed} has failed: ${run.violations[0] ?? ""}; SEED=${seed} dist/bun test test/sim/two_gateways_0.test.ts`,
      );
    }
    if (tally.seeds % PROGRESS_EVERY === 0) print(`process ${index}: ${tally.seeds} seeds, ${failed.length} failed`);
  }
  return { tally, failed };
}

async function runPlayersWorker(index: number): Promise<PlayersPart> {
  const failed: number[] = [];
  const seen: Record<string, number> = {};
  let seeds = 0;
  for (let seed = from + index; seed < from + playersSeeds; seed += workers) {
    const run = await runPlayers(seed, BOUNDS);
    seeds += 1;
    for (const counts of [run.outcomes, run.faults]) {
      for (const [name, times] of counts) seen[name] = (seen[name] ?? 0) + times;
    }
    if (run.violations.length > 0) {
      failed.push(seed);
      const replay = `SEED=${seed} dist/bun test test/sim/players_sim.test.ts`;
      print(`seed ${seed} of players has failed: ${run.violations[0] ?? ""}; ${replay}`);
    }
    if (seeds % PLAYERS_PROGRESS_EVERY === 0)
      print(`process ${index}: ${seeds} seeds of players, ${failed.length} failed`);
  }
  return { seeds, failed, seen };
}

async function main(): Promise<number> {
  const running = Array.from({ length: workers }, (_value, index) =>
    Bun.spawn([execPath, import.meta.path, String(index)], {
      env: { ...env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
      stdout: "pipe",
      stderr: "inherit",
    }),
  );
  const parts: Part[] = await Promise.all(
    running.map(async (one) => JSON.parse(await new Response(one.stdout).text()) as Part),
  );
  const sum = newTally();
  for (const { tally } of parts) {
    sum.seeds += tally.seeds;
    sum.faults += tally.faults;
    sum.writes += tally.writes;
    sum.revivals += tally.revivals;
    sum.events += tally.events;
    for (const ms of tally.sinceHealingMs) sum.sinceHealingMs.push(ms);
    for (const ms of tally.sinceLinksMs) sum.sinceLinksMs.push(ms);
  }
  const failed = parts.flatMap((part) => part.failed);
  const broken = brokenPromises(sum);
  print([summary(sum), `failed seeds: ${failed.join(", ") || "none"}`, ...broken].join("\n"));
  const players = parts.flatMap((part) => part.players.failed);
  const seen = total(parts, (part) => new Map(Object.entries(part.players.seen)));
  print(`players: ${parts.reduce((count, part) => count + part.players.seeds, 0)} seeds: ${list(seen)}`);
  print(`failed seeds of players: ${players.join(", ") || "none"}`);
  return failed.length > 0 || broken.length > 0 || players.length > 0 ? 1 : 0;
}

const worker = argv[2];
if (worker === undefined) process.exitCode = await main();
else {
  const dense = runDenseWorker(Number(worker));
  const part: Part = { ...dense, players: await runPlayersWorker(Number(worker)) };
  await Bun.write(Bun.stdout, JSON.stringify(part));
}
