/**
 * A checked cluster file as data: what every other part of the program reads. Made by config.ts only.
 */

import type { Address } from "#link/transport.ts";
import type { TokenAlgorithm } from "#session/jose_tokens.ts";
import type { NodeId, Role } from "#wire/role.ts";
import type { KeyPairFiles, TlsFiles } from "./tls.ts";

/** Roles that a `[[node]]` can have; an `admin` node is an `[[edge]]`. */
export const NODE_ROLES = [
  "gateway",
  "user",
  "center",
  "map",
  "cross_gateway",
  "cross_center",
  "cross_map",
  "statistic",
] as const satisfies readonly Role[];
export type NodeRole = (typeof NODE_ROLES)[number];

/** What a shard node does when its gateway dies (DESIGN 2). */
export const DEATH_POLICIES = ["exit", "clear_logins", "ignore"] as const;
export type DeathPolicyName = (typeof DEATH_POLICIES)[number];

/** Where a secret is: its value is in no config, no argv and no log. */
export type SecretSource =
  { readonly kind: "file"; readonly path: string } | { readonly kind: "environment"; readonly name: string };

export interface NodeConfig {
  readonly role: NodeRole;
  readonly number: number;
  readonly id: NodeId;
  /** 0 for the cross tier. */
  readonly shard: number;
  /** Set for both kinds of gateway. */
  readonly listen: Address | undefined;
  /** What others dial; set for both kinds of gateway. */
  readonly address: Address | undefined;
  /** Resolved: the file's `dial`, or the default of the role. */
  readonly dials: readonly NodeId[];
  readonly admin: Address | undefined;
  /** Where players come in; on shard gateways. */
  readonly players: Address | undefined;
  /** The same, over TCP. */
  readonly playersTcp: Address | undefined;
  /** Undefined for roles that follow no gateway. */
  readonly onGatewayDeath: DeathPolicyName | undefined;
  readonly modules: readonly string[];
}

/** An `admin` node: a window on the cluster, run by main_deno.ts and never started by the supervisor. */
export interface EdgeConfig extends Omit<NodeConfig, "role"> {
  readonly role: "admin";
}

/** A gateway that runs elsewhere: dialled, never started by the supervisor. */
export interface RemoteConfig {
  readonly role: "gateway" | "cross_gateway";
  readonly number: number;
  readonly id: NodeId;
  readonly shard: number;
  readonly address: Address;
}

export interface ShardConfig {
  readonly number: number;
  readonly openedAtMs: number | undefined;
  readonly timeZone: string | undefined;
  readonly mergedInto: number | undefined;
  readonly mergedAtMs: number | undefined;
  readonly crossCenter: NodeId | undefined;
  readonly crossMap: NodeId | undefined;
}

/** A key that login tokens are checked with. HS256: a secret in hexadecimal; EdDSA: a public key in PEM. */
export interface TokenKeyConfig {
  readonly kid: string;
  readonly algorithm: TokenAlgorithm;
  readonly file: string;
}

/** What gateways with an address for players need. */
export interface PlayersConfig {
  readonly tokenKeys: readonly TokenKeyConfig[];
  /** Set when nobody is to come in without TLS; `{role}` and `{id}` are still in the paths. */
  readonly tls: KeyPairFiles | undefined;
  /** Sessions of one gateway; who comes then waits. */
  readonly sessionsMax: number;
  /** Tokens may be signed by `kuafu token`. */
  readonly development: boolean;
  /** Gateways start in maintenance: only the white list comes in. */
  readonly maintenance: boolean;
  readonly whiteList: readonly string[];
}

/** How long players' data are kept beside what there is of them. */
export interface PlayerDataConfig {
  readonly ledgerKeptMs: number;
  /** Of changes that come from modules; those of mails are kept for longer. */
  readonly keyKeptMs: number;
}

export interface ClusterConfig {
  readonly file: string;
  readonly name: string;
  /** The first signs, all are accepted: one, or two while a key is being changed. */
  readonly keys: readonly [SecretSource, ...SecretSource[]];
  /** Set when all links are to have mutual TLS; `{role}` and `{id}` are still in the paths. */
  readonly tls: TlsFiles | undefined;
  readonly players: PlayersConfig | undefined;
  readonly playerData: PlayerDataConfig;
  readonly heartbeatMs: number;
  readonly dataDir: string;
  readonly adminTokenFile: string | undefined;
  /** `/metrics` needs no token when it is asked for from loopback. */
  readonly metricsOpen: boolean;
  /** Loaded by every node, before those of the node itself. */
  readonly modules: readonly string[];
  readonly nodes: readonly NodeConfig[];
  readonly edges: readonly EdgeConfig[];
  readonly remotes: readonly RemoteConfig[];
  readonly shards: readonly ShardConfig[];
}
