/**
 * Node lists that several tests use.
 */

import type { NodeSpec } from "./cluster_file.ts";

/** One of each kind that news passes on its way from the owner to a shard. */
export const CHAIN: readonly NodeSpec[] = [
  { id: "cross_center:1", admin: true },
  { id: "cross_gateway:1" },
  { id: "gateway:1" },
  { id: "center:1" },
];

export function shardNodes(number: number): readonly NodeSpec[] {
  return [
    { id: `gateway:${number}` },
    { id: `user:${number * 100 + 1}` },
    { id: `center:${number}` },
    { id: `map:${number * 100 + 1}` },
  ];
}

/** Two shards and the cross tier. Two cross nodes serve the admin API, so that one of them may die. */
export const FULL: readonly NodeSpec[] = [
  { id: "cross_center:1", admin: true },
  { id: "statistic:1", admin: true },
  { id: "cross_gateway:1" },
  { id: "cross_map:1" },
  ...shardNodes(1),
  ...shardNodes(2),
];

/** Two cross gateways over two shards; everybody is linked to both. */
export const TWO_GATEWAYS: readonly NodeSpec[] = [{ id: "cross_gateway:2" }, ...FULL];
