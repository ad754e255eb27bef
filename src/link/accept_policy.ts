/**
 * Who may dial whom. Pure; asked by the acceptor about a hello and by the dialer about a challenge, so that
 * both ends hold the same rule, also about what a certificate must name. Knows nothing about keys or what is already
 * linked.
 */

import type { RefuseReason } from "#wire/handshake.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { NUMBER_MAX, tierOf } from "#wire/role.ts";

/** What the config says about a node's shard; undefined when it does not name the node. */
export type ExpectedShard = (id: NodeId) => number | undefined;

export interface Objection {
  readonly reason: RefuseReason;
  readonly detail: string;
}

/** Below which roles a role may be dialled from. */
const DIALERS: Partial<Record<Role, readonly Role[]>> = {
  gateway: ["user", "center", "map"],
  cross_gateway: ["gateway", "cross_gateway", "cross_center", "cross_map", "statistic", "admin"],
};

/** Of the names of a certificate, in a message. */
const NAMES_SHOWN_MAX = 4;
const NAMES_LENGTH_MAX = 256;

export interface Meeting {
  readonly acceptor: Identity;
  readonly dialer: Identity;
  readonly expectedShard: ExpectedShard | undefined;
}

/** Why these two may not link, or undefined when they may. */
export function objectionTo({ acceptor, dialer, expectedShard }: Meeting): Objection | undefined {
  if (!(DIALERS[acceptor.role] ?? []).includes(dialer.role)) {
    return { reason: "role_not_allowed", detail: `a ${acceptor.role} accepts no ${dialer.role}` };
  }
  if (dialer.role === acceptor.role && dialer.number >= acceptor.number) {
    return { reason: "role_not_allowed", detail: `${acceptor.id} dials ${dialer.id}, not the other way round` };
  }
  const invalid = invalidNumbers(dialer) ?? invalidNumbers(acceptor);
  if (invalid !== undefined) return { reason: "bad_hello", detail: invalid };
  const mismatch = shardMismatch(dialer, expectedShard) ?? shardMismatch(acceptor, expectedShard);
  if (mismatch !== undefined) return { reason: "shard_mismatch", detail: mismatch };
  if (acceptor.role === "gateway" && dialer.shard !== acceptor.shard) {
    return {
      reason: "shard_mismatch",
      detail: `${dialer.id} is of shard ${dialer.shard}, ${acceptor.id} of shard ${acceptor.shard}`,
    };
  }
  return undefined;
}

/** What the certificate of a node names: `cross-gateway-1.demo` for cross_gateway:1 of the cluster demo. */
export function certificateName(node: { readonly role: Role; readonly number: number }, cluster: string): string {
  return `${node.role.replaceAll("_", "-")}-${node.number}.${cluster}`.toLowerCase();
}

/** What is wrong with the certificate of who says to be `peer`. `names`: undefined without TLS. */
export function certificateObjection(
  peer: Identity,
  { cluster, names }: { readonly cluster: string; readonly names: readonly string[] | undefined },
): string | undefined {
  if (names === undefined) return undefined;
  const wanted = certificateName(peer, cluster);
  if (names.some((name) => name.toLowerCase() === wanted)) return undefined;
  return `${peer.id} shows a certificate for ${namesText(names)}, not for ${wanted}`;
}

export function namesText(names: readonly string[]): string {
  if (names.length === 0) return "no name";
  const more = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : "";
  return `${names.slice(0, NAMES_SHOWN_MAX).join(", ").slice(0, NAMES_LENGTH_MAX)}${more}`;
}

function invalidNumbers(node: Identity): string | undefined {
  if (!isNumberIn(node.number, 1)) return `number is ${node.number}, allowed is 1 to ${NUMBER_MAX}`;
  if (!isNumberIn(node.shard, 0)) return `shard is ${node.shard}, allowed is 0 to ${NUMBER_MAX}`;
  return undefined;
}

function isNumberIn(value: number, min: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= NUMBER_MAX;
}

function shardMismatch(node: Identity, expectedShard: ExpectedShard | undefined): string | undefined {
  const isShardNode = tierOf(node.role) === "shard";
  if (isShardNode && node.shard === 0) return `${node.id} states no shard`;
  if (!isShardNode && node.shard !== 0) return `${node.id} states shard ${node.shard}, but its role has none`;
  const expected = expectedShard?.(node.id);
  if (expected === undefined || expected === node.shard) return undefined;
  return `${node.id} states shard ${node.shard}, the config says ${expected}`;
}
