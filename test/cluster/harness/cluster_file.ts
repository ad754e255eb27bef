/**
 * Writes a cluster file with its key and token into a folder of its own. Every gateway gets a port, and every node
 * that is to serve the admin API.
 */

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseNodeId } from "#wire/role.ts";
import { takePorts } from "./ports.ts";

export interface NodeSpec {
  readonly id: string;
  /** Only where the number does not say it. */
  readonly shard?: number;
  /** Serves the admin API. */
  readonly admin?: boolean;
  /** A gateway that takes players. */
  readonly players?: boolean;
  /** The same over TCP. */
  readonly playersTcp?: boolean;
  readonly onGatewayDeath?: "exit" | "clear_logins" | "ignore";
  /** The gateways that it dials, when not those of its role. */
  readonly dial?: readonly string[];
  /** Others dial this port instead of the one that it listens on. */
  readonly dialledAt?: number;
  /** Where a gateway listens; without it loopback. */
  readonly host?: string;
  /** The network namespace that it runs in; without it that of the tests. */
  readonly namespace?: string;
}

export interface ClusterSpec {
  readonly nodes: readonly NodeSpec[];
  /** 300 when not said. */
  readonly heartbeatMs?: number;
  readonly name?: string;
  /** 64 hexadecimal digits. */
  readonly key?: string;
  /** Module files, which every node loads. They are copied beside the cluster file. */
  readonly modules?: readonly string[];
  /** [[shard]] tables, as they stand. */
  readonly shards?: readonly Readonly<Record<string, number>>[];
  /** Ports that are given instead of looked up. */
  readonly listen?: ReadonlyMap<string, number>;
}

export interface ClusterFile {
  readonly folder: string;
  readonly path: string;
  readonly token: string;
  readonly listen: ReadonlyMap<string, number>;
  readonly admin: ReadonlyMap<string, number>;
  /** Ports for players. */
  readonly players: ReadonlyMap<string, number>;
  readonly playersTcp: ReadonlyMap<string, number>;
}

export const HEARTBEAT_MS = 300;
export const CLUSTER_NAME = "test";
export const CLUSTER_KEY = "5a".repeat(32);
/** Signs the tokens of players, 64 hexadecimal digits. */
export const PLAYER_KEY = "7b".repeat(32);
const LOOPBACK = "127.0.0.1";
const TOKEN = "t0ken".repeat(8);

export function writeClusterFile(folder: string, spec: ClusterSpec): ClusterFile {
  const listen = new Map<string, number>();
  const admin = new Map<string, number>();
  const players = new Map<string, number>();
  const playersTcp = new Map<string, number>();
  mkdirSync(folder, { recursive: true });
  const modules = (spec.modules ?? []).map((file) => copyModule(file, folder));
  const lines = [
    "[cluster]",
    `name = "${spec.name ?? CLUSTER_NAME}"`,
    'data = "data"',
    'key_file = "cluster.key"',
    'admin_token_file = "admin.token"',
    `heartbeat_ms = ${spec.heartbeatMs ?? HEARTBEAT_MS}`,
    `modules = ${JSON.stringify(modules)}`,
  ];
  for (const node of spec.nodes) {
    const parsed = parseNodeId(node.id);
    if (parsed === undefined) throw new Error(`Cannot write cluster file: ${node.id} is no node id`);
    lines.push("", "[[node]]", `role = "${parsed.role}"`, `id = ${parsed.number}`);
    if (node.shard !== undefined) lines.push(`shard = ${node.shard}`);
    if (parsed.role === "gateway" || parsed.role === "cross_gateway") {
      lines.push(`listen = "${node.host ?? LOOPBACK}:${portFor(node.id, listen, spec.listen?.get(node.id))}"`);
    }
    if (node.dialledAt !== undefined) lines.push(`address = "${node.host ?? LOOPBACK}:${node.dialledAt}"`);
    if (node.dial !== undefined) lines.push(`dial = ${JSON.stringify(node.dial)}`);
    if (node.admin === true) lines.push(`admin = "127.0.0.1:${portFor(node.id, admin, undefined)}"`);
    if (node.players === true) lines.push(`players = "127.0.0.1:${portFor(node.id, players, undefined)}"`);
    if (node.playersTcp === true) lines.push(`players_tcp = "127.0.0.1:${portFor(node.id, playersTcp, undefined)}"`);
    if (node.onGatewayDeath !== undefined) lines.push(`on_gateway_death = "${node.onGatewayDeath}"`);
  }
  for (const shard of spec.shards ?? []) {
    lines.push("", "[[shard]]", ...Object.entries(shard).map(([key, value]) => `${key} = ${value}`));
  }
  if (players.size > 0 || playersTcp.size > 0) {
    lines.push("", "[players]", `token_keys = [{ kid = "test", algorithm = "HS256", file = "token.key" }]`);
    writeFileSync(join(folder, "token.key"), `${PLAYER_KEY}\n`, { mode: 0o600 });
  }
  const path = join(folder, "cluster.toml");
  writeFileSync(path, `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "cluster.key"), `${spec.key ?? CLUSTER_KEY}\n`, { mode: 0o600 });
  writeFileSync(join(folder, "admin.token"), `test operate ${TOKEN}\n`, { mode: 0o600 });
  return { folder, path, token: TOKEN, listen, admin, players, playersTcp };
}

function copyModule(file: string, folder: string): string {
  const name = file.slice(file.lastIndexOf("/") + 1);
  copyFileSync(file, join(folder, name));
  return name;
}

function portFor(id: string, taken: Map<string, number>, wished: number | undefined): number {
  const port = wished ?? takePorts(1)[0] ?? 0;
  taken.set(id, port);
  return port;
}
