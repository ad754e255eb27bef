/**
 * Starting: one node of the executable until it is linked, and the whole demonstration cluster until it is ready.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeClusterFile } from "../../cluster/harness/cluster_file.ts";
import { takePorts } from "../../cluster/harness/ports.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, table } from "../table.ts";
import type { Program } from "../worker.ts";
import { startProgram } from "../worker.ts";

const RUNS = 7;
const DEMO_RUNS = 3;

export async function benchStart(setting: Setting): Promise<string> {
  const node = await oneNode(setting);
  const demo: number[] = [];
  for (let run = 0; run < DEMO_RUNS; run += 1) demo.push(await demonstration(setting, run));
  const text = table(
    ["", "ms", "runs"],
    [
      ["one node, from its start until it is linked", number(median(node)), node.map(number).join(", ")],
      ["the demonstration cluster, 12 nodes, until it is ready", number(median(demo)), demo.map(number).join(", ")],
    ],
  );
  setting.say(text);
  return `The compiled executable, medians. The demonstration starts with an empty data folder.\n\n${text}`;
}

async function oneNode(setting: Setting): Promise<number[]> {
  const folder = join(setting.folder, "start");
  const file = writeClusterFile(folder, {
    nodes: [{ id: "gateway:1" }, { id: "center:1" }, { id: "cross_gateway:1" }],
    heartbeatMs: 1000,
  });
  const start = (role: string): Program =>
    startProgram([setting.kuafu, "--role", role, "--id", "1", "--config", file.path, "--log", "json"], folder);
  const gateway = start("gateway");
  await seen(gateway, /node started/);
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const startMs = performance.now();
    const center = start("center");
    await seen(center, /link up/);
    times.push(performance.now() - startMs);
    await center.kill();
  }
  await gateway.kill();
  return times;
}

/** The file as it is, on ports and in a folder of its own. */
async function demonstration(setting: Setting, run: number): Promise<number> {
  const folder = join(setting.folder, `demo_${run}`);
  mkdirSync(folder, { recursive: true });
  const config = readFileSync(join(setting.root, "examples/demo.toml"), "utf8").replaceAll(
    /127\.0\.0\.1:\d+/g,
    () => `127.0.0.1:${takePorts(1)[0]}`,
  );
  writeFileSync(join(folder, "demo.toml"), config);
  const startMs = performance.now();
  const cluster = startProgram([setting.kuafu, "--role", "all", "--config", "demo.toml"], folder);
  await seen(cluster, /^ready/);
  const tookMs = performance.now() - startMs;
  await cluster.stop();
  return tookMs;
}

/** Until it prints such a line. */
async function seen(program: Program, words: RegExp): Promise<void> {
  for await (const line of program.lines()) if (words.test(line)) return;
  throw new Error(`Cannot go on: ${words.source} was never printed`);
}
