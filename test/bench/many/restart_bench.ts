/**
 * The cross gateway is killed and started again under many shard gateways, while an activity is opened: how long
 * until all are linked again and have it, and how evenly they dial.
 */

import { join } from "node:path";
import type { Setting } from "../setting.ts";
import { binned, peakOverMean } from "../stats.ts";
import { number, ratio, table } from "../table.ts";
import { startWorker } from "../worker.ts";
import { startCrossTier } from "./cross_tier.ts";

const GATEWAYS = 200;
const BIN_MS = 1000;

/** The second is long enough for every gateway to have come to its longest pause between two dials. */
const DOWN_MS = [0, 5000];

interface Relinked {
  readonly lostAtMs: number;
  readonly linkedAtMs: number;
  readonly dialledAtMs: readonly number[];
  readonly appliedAtMs: number;
}

export async function benchRestart(setting: Setting): Promise<string> {
  const tier = await startCrossTier(setting, "restart");
  const script = join(import.meta.dir, "many_gateways.ts");
  const many = startWorker(script, [String(GATEWAYS), String(tier.port)]);
  await many.ask({ what: "start" });
  const rows: string[][] = [];
  for (const downMs of DOWN_MS) {
    const id = `bench_restart_${downMs}`;
    await many.ask({ what: "watch" });
    const relinked = many.ask<Relinked>({ what: "relinked", id });
    const restarted = tier.restartGateway(downMs);
    const { status } = await tier.admin.open(id, { kind: "plain", config: {} });
    if (status !== 201) throw new Error(`Cannot open an activity: HTTP ${status}`);
    await restarted;
    const { lostAtMs, linkedAtMs, dialledAtMs, appliedAtMs } = await relinked;
    const bins = binned(dialledAtMs, { fromMs: lostAtMs, toMs: linkedAtMs, binMs: BIN_MS });
    rows.push([
      `${number(downMs / 1000)} s`,
      number(linkedAtMs - lostAtMs),
      number(Math.max(appliedAtMs, linkedAtMs) - lostAtMs),
      bins.join(", "),
      ratio(peakOverMean(bins)),
    ]);
  }
  const text = table(
    [
      "down for",
      "ms from the loss until all are linked",
      "and have what was opened meanwhile",
      "dials in each second, from the loss to the last link",
      "peak over mean",
    ],
    rows,
  );
  setting.say(text);
  return `One cross gateway with ${GATEWAYS} shard gateways is killed with SIGKILL and started again; an activity is opened meanwhile.

${text}`;
}
