/**
 * The benchmarks: builds the executable, runs every part on this machine in one go, prints tables with ratios and
 * writes them to docs/benchmarks.md. A part that cannot run here is left out with a line; no part judges a time.
 *
 *   dist/bun test/bench/run.ts [PART ...]     all parts, or some; only a whole run writes the page
 *
 * BENCH_CELL_MS and BENCH_ROUNDS say how long a cell of the call tables takes and how often it is run.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildExecutable } from "../../build/build.ts";
import { benchCalls } from "./calls/calls_bench.ts";
import { benchPeers } from "./calls/peers_bench.ts";
import { benchActivities } from "./many/activities_bench.ts";
import { benchFanOut } from "./many/fan_out_bench.ts";
import { benchRestart } from "./many/restart_bench.ts";
import { benchRewards } from "./many/rewards_bench.ts";
import { benchMemory } from "./memory/memory_bench.ts";
import { writePage } from "./page.ts";
import type { Setting } from "./setting.ts";
import { CELL_MS_DEFAULT, ROUNDS_DEFAULT, wholeNumber } from "./setting.ts";
import { benchChanges } from "./players/changes_bench.ts";
import { benchPlayers } from "./players/players_bench.ts";
import { benchResumes } from "./players/resumes_bench.ts";
import { benchSessions } from "./players/sessions_bench.ts";
import { benchRanking } from "./ranking/ranking_bench.ts";
import { benchStart } from "./start/start_bench.ts";
import { stopAll } from "./worker.ts";

const ROOT = resolve(import.meta.dir, "../..");

interface Part {
  readonly name: string;
  readonly title: string;
  readonly run: (setting: Setting) => Promise<string>;
}

const PARTS: readonly Part[] = [
  { name: "calls", title: "Routed calls", run: benchCalls },
  { name: "peers", title: "The same work on peers", run: benchPeers },
  { name: "fan_out", title: "An activity under 1,000 gateways", run: benchFanOut },
  { name: "activities", title: "100 live activities under 1,000 gateways", run: benchActivities },
  { name: "restart", title: "Restart of a cross gateway with 200 shard gateways", run: benchRestart },
  { name: "ranking", title: "A ranking of 100,000 players", run: benchRanking },
  { name: "rewards", title: "Rewards to 100 shards", run: benchRewards },
  { name: "players", title: "Players through their gateway", run: benchPlayers },
  { name: "sessions", title: "Players' logins, pushes and idle sessions", run: benchSessions },
  { name: "resumes", title: "Players' resumes after a cut", run: benchResumes },
  { name: "changes", title: "Changes of players' bags", run: benchChanges },
  { name: "memory", title: "Memory", run: benchMemory },
  { name: "start", title: "Start", run: benchStart },
];

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    throw new Error(`Cannot run ${unknown.join(", ")}: allowed is ${PARTS.map((part) => part.name).join(", ")}`);
  }
  const built = await buildExecutable();
  if (built.kind === "failed") throw new Error(built.output);
  const folder = mkdtempSync(join(tmpdir(), "kuafu_bench_"));
  const setting: Setting = {
    kuafu: join(ROOT, "dist/kuafu"),
    root: ROOT,
    folder,
    cellMs: wholeNumber("BENCH_CELL_MS", process.env["BENCH_CELL_MS"], CELL_MS_DEFAULT),
    rounds: wholeNumber("BENCH_ROUNDS", process.env["BENCH_ROUNDS"], ROUNDS_DEFAULT),
    say: (text) => console.log(`\n${text}`),
  };
  const sections: { title: string; text: string }[] = [];
  const startMs = performance.now();
  try {
    for (const part of PARTS) {
      if (wanted.length > 0 && !wanted.includes(part.name)) continue;
      setting.say(`## ${part.title}`);
      mkdirSync(folder, { recursive: true });
      sections.push({ title: part.title, text: await part.run(setting) });
      await stopAll();
    }
  } finally {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  }
  const tookS = Math.round((performance.now() - startMs) / 1000);
  if (wanted.length === 0) await writePage({ root: ROOT, setting, sections, tookS });
  setting.say(`took ${tookS} s`);
}

await main(process.argv.slice(2));
process.exit(0);
