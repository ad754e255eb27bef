/**
 * The routed call beside its yardsticks: client, gateway and server are three processes each time, and every round
 * runs all systems one after another in each cell, so that what else the machine does meets all of them.
 */

import { join } from "node:path";
import { writeClusterFile } from "../../cluster/harness/cluster_file.ts";
import { HEARTBEAT_MS } from "../bench_node.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, ratio, table } from "../table.ts";
import type { Worker } from "../worker.ts";
import { cpuMs, startProgram, startWorker } from "../worker.ts";
import type { Cell, CellResult } from "./load.ts";

const SIZES = [64, 1024];
const IN_FLIGHT = [1, 16, 256, 2048];
const KUAFU = join(import.meta.dir, "kuafu_process.ts");
const BARE = join(import.meta.dir, "bare_process.ts");
const WARM_UP_ROUNDS = 1;

const MEANING = `Client → gateway → server and back, three processes, each call begun when another one has ended. The gateway is
the compiled executable; client and server are nodes from the sources.

- **Kuafu, raw bodies**: a routed call with deadline, source check, typed errors and bounded queues; bytes both ways.
- **Kuafu, typed**: the same with MessagePack and valibot on both sides.
- **bare relay**: the same processes and bytes without promises or checks. Each process splits the stream into frames,
  copies each into the next buffer and writes that once per chunk.
- **bare promise RPC**: over that relay, a promise per call in a map; no deadline, no check, no limit.
- **byte pipe**: the relay passes chunks on unread and the server echoes them unread: what the sockets alone can do.

CPU is that of all three processes. The wish for Kuafu with raw bodies at 256 in flight: 0.5 of the bare relay, 0.8 of
the bare promise RPC.`;

interface System {
  readonly name: string;
  readonly pids: readonly number[];
  readonly run: (cell: Cell) => Promise<CellResult>;
}

interface Measured {
  readonly callsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Of all three processes. */
  readonly cpuUsPerCall: number;
}

export async function benchCalls(setting: Setting): Promise<string> {
  const systems = [...(await startKuafu(setting, "calls")), ...(await startBare())];
  const parts: string[] = [];
  for (const size of SIZES) {
    for (const inFlight of IN_FLIGHT) {
      const rounds: Measured[][] = systems.map(() => []);
      const cell = { size, inFlight, durationMs: setting.cellMs };
      for (let round = -WARM_UP_ROUNDS; round < setting.rounds; round += 1) {
        for (let turn = 0; turn < systems.length; turn += 1) {
          const index = (turn + round + WARM_UP_ROUNDS) % systems.length;
          const measured = await measure(systems[index] as System, cell);
          if (round >= 0) rounds[index]?.push(measured);
        }
      }
      parts.push(cellTable(cell, systems, rounds));
      setting.say(parts.at(-1) ?? "");
    }
  }
  return [MEANING, ...parts].join("\n\n");
}

export async function startKuafu(setting: Setting, name: string): Promise<[System, System]> {
  const folder = join(setting.folder, name);
  const file = writeClusterFile(folder, {
    nodes: [{ id: "gateway:1" }, { id: "center:1" }, { id: "user:101" }, { id: "cross_gateway:1" }],
    heartbeatMs: HEARTBEAT_MS,
  });
  const gateway = startProgram(
    [setting.kuafu, "--role", "gateway", "--id", "1", "--config", file.path, "--log", "json"],
    folder,
  );
  void gateway.drain();
  const port = String(file.listen.get("gateway:1"));
  const server = startWorker(KUAFU, ["user", port]);
  const client = startWorker(KUAFU, ["center", port]);
  await Promise.all([server.ask({ what: "ready" }), client.ask({ what: "ready" })]);
  const pids = [client.pid, gateway.pid, server.pid];
  return [
    { name: "Kuafu, raw bodies", pids, run: (cell) => client.ask({ what: "raw", cell }) },
    { name: "Kuafu, typed", pids, run: (cell) => client.ask({ what: "typed", cell }) },
  ];
}

async function startBare(): Promise<System[]> {
  const systems: System[] = [];
  for (const [name, relayRole, serverRole, clientRole] of [
    ["bare relay", "relay", "server", "client"],
    ["bare promise RPC", "relay", "rpc_server", "rpc_client"],
    ["byte pipe", "pipe", "echo", "client"],
  ] as const) {
    const relay = startWorker(BARE, [relayRole]);
    const { ports } = await relay.ask<{ ports: [number, number] }>({});
    const server: Worker = startWorker(BARE, [serverRole, String(ports[1])]);
    await server.ask({});
    const client = startWorker(BARE, [clientRole, String(ports[0])]);
    const pids = [client.pid, relay.pid, server.pid];
    systems.push({ name, pids, run: (cell) => client.ask({ cell }) });
  }
  return systems;
}

async function measure(system: System, cell: Cell): Promise<Measured> {
  const before = cpuOf(system);
  const result = await system.run(cell);
  const cpu = cpuOf(system) - before;
  const { calls, elapsedMs, p50Us, p99Us } = result;
  return { callsPerSecond: (calls / elapsedMs) * 1000, p50Us, p99Us, cpuUsPerCall: (cpu / calls) * 1000 };
}

function cpuOf(system: System): number {
  return system.pids.reduce((sum, pid) => sum + (cpuMs(pid) ?? Number.NaN), 0);
}

function cellTable(cell: Cell, systems: readonly System[], rounds: readonly (readonly Measured[])[]): string {
  const speeds = (index: number): number[] => (rounds[index] ?? []).map((one) => one.callsPerSecond);
  const relay = systems.findIndex((system) => system.name === "bare relay");
  const promise = systems.findIndex((system) => system.name === "bare promise RPC");
  const rows = systems.map((system, index) => {
    const of = (field: keyof Measured): number => median((rounds[index] ?? []).map((one) => one[field]));
    return [
      system.name,
      number(of("callsPerSecond")),
      number(of("p50Us")),
      number(of("p99Us")),
      number(of("cpuUsPerCall")),
      ratio(ratioOf(speeds(index), speeds(relay))),
      ratio(ratioOf(speeds(index), speeds(promise))),
    ];
  });
  const head = ["", "calls/s", "p50 µs", "p99 µs", "CPU µs/call", "of bare relay", "of bare promise RPC"];
  return `### ${cell.size} bytes, ${cell.inFlight} in flight\n\n${table(head, rows)}`;
}

/** The median of what each round says, so that a round that was disturbed counts once. */
function ratioOf(own: readonly number[], other: readonly number[]): number {
  return median(own.map((value, round) => value / (other[round] ?? Number.NaN)));
}
