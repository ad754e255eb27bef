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

export async function benchRestart(setting: Setting): Promise<string> {
  const tier = await startCrossTier(setting, "restart");
  const script = join(import.meta.dir, "many_gateways.ts");
  const many = startWorker(script, [String(GATEWAYS), String(tier.port)]);
  await many.ask({ what: "start" });
  await many.ask({ what: "watch" });
  await tier.restartGateway();
  const relinked = many.ask<{ lostAtMs: number; linkedAtMs: number; dialledAtMs: number[]; appliedAtMs: number }>({
    what: "relinked",
    id: "bench_restart",
  });
  const opened = await tier.admin.open("bench_restart", { kind: "plain", config: {} });
  if (opened.status !== 201) throw new Error(`Cannot open an activity: HTTP ${opened.status}`);
  const { lostAtMs, linkedAtMs, dialledAtMs, appliedAtMs } = await relinked;
  const bins = binned(dialledAtMs, { fromMs: lostAtMs, toMs: linkedAtMs, binMs: BIN_MS });
  const text = table(
    ["", "measured"],
    [
      ["ms from the loss until all are linked", number(linkedAtMs - lostAtMs)],
      [
        "ms from the loss until all have what was opened meanwhile",
        number(Math.max(appliedAtMs, linkedAtMs) - lostAtMs),
      ],
      ["dials in each second from the loss to the last link", bins.join(", ")],
      ["largest second over the mean", ratio(peakOverMean(bins))],
    ],
  );
  setting.say(text);
  return `One cross gateway with ${GATEWAYS} shard gateways is killed with SIGKILL and started again at once; an activity is opened meanwhile.\n\n${text}`;
}
