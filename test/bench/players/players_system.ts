/**
 * What players are measured against: a gateway, a `user` and a `center` of the compiled executable, or the bare server;
 * each with a process of clients.
 */

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { AdminClient } from "../../cluster/harness/admin_client.ts";
import { writeClusterFile } from "../../cluster/harness/cluster_file.ts";
import { HEARTBEAT_MS } from "../bench_node.ts";
import type { Setting } from "../setting.ts";
import type { Program, Worker } from "../worker.ts";
import { startProgram, startWorker } from "../worker.ts";
import type { Door } from "./bench_player.ts";

const CLIENTS = join(import.meta.dir, "clients_process.ts");
const BARE = join(import.meta.dir, "bare_process.ts");
const MODULES = ["player_echo.ts", "player_coins.ts"].map((name) =>
  join(import.meta.dir, "../../cluster/modules", name),
);

export interface PlayersSystem {
  readonly name: string;
  readonly door: Door;
  readonly clients: Worker;
  /** Who holds the connections: the gateway, or the bare server. */
  readonly doorPid: number;
  /** Who answers, where that is another process. */
  readonly userPid: number | undefined;
  /** Of the `user` node; of the bare server: none. */
  counters(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/** `clients`: the script of the process with the clients. */
export async function startKuafuPlayers(
  setting: Setting,
  {
    name,
    sessionsMax,
    clients: script = CLIENTS,
  }: { readonly name: string; readonly sessionsMax: number; readonly clients?: string },
): Promise<PlayersSystem> {
  const folder = join(setting.folder, name);
  const file = writeClusterFile(folder, {
    nodes: [{ id: "gateway:1", players: true }, { id: "center:1" }, { id: "user:101", admin: true }],
    heartbeatMs: HEARTBEAT_MS,
    modules: MODULES,
  });
  // [players] is the last table of the file.
  appendFileSync(file.path, `sessions_max = ${sessionsMax}\n`);
  const start = (role: string, id: string): Program =>
    startProgram([setting.kuafu, "--role", role, "--id", id, "--config", file.path, "--log", "json"], folder);
  const gateway = start("gateway", "1");
  await until(gateway, /node started/);
  const [center, user] = [start("center", "1"), start("user", "101")];
  await Promise.all([until(center, /link up/), until(user, /link up/)]);
  const admin = new AdminClient({ port: file.admin.get("user:101") ?? 0, token: file.token });
  const clients = startWorker(script, ["kuafu", `ws://127.0.0.1:${file.players.get("gateway:1")}`]);
  return {
    name: "Kuafu",
    door: "kuafu",
    clients,
    doorPid: gateway.pid,
    userPid: user.pid,
    counters: async () => {
      const found = (await admin.describe("user:101"))?.counters;
      if (found === undefined) throw new Error("Cannot go on: user:101 does not say what it has counted");
      return found;
    },
    stop: async () => {
      await clients.stop();
      await Promise.all([gateway, center, user].map((program) => program.kill()));
    },
  };
}

export async function startBarePlayers(script = CLIENTS): Promise<PlayersSystem> {
  const server = startWorker(BARE);
  const { port } = await server.ask<{ port: number }>({});
  const clients = startWorker(script, ["bare", `ws://127.0.0.1:${port}`]);
  return {
    name: "bare WebSocket echo",
    door: "bare",
    clients,
    doorPid: server.pid,
    userPid: undefined,
    counters: () => Promise.resolve({}),
    stop: async () => {
      await clients.stop();
      await server.stop();
    },
  };
}

/** Until it prints such a line; reads on, so that the pipe never fills. */
function until(program: Program, words: RegExp): Promise<void> {
  const seen = Promise.withResolvers<void>();
  void (async () => {
    for await (const line of program.lines()) if (words.test(line)) seen.resolve();
    seen.reject(new Error(`Cannot go on: ${words.source} was never printed`));
  })();
  return seen.promise;
}
