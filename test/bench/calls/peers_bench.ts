/**
 * The same work on peers, taking turns with Kuafu. Their packages are installed into dist/, from the lock file of
 * test/bench/peers, only here; what is not to be had on this machine is left out with a line.
 */

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { takePorts } from "../../cluster/harness/ports.ts";
import { runCommand } from "../../../build/run_command.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, ratio, table } from "../table.ts";
import { startProgram, startWorker } from "../worker.ts";
import { startKuafu } from "./calls_bench.ts";
import type { Cell, CellResult } from "./load.ts";

const SIZE = 64;
const IN_FLIGHT = [16, 256];
const INSTALL_MS_MAX = 120_000;
const PEER_PROCESS = join(import.meta.dir, "peer_process.ts");
const WARM_UP_MS = 500;

interface Peer {
  readonly name: string;
  readonly hops: string;
  readonly run: (cell: Cell) => Promise<CellResult>;
}

export async function benchPeers(setting: Setting): Promise<string> {
  const skipped: string[] = [];
  const [kuafu] = await startKuafu(setting, "peers");
  const peers: Peer[] = [{ name: "Kuafu, raw bodies", hops: "one hop", run: (cell) => kuafu.run(cell) }];
  const folder = join(setting.root, "dist/bench_peers");
  const trouble = await install(setting, folder);
  const scripts = [
    { name: "NATS request/reply", hops: "one hop", script: "nats.js" },
    { name: "pinus-rpc (TCP)", hops: "no hop", script: "pinus.js" },
    { name: "Moleculer (TCP)", hops: "no hop", script: "moleculer.js" },
  ];
  for (const { name, hops, script } of scripts) {
    const [port = 0] = takePorts(2);
    const cannot = trouble ?? (script === "nats.js" ? await startNats(port, setting.folder) : undefined);
    if (cannot !== undefined) {
      skipped.push(`${name}: skipped, ${cannot}.`);
      continue;
    }
    try {
      const server = startWorker(PEER_PROCESS, [join(folder, script), "server", String(port)]);
      await server.ask({});
      const client = startWorker(PEER_PROCESS, [join(folder, script), "client", String(port)]);
      await client.ask({ cell: { size: SIZE, inFlight: 16, durationMs: WARM_UP_MS } });
      peers.push({ name, hops, run: (cell) => client.ask({ cell }) });
    } catch (error) {
      skipped.push(`${name}: skipped, ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
  const erlang = await startErlang(setting);
  if (typeof erlang === "string") skipped.push(`Erlang gen_server:call: skipped, ${erlang}.`);
  else peers.push(erlang);
  const parts: string[] = [];
  for (const inFlight of IN_FLIGHT) parts.push(await compare(peers, { size: SIZE, inFlight }, setting));
  const text = [...parts, ...skipped].join("\n\n");
  setting.say(text);
  return `Each client and each server is a process of its own; bodies of ${SIZE} bytes.\n\n${text}`;
}

async function compare(
  peers: readonly Peer[],
  load: { readonly size: number; readonly inFlight: number },
  setting: Setting,
): Promise<string> {
  const rounds: CellResult[][] = peers.map(() => []);
  for (let round = -1; round < setting.rounds; round += 1) {
    for (const [index, peer] of peers.entries()) {
      const result = await peer.run({ ...load, durationMs: setting.cellMs });
      if (round >= 0) rounds[index]?.push(result);
    }
  }
  const speed = ({ calls, elapsedMs }: CellResult): number => (calls / elapsedMs) * 1000;
  const rows = peers.map(({ name, hops }, index) => {
    const own = rounds[index] ?? [];
    const ratios = own.map((one, round) => speed(rounds[0]?.[round] ?? one) / speed(one));
    return [
      name,
      hops,
      number(median(own.map(speed))),
      number(median(own.map((one) => one.p50Us))),
      number(median(own.map((one) => one.p99Us))),
      ratio(median(ratios)),
    ];
  });
  const head = ["", "way", "calls/s", "p50 µs", "p99 µs", "Kuafu is so many times as fast"];
  return `### ${load.size} bytes, ${load.inFlight} in flight\n\n${table(head, rows)}`;
}

/** What is in the way, or undefined. */
async function install(setting: Setting, folder: string): Promise<string | undefined> {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(setting.root, "test/bench/peers"), folder, { recursive: true });
  const result = await runCommand([process.execPath, "install", "--frozen-lockfile", "--ignore-scripts"], {
    cwd: folder,
    timeLimitMs: INSTALL_MS_MAX,
    output: "capture",
  });
  return result.code === 0 ? undefined : "its packages cannot be installed";
}

async function startNats(port: number, folder: string): Promise<string | undefined> {
  const path = Bun.which("nats-server") ?? Bun.which("/usr/sbin/nats-server");
  if (path === null) return "there is no nats-server";
  void startProgram([path, "-a", "127.0.0.1", "-p", String(port), "-l", join(folder, "nats.log")], folder).drain();
  await Bun.sleep(WARM_UP_MS);
  return undefined;
}

/** A client process for each cell, begun before it counts; the server stays. */
async function startErlang(setting: Setting): Promise<Peer | string> {
  const erl = Bun.which("erl");
  const compiler = Bun.which("erlc");
  if (erl === null || compiler === null) return "there is no Erlang";
  const folder = join(setting.folder, "erlang");
  cpSync(join(setting.root, "test/bench/peers"), folder, { recursive: true });
  const compiled = await runCommand([compiler, "bench.erl"], { cwd: folder, timeLimitMs: 60_000, output: "capture" });
  if (compiled.code !== 0) return "bench.erl does not compile";
  const [port] = takePorts(1);
  const daemon = Bun.which("epmd");
  if (daemon === null) return "there is no epmd";
  void startProgram([daemon, "-port", String(port), "-address", "127.0.0.1"], folder).drain();
  const command = (name: string, code: string): string[] => [
    "env",
    `ERL_EPMD_PORT=${port}`,
    ...[erl, "-noshell", "-name", `${name}@127.0.0.1`, "-setcookie", "bench", "-start_epmd", "false", "-eval", code],
  ];
  await Bun.sleep(WARM_UP_MS);
  void startProgram(command("server", "bench:server()."), folder).drain();
  await Bun.sleep(WARM_UP_MS * 4);
  let client = 0;
  return {
    name: "Erlang gen_server:call",
    hops: "no hop",
    run: async ({ size, inFlight, durationMs }) => {
      client += 1;
      const code = `bench:client(${size}, ${inFlight}, ${durationMs}).`;
      const program = startProgram(command(`client${client}`, code), folder);
      for await (const line of program.lines()) {
        const [calls, elapsedMs, p50Us, p99Us] = line.split(" ").map(Number);
        if (calls !== undefined && elapsedMs !== undefined && p50Us !== undefined && p99Us !== undefined) {
          await program.stop();
          return { calls, elapsedMs, p50Us, p99Us };
        }
      }
      throw new Error("Cannot run Erlang: it printed nothing");
    },
  };
}
