/**
 * A ranking of 100,000 players under 10,000 reports a second: how long a rank look-up takes meanwhile, how long a report
 * until it is on the disk, and the share of a core that it takes.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Setting } from "../setting.ts";
import { number, ratio, table } from "../table.ts";
import { startWorker } from "../worker.ts";
import type { Load, Measured } from "./owner_process.ts";

const PLAYERS = 100_000;
const REPORTS_PER_S = [0, 1_000, 5_000, 10_000];
const LOOKUPS_PER_S = 1_000;
const SECONDS = 8;

export async function benchRanking(setting: Setting): Promise<string> {
  const folder = join(setting.folder, "ranking");
  mkdirSync(folder, { recursive: true });
  const worker = startWorker(join(import.meta.dir, "owner_process.ts"), [join(folder, "owner.sqlite")]);
  const load = (reportsPerS: number): Load => {
    return { players: PLAYERS, reportsPerS, lookupsPerS: LOOKUPS_PER_S, seconds: SECONDS };
  };
  const startMs = performance.now();
  await worker.ask({ what: "fill", load: load(0) });
  const filledPerS = PLAYERS / ((performance.now() - startMs) / 1000);
  const rows: string[][] = [];
  for (const reportsPerS of REPORTS_PER_S) {
    const found = await worker.ask<Measured>({ what: "measure", load: load(reportsPerS) });
    rows.push([
      number(reportsPerS),
      number(found.answered / found.seconds),
      `${found.lookup.p50} / ${found.lookup.p99}`,
      `${number(found.due.p50 / 1000)} / ${number(found.due.p99 / 1000)}`,
      reportsPerS === 0 ? "–" : `${number(found.reportMs.p50)} / ${number(found.reportMs.p99)}`,
      ratio(found.cpuShare),
      number(found.residentMiB),
    ]);
  }
  await worker.stop();
  const text = table(
    [
      "reports/s offered",
      "committed",
      "look-up, µs p50 / p99",
      "with its wait, ms p50 / p99",
      "report until committed, ms p50 / p99",
      "cores",
      "MiB",
    ],
    rows,
  );
  setting.say(text);
  return `One owner with one ranking of ${number(PLAYERS)} players, on SQLite on the disk with synchronous=FULL. Reports come as
calls hand them over, each with a key of its own and of a random player; ${number(LOOKUPS_PER_S)} rank look-ups a second are due beside
them, in the same process. "With its wait" counts from when it was due, so that a batch that is being committed counts.
The ranking was filled through the same path at ${number(filledPerS)} reports/s.

${text}`;
}
