/**
 * The cluster of the terms simulation, drawn from a seed: one or two owners and cross gateways, three or four shards of
 * a gateway and a center each, and what the shards' files say. A night falls in the middle of the run, so that the days
 * of shards change under terms.
 */

import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { Role } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import type { NodeSpec, Topology } from "./topology.ts";
import { hostOf } from "./topology.ts";

const DAY_MS = 86_400_000;
const OWNERS = [5, 6] as const;
const WALL_SKEW_MS = 2000;
/** Ages in days before the night: young, at the edge of a band, old. */
const AGES = [2, 7, 7, 8, 20] as const;

export interface TermsTopology extends Topology {
  readonly owners: readonly string[];
  readonly shards: readonly number[];
}

export function drawTermsTopology(random: Random): TermsTopology {
  const crossGateways = Array.from({ length: random.unit() < 0.6 ? 1 : 2 }, (_, index) =>
    nodeId("cross_gateway", index + 1),
  );
  const owners = OWNERS.slice(0, random.unit() < 0.7 ? 1 : 2).map((number) => nodeId("cross_center", number));
  const shards = Array.from({ length: 3 + randomIndex(random, 2) }, (_, index) => index + 1);
  const nodes: NodeSpec[] = [];
  const add = (role: Role, number: number, rest: Pick<NodeSpec, "shard" | "dials">): void => {
    nodes.push({ id: nodeId(role, number), role, number, policy: role === "center" ? "exit" : "ignore", ...rest });
  };
  for (const [index] of crossGateways.entries()) {
    add("cross_gateway", index + 1, { shard: 0, dials: crossGateways.slice(index + 1) });
  }
  for (const number of OWNERS.slice(0, owners.length)) add("cross_center", number, { shard: 0, dials: crossGateways });
  for (const shard of shards) {
    add("gateway", shard, { shard, dials: crossGateways });
    add("center", shard, { shard, dials: [nodeId("gateway", shard)] });
  }
  const pairs = nodes.flatMap((node) => node.dials.map((target) => [hostOf(node.id), hostOf(target)] as const));
  return { nodes, pairs, owners, shards };
}

/** How far the clocks of the machines are ahead of the world's, so that midnight (UTC) comes at `midnightMs` of the run. */
export function drawSkewMs(random: Random, midnightMs: number): number {
  return DAY_MS - midnightMs + Math.floor((random.unit() - 0.5) * 2 * WALL_SKEW_MS);
}

/** `startMs`: the calendar when the run begins, the day before the night. */
export function drawFacts(random: Random, shards: readonly number[], startMs: number): readonly ShardFacts[] {
  return shards.map((shard) => {
    if (random.unit() < 0.1) return bareFacts(shard);
    const age = AGES[randomIndex(random, AGES.length)] ?? 2;
    const openedAtMs = Math.floor(startMs / DAY_MS) * DAY_MS - (age - 1) * DAY_MS + randomIndex(random, DAY_MS);
    // One that opened later on the first day is no older for it: days are counted, not hours.
    return { ...bareFacts(shard), openedAtMs, timeZone: random.unit() < 0.5 ? "UTC" : undefined };
  });
}

/** The files after `from` was merged into `into`. */
export function mergedFacts(
  facts: readonly ShardFacts[],
  merge: { readonly from: number; readonly into: number; readonly atMs: number },
): readonly ShardFacts[] {
  return facts.map((one) => {
    if (one.shard === merge.from) return { ...one, mergedInto: merge.into, mergedAtMs: merge.atMs };
    return one.shard === merge.into ? { ...one, mergedAtMs: merge.atMs } : one;
  });
}

/** The files after somebody has corrected when a shard opened. */
export function correctedFacts(random: Random, facts: readonly ShardFacts[], shard: number): readonly ShardFacts[] {
  return facts.map((one) => {
    if (one.shard !== shard || one.openedAtMs === undefined) return one;
    return { ...one, openedAtMs: one.openedAtMs + (random.unit() < 0.5 ? DAY_MS : -DAY_MS) };
  });
}
