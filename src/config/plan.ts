/**
 * What one node needs of the cluster file, with nothing left to look up: who it is, where it listens, whom it
 * dials, what it does when its gateway dies.
 */

import type { Address } from "#link/transport.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import type {
  ClusterConfig,
  DeathPolicyName,
  NodeConfig,
  NodeRole,
  PlayerDataConfig,
  PlayersConfig,
  SecretSource,
  ShardConfig,
} from "./types.ts";
import { anyOf, type Fault } from "./fault.ts";
import { type KeyPairFiles, keyPairFilesOf, type TlsFiles, tlsFilesOf } from "./tls.ts";

/** A gateway to dial. */
export interface DialPlan {
  readonly id: NodeId;
  readonly address: Address;
  /** 0 for a cross gateway. */
  readonly shard: number;
}

/** Where players come in: at least one of the two. */
export interface PlayersPlan {
  readonly webSocket: Address | undefined;
  readonly tcp: Address | undefined;
  /** Set when both are to take nobody without TLS. */
  readonly tls: KeyPairFiles | undefined;
  readonly config: PlayersConfig;
}

export interface NodePlan {
  readonly cluster: string;
  readonly self: {
    readonly id: NodeId;
    readonly role: NodeRole | "admin";
    readonly number: number;
    readonly shard: number;
  };
  readonly keys: readonly [SecretSource, ...SecretSource[]];
  /** Set when all links are to have mutual TLS. */
  readonly tls: TlsFiles | undefined;
  readonly heartbeatMs: number;
  readonly listen: Address | undefined;
  readonly dials: readonly DialPlan[];
  /** Which gateway's death matters, and what then happens; undefined for roles that follow none. */
  readonly policy: { readonly gateway: NodeId; readonly onDeath: DeathPolicyName } | undefined;
  readonly admin: Address | undefined;
  readonly adminTokenFile: string | undefined;
  readonly metricsOpen: boolean;
  /** Set on gateways that players come in through. */
  readonly players: PlayersPlan | undefined;
  /** The node's own folder: `<data>/<role>-<number>`. */
  readonly dataDir: string;
  readonly playerData: PlayerDataConfig;
  /** What its shard's nodes on this machine share: `<data>/shard-<number>`; of the cross tier nothing is in it. */
  readonly shardDir: string;
  readonly modules: readonly string[];
  /** Shards that the file names: what an acceptor holds a hello against. */
  readonly shardOf: ReadonlyMap<NodeId, number>;
  /** Every gateway of both kinds that the file names, remotes included. */
  readonly gateways: readonly NodeId[];
  /** Every node of the file that owns activities. */
  readonly crossCenters: readonly NodeId[];
  readonly crossMaps: readonly NodeId[];
  readonly shards: readonly ShardConfig[];
}

export type PlanResult =
  { readonly kind: "ok"; readonly plan: NodePlan } | { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** `options`: what the command line adds (`--data`, `--module`). */
export function nodePlan(
  config: ClusterConfig,
  node: { readonly role: Role; readonly number: number },
  options: { readonly dataDir?: string | undefined; readonly modules?: readonly string[] } = {},
): PlanResult {
  const id = nodeId(node.role, node.number);
  const own = [...config.nodes, ...config.edges].find((each) => each.id === id);
  if (own === undefined) return { kind: "faults", faults: [notInFile(config, node.role, id)] };
  const shardOf = new Map<NodeId, number>();
  for (const each of [...config.nodes, ...config.remotes]) shardOf.set(each.id, each.shard);
  return {
    kind: "ok",
    plan: {
      cluster: config.name,
      self: { id: own.id, role: own.role, number: own.number, shard: own.shard },
      keys: config.keys,
      tls: config.tls === undefined ? undefined : tlsFilesOf(config.tls, own),
      heartbeatMs: config.heartbeatMs,
      listen: own.listen,
      dials: own.dials.flatMap((target) => dialPlan(config, target)),
      policy: policyOf(own),
      admin: own.admin,
      adminTokenFile: config.adminTokenFile,
      metricsOpen: config.metricsOpen,
      players: playersOf(config, own),
      dataDir: nodeDataDir(options.dataDir ?? config.dataDir, own),
      playerData: config.playerData,
      shardDir: shardDataDir(options.dataDir ?? config.dataDir, own.shard),
      modules: [...config.modules, ...own.modules, ...(options.modules ?? [])],
      shardOf,
      gateways: [...config.nodes, ...config.remotes].filter(isGateway).map((each) => each.id),
      crossCenters: config.nodes.filter((each) => each.role === "cross_center").map((each) => each.id),
      crossMaps: config.nodes.filter((each) => each.role === "cross_map").map((each) => each.id),
      shards: config.shards,
    },
  };
}

type PlayersNode = Pick<NodeConfig, "number" | "players" | "playersTcp"> & { readonly role: Role };

function playersOf({ players: config }: ClusterConfig, own: PlayersNode): PlayersPlan | undefined {
  const { players: webSocket, playersTcp: tcp } = own;
  if ((webSocket === undefined && tcp === undefined) || config === undefined) return undefined;
  return { webSocket, tcp, tls: config.tls === undefined ? undefined : keyPairFilesOf(config.tls, own), config };
}

/** Where the nodes of a shard keep what they share. */
export function shardDataDir(dataDir: string, shard: number): string {
  return `${dataDir.replace(/\/+$/, "")}/shard-${shard}`;
}

/** Where a node keeps its data below the cluster's data folder. */
export function nodeDataDir(dataDir: string, node: { readonly role: Role; readonly number: number }): string {
  return `${dataDir.replace(/\/+$/, "")}/${node.role}-${node.number}`;
}

function dialPlan(config: ClusterConfig, target: NodeId): DialPlan[] {
  for (const each of [...config.nodes, ...config.remotes]) {
    if (each.id === target && each.address !== undefined) {
      return [{ id: each.id, address: each.address, shard: each.shard }];
    }
  }
  return [];
}

function policyOf(node: Pick<NodeConfig, "dials" | "onGatewayDeath">): NodePlan["policy"] {
  const gateway = node.dials[0];
  if (node.onGatewayDeath === undefined || gateway === undefined) return undefined;
  return { gateway, onDeath: node.onGatewayDeath };
}

function isGateway(node: { readonly role: Role }): boolean {
  return node.role === "gateway" || node.role === "cross_gateway";
}

function notInFile(config: ClusterConfig, role: Role, id: NodeId): Fault {
  if (role === "admin") {
    const edges = config.edges.map((each) => each.id);
    return { file: config.file, place: "edge", found: `no ${id} (asked for by --id)`, allowed: anyOf(edges) };
  }
  const sameRole = config.nodes.filter((each) => each.role === role).map((each) => each.id);
  const found = sameRole.length > 0 ? `no ${id}` : `no node with the role ${role}`;
  const listed = sameRole.length > 0 ? sameRole : [...new Set(config.nodes.map((each) => each.id))];
  return { file: config.file, place: "node", found: `${found} (asked for by --role and --id)`, allowed: anyOf(listed) };
}
