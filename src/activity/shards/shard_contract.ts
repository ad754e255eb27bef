/**
 * Calls about shards: what a shard's gateway says of its own, and what a cross_center knows of all of them. The gateway
 * is asked rather than the `center`: a shard has exactly one, it is there whenever anything of the shard can be reached,
 * and its shard was checked in its handshake.
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";
import { nodeIdSchema } from "#rpc/runtime_contract.ts";
import { groupRuleSchema } from "../groups/groups_rule.ts";
import { instantSchema, SHARDS_MAX, shardFactsSchema } from "./shard_facts.ts";

/** Shards that one gateway speaks of: its own, and those that were merged into it. */
export const FACTS_PER_ANSWER_MAX = 1024;

const empty = v.strictObject({});
const issues = v.array(v.object({ path: v.string(), message: v.string() }));
const placed = v.object({ shard: v.number(), reason: v.string() });

const knownShard = v.object({
  ...shardFactsSchema.entries,
  /** Undefined: its gateway is there and has not been heard yet. This owner's id: only its own file says so. */
  source: v.optional(nodeIdSchema, () => undefined),
  sinceMs: v.optional(v.number(), () => undefined),
  heardAtMs: v.optional(v.number(), () => undefined),
  reachable: v.boolean(),
  conflict: v.optional(v.string(), () => undefined),
});

export const ShardContract = contract("shard", {
  /** Served by `gateway`, also while it drains. */
  facts: {
    id: 60,
    idempotent: true,
    whileDraining: true,
    request: empty,
    reply: v.strictObject({ facts: v.pipe(v.array(shardFactsSchema), v.maxLength(FACTS_PER_ANSWER_MAX)) }),
  },
  /** Served by `cross_center`. */
  list: {
    id: 61,
    idempotent: true,
    request: empty,
    reply: v.object({ shards: v.pipe(v.array(knownShard), v.maxLength(SHARDS_MAX)) }),
  },
  /** Served by `cross_center`: what a rule would come to; nothing is kept. Without `atMs` it is now. */
  divide: {
    id: 62,
    idempotent: true,
    request: v.strictObject({ rule: groupRuleSchema, atMs: v.optional(instantSchema) }),
    reply: v.variant("kind", [
      v.object({
        kind: v.literal("ok"),
        atMs: v.number(),
        groups: v.array(v.object({ name: v.string(), shards: v.array(v.number()) })),
        ungrouped: v.array(placed),
        merged: v.array(v.object({ shard: v.number(), into: v.number() })),
      }),
      v.object({ kind: v.literal("invalid"), detail: v.string(), issues }),
    ]),
  },
});
