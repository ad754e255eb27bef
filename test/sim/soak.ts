/**
 * The long run of two_gateways.ts: SEEDS runs (default 200,000) from SEED_FROM on (default 1), in WORKERS processes (default:
 * one per core). Prints every seed that fails with its replay command, then a summary; the exit code says whether all
 * held. Not part of the test command.
 */

import { availableParallelism } from "node:os";
import { argv, env, execPath } from "node:process";
import { print } from "./seeds.ts";
import type { Tally } from "./two_gateways.ts";
import { brokenPromises, count, newTally, runDense, summary } from "./two_gateways.ts";

const SEEDS = 200_000;
const PROGRESS_EVERY = 5_000;

interface Part {
  readonly tally: Tally;
  readonly failed: readonly number[];
}

const from = Number(env["SEED_FROM"] ?? 1);
const seeds = Number(env["SEEDS"] ?? SEEDS);
const workers = Number(env["WORKERS"] ?? availableParallelism());

function runWorker(index: number): Part {
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
  return failed.length > 0 || broken.length > 0 ? 1 : 0;
}

const worker = argv[2];
if (worker === undefined) process.exitCode = await main();
else await Bun.write(Bun.stdout, JSON.stringify(runWorker(Number(worker))));
