/**
 * What a gateway may say in `attached/<gateway>`: itself first, then nodes that it can have below it. A shard gateway
 * speaks of its own shard, a cross gateway of cross and edge nodes; no gateway speaks of another one. Pure.
 */

import type { Identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";
import { NUMBER_MAX, acceptsLinks, tierOf } from "#wire/role.ts";
import type { Party } from "./topic_rules.ts";

/** What is wrong with the word on the topic of `gateway`, or undefined. */
export function faultOfAttached(nodes: readonly Identity[], gateway: Party): string | undefined {
  const [first, ...others] = nodes;
  if (first?.key !== gateway.key) return "it does not begin with the gateway itself";
  const isShards = gateway.role === "gateway";
  if (isShards ? !isNumber(first.shard) : first.shard !== 0) return `${first.id} says shard ${first.shard}`;
  const seen = new Set<NodeKey>();
  for (const node of others) {
    const isInTier = isShards ? tierOf(node.role) === "shard" : tierOf(node.role) !== "shard";
    if (!isNumber(node.number) || acceptsLinks(node.role) || !isInTier) return `${node.id} is not below ${first.id}`;
    if (node.shard !== first.shard) return `${node.id} says shard ${node.shard}, ${first.id} shard ${first.shard}`;
    if (seen.has(node.key)) return `${node.id} is in it twice`;
    seen.add(node.key);
  }
  return undefined;
}

function isNumber(value: number): boolean {
  return value >= 1 && value <= NUMBER_MAX;
}
