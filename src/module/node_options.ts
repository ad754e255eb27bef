/**
 * What a node is made of.
 */

import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { SendBudget } from "#link/send_budget.ts";
import type { Address, Transport } from "#link/transport.ts";
import type { AssignmentConfig } from "#mesh/assignment.ts";
import type { DeathPolicy } from "#mesh/death_watch.ts";
import type { Store } from "#store/store.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import type { PlayerDataKept } from "#player/ledger_table.ts";
import type { Module } from "./module.ts";
import type { RoleSpec } from "./role_spec.ts";

/** The node asks its process to end: drain, then exit with this code. */
export interface NodeEnd {
  readonly code: number;
  readonly reason: string;
}

export interface NodeOptions {
  readonly spec: RoleSpec;
  readonly self: Identity;
  readonly release: string;
  readonly cluster: string;
  readonly keys: readonly Uint8Array[];
  readonly heartbeatMs: number;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly log: Log;
  /** Shared by all nodes of a process; without it this node has one of its own. */
  readonly budget?: SendBudget | undefined;
  /** Gateways of both kinds. */
  readonly listen: Address | undefined;
  readonly dials: readonly { readonly id: NodeId; readonly address: Address }[];
  /** The shard gateway that this node belongs to; undefined for gateways, the cross tier and the edge. */
  readonly gateway: NodeId | undefined;
  /** Overrides the role's death policy. */
  readonly policy: DeathPolicy | undefined;
  readonly expectedShard?: (id: NodeId) => number | undefined;
  readonly assignment: AssignmentConfig;
  /** Every gateway that the config knows: what tombstones wait for. */
  readonly gateways: readonly NodeId[];
  /** What the config says of shards, of its own and of others. */
  readonly shards?: readonly ShardFacts[];
  /** Needed by a role that owns activities or takes rewards; closed by whoever opened it. */
  readonly store: Store | undefined;
  /** Of the shard: needed by a role that owns players' data; closed by whoever opened it. */
  readonly playerStore?: Store | undefined;
  readonly playerDataKept?: PlayerDataKept | undefined;
  readonly modules: readonly Module[];
  /** Called at most once per cause, and not after `stop`. */
  readonly onEnd: (end: NodeEnd) => void;
}
