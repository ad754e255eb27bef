/**
 * Which cross node serves which shard: the config's word, else rendezvous hashing over the numbers of the role's
 * nodes, so that every process gives the same answer and a node that goes moves only the shards that it had. Pure.
 */

import { rendezvous } from "#mesh/rendezvous.ts";
import { ROLE_NUMBERS } from "#wire/role.ts";

export type AssignedRole = "cross_center" | "cross_map";

export type Assignment = { readonly number: number; readonly from: "config" | "rendezvous" };

/**
 * `configured`: shard to node number, as far as the config says it; its word holds also for a node that is not known.
 * `nodes`: numbers of the nodes of the role that the config names, so that a restart changes nothing.
 * Undefined when neither says anything.
 */
export function assign(
  shard: number,
  role: AssignedRole,
  among: { readonly configured: ReadonlyMap<number, number>; readonly nodes: readonly number[] },
): Assignment | undefined {
  const configured = among.configured.get(shard);
  if (configured !== undefined) return { number: configured, from: "config" };
  const number = rendezvous(shard, ROLE_NUMBERS[role], among.nodes);
  return number === undefined ? undefined : { number, from: "rendezvous" };
}
