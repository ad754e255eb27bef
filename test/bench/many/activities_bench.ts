/**
 * Many live activities under many linked shards: what a heartbeat says of them, what one change of one of them moves,
 * what the shards say of having applied it, and what it all costs the cross gateway when nothing happens.
 */

import { join } from "node:path";
import { HEADER_SIZE } from "#wire/limits.ts";
import { encodeHeartbeat } from "#wire/heartbeat.ts";
import { HEARTBEAT_MS } from "../bench_node.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, table } from "../table.ts";
import { processMs, residentSize } from "../worker.ts";
import { ActivityDriver } from "./activity_driver.ts";
import { startCrossTier } from "./cross_tier.ts";
import { ShardCrowd } from "./shard_crowd.ts";

const SHARDS = 1000;
const ACTIVITIES = 100;
/**
 * Openings that are timed, each when all have said that they have the one before; the others when all have it. Faster
 * would overload the processes that play all shards, whose links would end as silent.
 */
const FOLLOWED = 10;
const WINDOWS = 3;
const WINDOW_MS = 10_000;
/** What was linked or changed is still talked of for a while. */
const CALM_MS = 5 * HEARTBEAT_MS;

type Row = readonly [what: string, found: string, wish: string];

export async function benchActivities(setting: Setting): Promise<string> {
  const tier = await startCrossTier(setting, "activities");
  const crowd = new ShardCrowd({ script: join(import.meta.dir, "whole_shards.ts"), count: SHARDS, port: tier.port });
  await crowd.start();
  const driver = new ActivityDriver({ admin: tier.admin, shards: crowd.shards });
  await driver.shardsKnown();
  await Bun.sleep(CALM_MS);
  const pid = tier.gatewayPid();
  const emptySize = residentSize(pid);

  const first: Awaited<ReturnType<ShardCrowd["follow"]>>[] = [];
  for (let index = 0; index < FOLLOWED; index += 1) first.push(await crowd.follow(() => driver.open(index)));
  for (let index = FOLLOWED; index < ACTIVITIES - 1; index += 1) await crowd.held(() => driver.open(index));
  const opening = await measureOpening(crowd, () => driver.open(ACTIVITIES - 1));
  const moved = await measureChanges(crowd, driver);
  const nodes = await driver.allCurrent();
  const idle = await measureIdle(crowd, pid);
  const heartbeat = heartbeatSize();

  const rows: readonly Row[] = [
    ["digests of all activities in a heartbeat, bytes", number(heartbeat.digests), "under 64"],
    ["the whole heartbeat on the wire, bytes", number(heartbeat.frame), ""],
    ["`applied` at the cross gateway after one opening, KiB", kib(opening.size), "under 1,024"],
    ["words on `applied` of each gateway for that", number(opening.count / SHARDS), ""],
    ["steady processor time of the cross gateway, % of a core", number(median(idle.percents)), "under 5"],
    ["each window of that", idle.percents.map(number).join(", "), ""],
    // With fewer the processes that play the shards had no processor: what stands above is then too good.
    ["heartbeats on a link each second, both ways", number(idle.beats), "2 or more"],
    ["other frames each second, on all links", number(idle.others), ""],
    ["from asking for an opening until all nodes have it, ms", number(median(first.map((one) => one.heldMs))), ""],
    ["until all gateways have said so", number(median(first.map((one) => one.saidMs))), ""],
    ["memory of the cross gateway, MB, before any activity", mb(emptySize), ""],
    ["with all of them", mb(residentSize(pid)), ""],
  ];
  const text = `${table(["", "measured", "wish"], rows)}\n\n${moved}`;
  setting.say(text);
  return `One cross gateway and one cross_center, both the compiled executable; ${SHARDS} shards, each a gateway on a socket of its
own with its user, center and map behind it, ${nodes.length} nodes in two processes. ${ACTIVITIES} activities are open, each with a
config of some 500 bytes and groups of its own. Frames and their bytes are counted at the shard gateways' ends of
their links; the processor time is that of all threads, median of ${WINDOWS} windows of ${WINDOW_MS / 1000} s with
nothing but heartbeats each ${HEARTBEAT_MS / 1000} s. The wish for a change: that nothing but the changed activity moves.

${text}`;
}

async function measureOpening(
  crowd: ShardCrowd,
  open: () => Promise<{ readonly topic: string; readonly version: string }>,
): Promise<{ readonly count: number; readonly size: number }> {
  await Bun.sleep(CALM_MS);
  await crowd.clear();
  await crowd.follow(open);
  // Whoever would have more to say has said it then.
  await Bun.sleep(CALM_MS);
  return crowd.sent("route applied");
}

async function measureChanges(crowd: ShardCrowd, driver: ActivityDriver): Promise<string> {
  const rows: string[][] = [];
  for (const { name, run } of driver.changes(0)) {
    await crowd.clear();
    const changed: { topic: string }[] = [];
    await crowd.follow(async () => {
      const one = await run();
      changed.push(one);
      return one;
    });
    await Bun.sleep(CALM_MS);
    const moved = await crowd.moved(changed[0]?.topic ?? "");
    const [least, most] = moved.snapshots;
    rows.push([
      name,
      least === most ? String(most) : `${least} to ${most}`,
      number(moved.snapshotSize),
      number(moved.size),
      String(moved.others),
      String(moved.steering),
      String(moved.relinks),
    ]);
  }
  return table(
    [
      "one change of one activity",
      "its snapshots on each link",
      "bytes of one",
      "bytes on each link",
      "snapshots of others on all links",
      "lists, wants and reports on all links",
      "links that a busy machine has lost and made anew",
    ],
    rows,
  );
}

async function measureIdle(
  crowd: ShardCrowd,
  pid: number,
): Promise<{ readonly percents: readonly number[]; readonly beats: number; readonly others: number }> {
  await Bun.sleep(CALM_MS);
  await crowd.clear();
  const startMs = performance.now();
  const percents: number[] = [];
  for (let window = 0; window < WINDOWS; window += 1) {
    const fromMs = performance.now();
    const before = processMs(pid) ?? Number.NaN;
    await Bun.sleep(WINDOW_MS);
    percents.push((((processMs(pid) ?? Number.NaN) - before) / (performance.now() - fromMs)) * 100);
  }
  const seconds = (performance.now() - startMs) / 1000;
  const { beats, others } = await crowd.beats();
  return { percents, beats: beats.count / seconds, others: others.count / seconds };
}

/** The digests are what differs between two heartbeats that differ in nothing else. */
function heartbeatSize(): { readonly digests: number; readonly frame: number } {
  const beat = (digest: bigint): Uint8Array =>
    encodeHeartbeat({ sequence: 1, clusterMs: 1, echoMs: 1, saidDigest: digest, appliedDigest: digest });
  const none = beat(0n);
  const full = beat(2n ** 64n - 1n);
  return { digests: full.filter((byte, at) => byte !== none[at]).length, frame: HEADER_SIZE + full.length };
}

function kib(size: number): string {
  return number(size / 1024);
}

function mb(size: number | undefined): string {
  return number(size === undefined ? undefined : size / 1e6);
}
