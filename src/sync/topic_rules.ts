/**
 * Names of topics, and who may say what to whom. Pure functions; every rule of offering is here and nowhere else.
 *
 *   activity/<owner>/<id>     state: the owner's last word, kept by every node
 *   attached/<gateway>        route: the nodes that are attached to a gateway, itself first
 *   applied/<gateway>         route: which of them lack the gateway's state topics
 *
 * Contents flow from the owner to cross gateways, between cross gateways, and down. Hearing mirrors offering: a node
 * may hear on a link what the other end may say there.
 */

import type { LinkRelation } from "#link/link_port.ts";
import type { NodeKey, Role } from "#wire/role.ts";
import { nodeKey, parseNodeId } from "#wire/role.ts";

/** As much of an identity as the rules need. */
export interface Party {
  readonly key: NodeKey;
  readonly role: Role;
}

export type Topic =
  | { readonly kind: "activity"; readonly owner: NodeKey; readonly id: string }
  | { readonly kind: "attached" | "applied"; readonly gateway: Party };

/** Which owners' state topics go one way over a link. */
export type Scope =
  | { readonly kind: "none" }
  | { readonly kind: "only"; readonly owner: NodeKey }
  | { readonly kind: "all_but"; readonly owner: NodeKey };

/** Most links that route news has come over before the one that it is said on. */
export const ROUTE_HOPS_MAX = 2;

const STATE_NAME = /^activity\/([a-z_]+:[0-9]+)\/([A-Za-z0-9._-]{1,64})$/;
const ROUTE_NAME = /^(attached|applied)\/([a-z_]+:[0-9]+)$/;

/** Undefined when the name is not one of the three forms, or the node cannot own such a topic. */
export function parseTopic(name: string): Topic | undefined {
  const state = STATE_NAME.exec(name);
  if (state !== null) {
    const owner = parseNodeId(state[1] ?? "");
    if (owner === undefined || owner.role !== "cross_center") return undefined;
    return { kind: "activity", owner: nodeKey(owner.role, owner.number), id: state[2] ?? "" };
  }
  const route = ROUTE_NAME.exec(name);
  if (route === null) return undefined;
  const gateway = parseNodeId(route[2] ?? "");
  if (gateway === undefined || (gateway.role !== "gateway" && gateway.role !== "cross_gateway")) return undefined;
  return {
    kind: route[1] === "attached" ? "attached" : "applied",
    gateway: { key: nodeKey(gateway.role, gateway.number), role: gateway.role },
  };
}

/** The owner of a state topic, or undefined for any other name. */
export function stateOwner(name: string): NodeKey | undefined {
  const topic = parseTopic(name);
  return topic?.kind === "activity" ? topic.owner : undefined;
}

/** What `self` may offer over a link to `peer`; `relation` is where `self` sees the peer. */
export function offerScope(self: Party, peer: Party, relation: LinkRelation): Scope {
  switch (self.role) {
    case "cross_center":
      return relation === "above" && peer.role === "cross_gateway"
        ? { kind: "only", owner: self.key }
        : { kind: "none" };
    case "cross_gateway":
      return relation === "above" ? { kind: "none" } : { kind: "all_but", owner: peer.key };
    case "gateway":
      return relation === "below" ? { kind: "all_but", owner: peer.key } : { kind: "none" };
    default:
      return { kind: "none" };
  }
}

export function hearScope(self: Party, peer: Party, relation: LinkRelation): Scope {
  return offerScope(peer, self, flip(relation));
}

export function inScope(scope: Scope, owner: NodeKey): boolean {
  switch (scope.kind) {
    case "none":
      return false;
    case "only":
      return scope.owner === owner;
    case "all_but":
      return scope.owner !== owner;
  }
}

export function mayOfferState(self: Party, peer: Party & { readonly relation: LinkRelation }, owner: NodeKey): boolean {
  return inScope(offerScope(self, peer, peer.relation), owner);
}

export function mayHearState(self: Party, peer: Party & { readonly relation: LinkRelation }, owner: NodeKey): boolean {
  return inScope(hearScope(self, peer, peer.relation), owner);
}

/** May `self` say this route topic to `peer`, when it has come over `hops` links before? 0: it is our own. */
export function maySayRoute(
  self: Party,
  peer: Party & { readonly relation: LinkRelation },
  news: { readonly topic: Topic; readonly hops: number },
): boolean {
  const { topic, hops } = news;
  if (topic.kind === "activity" || hops > ROUTE_HOPS_MAX || topic.gateway.key === peer.key) return false;
  const isOwn = topic.gateway.key === self.key;
  if (isOwn !== (hops === 0)) return false;
  if (self.role === "gateway") return shardGatewaySays(topic.kind, isOwn, topic.gateway.role, peer);
  if (self.role !== "cross_gateway" || peer.relation === "above") return false;
  const isShards = topic.gateway.role === "gateway";
  if (peer.relation === "peer") {
    // One peer hop: only what its own link said. What a peer says of itself it says to every peer.
    return isOwn || (isShards && hops === 1);
  }
  if (isShards) return peer.role !== "gateway";
  if (topic.kind === "applied" && peer.role === "gateway") return false;
  return isOwn || hops === 1;
}

function shardGatewaySays(
  kind: "attached" | "applied",
  isOwn: boolean,
  gatewayRole: Role,
  peer: Party & { readonly relation: LinkRelation },
): boolean {
  if (peer.relation === "above") return isOwn && peer.role === "cross_gateway";
  if (peer.relation !== "below" || kind === "applied") return false;
  // Below: its nodes know their shard mates, and the cross tier as far as it is known here.
  return isOwn || gatewayRole === "cross_gateway";
}

export function mayHearRoute(
  self: Party,
  peer: Party & { readonly relation: LinkRelation },
  news: { readonly topic: Topic; readonly hops: number },
): boolean {
  return maySayRoute(peer, { key: self.key, role: self.role, relation: flip(peer.relation) }, news);
}

function flip(relation: LinkRelation): LinkRelation {
  if (relation === "peer") return "peer";
  return relation === "above" ? "below" : "above";
}
