/**
 * Where merged shards have gone: each lives, lives on in another one that lives, or leads nowhere. A chain of merges is
 * followed at most MERGE_CHAIN_MAX long, one that leads back to itself ends nowhere. Pure.
 */

import { assert } from "#base/assert.ts";
import type { ShardFacts } from "../shards/shard_facts.ts";

/** Merges that are followed from one shard to the one that lives. */
export const MERGE_CHAIN_MAX = 16;

export type Home =
  | { readonly kind: "lives"; readonly facts: ShardFacts }
  | { readonly kind: "merged"; readonly into: number }
  | { readonly kind: "lost"; readonly reason: string };

/** By number, in the order of the numbers. Each shard may be given once. */
export function homesOf(shards: readonly ShardFacts[]): ReadonlyMap<number, Home> {
  const known = new Map(shards.toSorted((a, b) => a.shard - b.shard).map((facts) => [facts.shard, facts]));
  assert(known.size === shards.length, "each shard once");
  return new Map([...known.values()].map((facts) => [facts.shard, homeOf(facts, known)]));
}

function homeOf(facts: ShardFacts, known: ReadonlyMap<number, ShardFacts>): Home {
  let at = facts;
  const passed = new Set([facts.shard]);
  for (let merges = 0; merges <= MERGE_CHAIN_MAX; merges += 1) {
    const { mergedInto } = at;
    if (mergedInto === undefined) {
      return merges === 0 ? { kind: "lives", facts } : { kind: "merged", into: at.shard };
    }
    if (passed.has(mergedInto)) {
      return { kind: "lost", reason: `its merges lead back to shard ${mergedInto} and end nowhere` };
    }
    const next = known.get(mergedInto);
    if (next === undefined) {
      return { kind: "lost", reason: `it was merged into shard ${mergedInto}, which is not known` };
    }
    passed.add(mergedInto);
    at = next;
  }
  return { kind: "lost", reason: `it was merged more than ${MERGE_CHAIN_MAX} times` };
}
