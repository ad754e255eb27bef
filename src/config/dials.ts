/**
 * Whom each node of the cluster file dials: what its `dial` says, or the default of its role (DESIGN 2).
 *
 *   gateway                               every cross gateway
 *   user, center, map                     the gateway of their shard
 *   cross_gateway                         every cross gateway with a higher number
 *   cross_center, cross_map, statistic    every cross gateway
 *   admin                                 every cross gateway
 */

import { type NodeId, parseNodeId, tierOf } from "#wire/role.ts";
import { anyOf, shown } from "./fault.ts";
import type { Candidate, Report } from "./nodes.ts";

interface Cluster {
  readonly nodes: readonly Candidate[];
  /** The nodes and the remotes. */
  readonly all: readonly Candidate[];
  /** Every entry of the file is among them. */
  readonly complete: boolean;
}

export function resolveDials(cluster: Cluster, fault: Report): ReadonlyMap<Candidate, readonly NodeId[]> {
  const dials = new Map<Candidate, readonly NodeId[]>();
  for (const node of cluster.nodes) {
    const allowed = cluster.all.filter((each) => mayDial(node, each)).map((each) => each.id);
    if (node.dial !== undefined) dials.set(node, chosen(node, allowed, cluster, fault));
    else dials.set(node, allowed);
    if (cluster.complete && node.dial === undefined && allowed.length === 0) nothingToDial(node, fault);
  }
  return dials;
}

/** Roles that section 2 of the design lets dial, and no more: an acceptor refuses the others. */
function mayDial(from: Candidate, to: Candidate): boolean {
  if (to.role === "gateway") return tierOf(from.role) === "shard" && from.role !== "gateway" && from.shard === to.shard;
  if (to.role !== "cross_gateway") return false;
  if (from.role === "cross_gateway") return to.number > from.number;
  return from.role === "gateway" || tierOf(from.role) !== "shard";
}

function chosen(node: Candidate, allowed: readonly NodeId[], cluster: Cluster, fault: Report): NodeId[] {
  const out: NodeId[] = [];
  (node.dial ?? []).forEach((text, index) => {
    const place = `${node.place}.dial[${index}]`;
    const target = allowed.find((id) => id === text);
    if (target !== undefined && !out.includes(target)) out.push(target);
    else if (target !== undefined) fault(place, `${shown(text)} again`, "each gateway once");
    else if (cluster.complete) fault(place, refusal(node, text, cluster.all), allowedText(node, allowed));
  });
  if (out.length === 0 && cluster.complete && (node.dial ?? []).length === 0 && needsGateway(node)) {
    fault(`${node.place}.dial`, "an empty list", allowedText(node, allowed));
  }
  return out;
}

function refusal(node: Candidate, text: string, all: readonly Candidate[]): string {
  const there = all.find((each) => each.id === text);
  const role = parseNodeId(text)?.role;
  if (there === undefined && (role === "gateway" || role === "cross_gateway")) {
    return `${shown(text)}, which is in no [[node]] and no [[remote]]`;
  }
  if (there === undefined || (there.role !== "gateway" && there.role !== "cross_gateway")) {
    return `${shown(text)}, which is not a gateway`;
  }
  if (node.role === "cross_gateway" && there.role === "cross_gateway") {
    return `${shown(text)}, but of two cross gateways the lower number dials`;
  }
  if (there.role === "gateway" && there.shard !== node.shard && tierOf(node.role) === "shard") {
    return `${shown(text)}, the gateway of shard ${there.shard}, on a ${node.role} of shard ${node.shard}`;
  }
  return `${shown(text)}, which ${node.role === "admin" ? "an" : "a"} ${node.role} does not dial`;
}

function allowedText(node: Candidate, allowed: readonly NodeId[]): string {
  return allowed.length > 0 ? anyOf(allowed) : `nothing: there is no gateway that ${node.id} may dial`;
}

/** A gateway may stand alone (a game with one shard), and a cross gateway may be the only one. */
function needsGateway(node: Candidate): boolean {
  return node.role !== "gateway" && node.role !== "cross_gateway";
}

function nothingToDial(node: Candidate, fault: Report): void {
  if (!needsGateway(node)) return;
  if (tierOf(node.role) !== "shard") {
    fault(node.place, `${node.id} and no cross gateway`, "a [[node]] or [[remote]] with role cross_gateway to dial");
    return;
  }
  const found = `${node.id} of shard ${node.shard}, which has no gateway`;
  fault(node.place, found, `a [[node]] or [[remote]] with role gateway and shard ${node.shard}`);
}
