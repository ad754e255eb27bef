/**
 * Which nodes a simulated cluster has and who dials whom (DESIGN 2), drawn from a seed.
 */

import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { DeathPolicy } from "#mesh/death_watch.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { acceptsLinks, nodeId, tierOf } from "#wire/role.ts";

export interface NodeSpec {
  readonly id: NodeId;
  readonly role: Role;
  readonly number: number;
  readonly shard: number;
  readonly dials: readonly NodeId[];
  readonly policy: DeathPolicy;
}

export interface Topology {
  readonly nodes: readonly NodeSpec[];
  /** Pairs that have a link. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** The machine of a node; its name is its address. */
export function hostOf(id: NodeId): string {
  return id.replace(":", "-");
}

export const PORT = 7000;

export function drawTopology(random: Random, options: { readonly crossGateways: number }): Topology {
  const crossGateways = Array.from({ length: options.crossGateways }, (_value, index) =>
    nodeId("cross_gateway", index + 1),
  );
  const nodes: NodeSpec[] = [];
  const add = (role: Role, number: number, rest: { shard: number; dials: readonly NodeId[] }): void => {
    const policy: DeathPolicy =
      tierOf(role) !== "shard" || acceptsLinks(role) ? "ignore" : random.unit() < 0.8 ? "exit" : "clear_logins";
    nodes.push({ id: nodeId(role, number), role, number, policy, ...rest });
  };
  for (const [index] of crossGateways.entries()) {
    add("cross_gateway", index + 1, { shard: 0, dials: crossGateways.slice(index + 1) });
  }
  add("cross_center", 5, { shard: 0, dials: crossGateways });
  if (random.unit() < 0.3) add("cross_map", 1, { shard: 0, dials: crossGateways });
  if (random.unit() < 0.3) add("statistic", 1, { shard: 0, dials: crossGateways });
  const shards = 2 + randomIndex(random, 2);
  for (let shard = 1; shard <= shards; shard += 1) {
    const gateway = [nodeId("gateway", shard)];
    add("gateway", shard, { shard, dials: crossGateways });
    add("center", shard, { shard, dials: gateway });
    if (random.unit() < 0.7) add("user", shard * 100 + 1, { shard, dials: gateway });
    if (random.unit() < 0.4) add("map", shard * 100 + 2, { shard, dials: gateway });
  }
  const pairs = nodes.flatMap((node) => node.dials.map((target) => [hostOf(node.id), hostOf(target)] as const));
  return { nodes, pairs };
}
