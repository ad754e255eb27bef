/**
 * One activity opened under many linked shard gateways, beside a bare fan-out of the same bytes: from the moment
 * at which somebody asks for it until the last gateway has it.
 */

import { join } from "node:path";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, ratio, table } from "../table.ts";
import { startWorker } from "../worker.ts";
import { startCrossTier } from "./cross_tier.ts";

export const GATEWAYS = 1000;
/** Header, topic, version and content of an activity with a small config. */
const FRAME_SIZE = 400;

function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

export async function benchFanOut(setting: Setting): Promise<string> {
  const tier = await startCrossTier(setting, "fan_out");
  const many = startWorker(join(import.meta.dir, "many_gateways.ts"), [String(GATEWAYS), String(tier.port)]);
  await many.ask({ what: "start" });
  const script = join(import.meta.dir, "bare_fan_out.ts");
  const relay = startWorker(script, ["relay"]);
  const { port } = await relay.ask<{ port: number }>({});
  const owner = startWorker(script, ["owner", String(port)]);
  const receivers = startWorker(script, ["receivers", String(GATEWAYS), String(port)]);
  await receivers.ask({ what: "ready" });
  // What has just been linked still tells everybody who it is.
  await Bun.sleep(3000);

  const own: number[] = [];
  const asked: number[] = [];
  const first: number[] = [];
  const bare: number[] = [];
  for (let round = -1; round < setting.rounds; round += 1) {
    const id = `bench_${round + 1}`;
    const applied = many.ask<{ firstAtMs: number; lastAtMs: number }>({ what: "applied", id });
    await Bun.sleep(200);
    const askedAtMs = wallMs();
    const { status } = await tier.admin.open(id, { kind: "plain", config: { note: "x".repeat(64) } });
    if (status !== 201) throw new Error(`Cannot open an activity: HTTP ${status}`);
    const answeredAtMs = wallMs();
    const { firstAtMs, lastAtMs } = await applied;
    const arrived = receivers.ask<{ lastAtMs: number }>({ what: "wait" });
    await Bun.sleep(200);
    const sentAtMs = wallMs();
    await owner.ask({ size: FRAME_SIZE });
    const bareAtMs = (await arrived).lastAtMs;
    if (round < 0) continue;
    own.push(lastAtMs - askedAtMs);
    asked.push(answeredAtMs - askedAtMs);
    first.push(firstAtMs - askedAtMs);
    bare.push(bareAtMs - sentAtMs);
  }
  const ratios = own.map((ms, round) => ms / (bare[round] ?? Number.NaN));
  const text = table(
    ["", "ms until the last", "of bare fan-out"],
    [
      [
        `opened over HTTP, written to disk, applied by ${GATEWAYS} gateways`,
        number(median(own)),
        ratio(median(ratios)),
      ],
      ["of that, until the HTTP answer", number(median(asked)), ""],
      ["of that, until the first gateway has applied it", number(median(first)), ""],
      [`bare fan-out of ${FRAME_SIZE} bytes to ${GATEWAYS} sockets`, number(median(bare)), "1.00"],
    ],
  );
  setting.say(text);
  return `One cross gateway, ${GATEWAYS} shard gateways on sockets of their own, all in one process, so that\none core does the work of them all; medians of ${setting.rounds} rounds. The wish: at most 3 times the bare fan-out.\n\n${text}`;
}
