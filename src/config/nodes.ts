/**
 * One entry of the cluster file with its defaults filled in, judged by itself: does its role listen, follow a
 * gateway, belong to a shard?
 */

import type { Address } from "#link/transport.ts";
import { acceptsLinks, type NodeId, nodeId, tierOf } from "#wire/role.ts";
import { isWildcard, parseAddress } from "./address.ts";
import { shown } from "./fault.ts";
import type { Placed, RawEdge, RawNode, RawRemote } from "./shape.ts";
import type { DeathPolicyName, NodeRole } from "./types.ts";

/** `user:301` and `map:302` are of shard 3. */
const SHARD_FACTOR = 100;

export interface Candidate {
  readonly kind: "node" | "edge" | "remote";
  readonly place: string;
  readonly role: NodeRole | "admin";
  readonly number: number;
  readonly id: NodeId;
  readonly shard: number;
  readonly listen: Address | undefined;
  readonly address: Address | undefined;
  /** The address was given, not taken from `listen`: it tells which machine this is. */
  readonly addressGiven: boolean;
  readonly dial: readonly string[] | undefined;
  readonly admin: Address | undefined;
  readonly players: Address | undefined;
  readonly playersTcp: Address | undefined;
  readonly onGatewayDeath: DeathPolicyName | undefined;
  readonly modules: readonly string[];
}

export type Report = (place: string, found: string, allowed: string) => void;

export function candidateOfNode({ place, value }: Placed<RawNode>, fault: Report): Candidate {
  const { role } = value;
  const accepts = acceptsLinks(role);
  const follows = tierOf(role) === "shard" && role !== "gateway";
  const listen = addressOf(value.listen);
  const address = addressOf(value.address) ?? listen;
  if (accepts && listen === undefined) {
    fault(`${place}.listen`, "nothing", `an address, since a ${role} accepts links, like "127.0.0.1:7001"`);
  }
  for (const key of ["listen", "address"] as const) {
    if (accepts || value[key] === undefined) continue;
    fault(
      `${place}.${key}`,
      `${shown(value[key])} on a ${role}`,
      "nothing: only gateway and cross_gateway accept links",
    );
  }
  if (accepts && address !== undefined && isWildcard(address.host)) {
    const found = value.address === undefined ? `nothing beside listen = ${shown(value.listen)}` : shown(value.address);
    fault(`${place}.address`, found, "an address that other nodes can dial");
  }
  if (!follows && value.on_gateway_death !== undefined) {
    fault(`${place}.on_gateway_death`, `${shown(value.on_gateway_death)} on a ${role}`, "user, center and map only");
  }
  for (const key of ["players", "players_tcp"] as const) {
    if (role === "gateway" || value[key] === undefined) continue;
    fault(`${place}.${key}`, `${shown(value[key])} on a ${role}`, "nothing: players come in through a gateway");
  }
  return {
    kind: "node",
    place,
    role,
    number: value.id,
    id: nodeId(role, value.id),
    shard: shardOf(place, value, fault),
    listen,
    address,
    addressGiven: value.address !== undefined,
    dial: value.dial,
    admin: addressOf(value.admin),
    players: addressOf(value.players),
    playersTcp: addressOf(value.players_tcp),
    onGatewayDeath: follows ? (value.on_gateway_death ?? "exit") : undefined,
    modules: value.modules,
  };
}

export function candidateOfEdge({ place, value }: Placed<RawEdge>): Candidate {
  return {
    kind: "edge",
    place,
    role: "admin",
    number: value.id,
    id: nodeId("admin", value.id),
    shard: 0,
    listen: undefined,
    address: undefined,
    addressGiven: false,
    dial: value.dial,
    admin: addressOf(value.admin),
    players: undefined,
    playersTcp: undefined,
    onGatewayDeath: undefined,
    modules: [],
  };
}

export function candidateOfRemote({ place, value }: Placed<RawRemote>, fault: Report): Candidate {
  const address = addressOf(value.address);
  if (address !== undefined && isWildcard(address.host)) {
    fault(`${place}.address`, shown(value.address), "an address that can be dialled");
  }
  return {
    kind: "remote",
    place,
    role: value.role,
    number: value.id,
    id: nodeId(value.role, value.id),
    shard: shardOf(place, value, fault),
    listen: undefined,
    address,
    addressGiven: true,
    dial: undefined,
    admin: undefined,
    players: undefined,
    playersTcp: undefined,
    onGatewayDeath: undefined,
    modules: [],
  };
}

function shardOf(
  place: string,
  value: { readonly role: NodeRole; readonly id: number; readonly shard?: number | undefined },
  fault: Report,
): number {
  if (tierOf(value.role) !== "shard") {
    if (value.shard !== undefined) {
      fault(`${place}.shard`, `${value.shard} on a ${value.role}`, "nothing: the cross tier belongs to no shard");
    }
    return 0;
  }
  if (value.shard !== undefined) return value.shard;
  if (value.role === "gateway" || value.role === "center") return value.id;
  const shard = Math.floor(value.id / SHARD_FACTOR);
  if (shard === 0) {
    fault(`${place}.shard`, "nothing", `a shard, since the id ${value.id} names none (shard 3 has ${value.role}:301)`);
  }
  return shard;
}

function addressOf(text: string | undefined): Address | undefined {
  return text === undefined ? undefined : parseAddress(text);
}
