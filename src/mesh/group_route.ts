/**
 * Where the copies of a group cast go ("every center", "every user of shard 3"): pure.
 *
 *   at              | came from          | group of          | copies
 *   ----------------+--------------------+-------------------+------------------------------------------------
 *   any node        | anywhere           | its own role      | delivered here too, unless it is the sender
 *   leaf            | itself             | any               | one uplink
 *   shard gateway   | itself, below      | its shard or all  | each of its nodes of the role but the sender
 *   shard gateway   | itself, below      | all, other, cross | one uplink as well
 *   shard gateway   | above              | its own shard     | each of its nodes of the role
 *   cross gateway   | not a peer         | all shards        | one per shard but the one it came from, shard set
 *   cross gateway   | anywhere           | one shard         | one towards that shard's gateway
 *   cross gateway   | not a peer         | cross tier, edge  | one per node, with its number
 *
 * A copy with a shard or a number set is never spread to all again, so each node gets one.
 */

import type { PeerLink } from "#link/link_port.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";
import { NUMBER_EVERY, nodeKey, roleOfKey, tierOf } from "#wire/role.ts";
import type { Directory } from "./directory.ts";

export interface GroupCopy {
  readonly link: PeerLink;
  readonly number: number;
  readonly shard: number;
}

export interface GroupPlan {
  readonly local: boolean;
  readonly copies: readonly GroupCopy[];
}

export interface GroupQuestion {
  readonly self: Identity;
  readonly from: PeerLink | undefined;
  readonly source: NodeKey;
  readonly target: NodeKey;
  /** 0: all shards. */
  readonly shard: number;
  readonly links: ReadonlyMap<NodeKey, PeerLink>;
  readonly directory: Directory;
  readonly uplink: PeerLink | undefined;
  readonly nextHop: (key: NodeKey) => PeerLink | undefined;
}

export function groupCopies(question: GroupQuestion): GroupPlan {
  const { self, source, target, shard } = question;
  const role = roleOfKey(target);
  if (role === undefined) return { local: false, copies: [] };
  const local = role === self.role && source !== self.key && (shard === 0 || shard === self.shard);
  if (self.role === "cross_gateway") return { local, copies: atCrossGateway(question) };
  if (self.role === "gateway") return { local, copies: atShardGateway(question) };
  const copies = source === self.key && question.uplink !== undefined ? [same(question, question.uplink)] : [];
  return { local, copies };
}

function same(question: GroupQuestion, link: PeerLink): GroupCopy {
  return { link, number: NUMBER_EVERY, shard: question.shard };
}

function atShardGateway(question: GroupQuestion): GroupCopy[] {
  const { self, from, source, shard } = question;
  const role = roleOfKey(question.target);
  const copies: GroupCopy[] = [];
  const fromAbove = from?.relation === "above";
  const isOwn = shard === self.shard || (shard === 0 && !fromAbove);
  if (isOwn) {
    for (const link of question.links.values()) {
      if (link.relation !== "below" || link.peer.role !== role || link.peer.key === source) continue;
      copies.push({ link, number: NUMBER_EVERY, shard: self.shard });
    }
  }
  if (!fromAbove && shard !== self.shard && question.uplink !== undefined) copies.push(same(question, question.uplink));
  return copies;
}

function atCrossGateway(question: GroupQuestion): GroupCopy[] {
  const { self, from, source, shard, directory } = question;
  const role = roleOfKey(question.target);
  if (role === undefined) return [];
  const copies: GroupCopy[] = [];
  if (tierOf(role) !== "shard") {
    if (from?.relation === "peer") return [];
    for (const node of directory.ofRole(role)) {
      const link = node.key === source ? undefined : question.nextHop(node.key);
      if (link !== undefined) copies.push({ link, number: node.number, shard: 0 });
    }
    return copies;
  }
  if (shard !== 0) {
    const link = question.nextHop(nodeKey("gateway", gatewayNumber(directory, shard)));
    return link === undefined ? [] : [{ link, number: NUMBER_EVERY, shard }];
  }
  if (from?.relation === "peer") return [];
  for (const gateway of directory.ofRole("gateway")) {
    if (from !== undefined && gateway.shard === from.peer.shard && from.peer.shard !== self.shard) continue;
    const link = question.nextHop(gateway.key);
    if (link !== undefined) copies.push({ link, number: NUMBER_EVERY, shard: gateway.shard });
  }
  return copies;
}

function gatewayNumber(directory: Directory, shard: number): number {
  return directory.ofRole("gateway", shard)[0]?.number ?? shard;
}
