/**
 * What a shard's gateway says of its shard when a cross_center asks: its entry in this node's file, and those of the
 * shards that were merged into it, which have no gateway any more to speak for them.
 */

import { MERGE_CHAIN_MAX } from "#activity/groups/groups_merge.ts";
import { FACTS_PER_ANSWER_MAX, ShardContract } from "#activity/shards/shard_contract.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import type { Alarms } from "#base/alarms.ts";
import type { Server } from "#rpc/server.ts";

export function serveShardFacts(options: {
  readonly shard: number;
  /** All that the file says, of whichever shard. */
  readonly shards: readonly ShardFacts[];
  readonly server: Server;
  readonly alarms: Alarms;
}): void {
  const { shard, shards, server, alarms } = options;
  const all = factsToTell(shard, shards);
  const facts = all.slice(0, FACTS_PER_ANSWER_MAX);
  if (facts.length < all.length) {
    alarms.raise("shard_facts_cut", { shard, known: all.length, limit: FACTS_PER_ANSWER_MAX });
  }
  server.serve(ShardContract.facts, () => ({ facts: [...facts] }));
}

/** The shard's own facts first, known or not; then those that lead into it, by number. */
export function factsToTell(shard: number, shards: readonly ShardFacts[]): readonly ShardFacts[] {
  const entries = new Map(shards.map((facts) => [facts.shard, facts]));
  const leadsHere = (facts: ShardFacts): boolean => {
    let into = facts.mergedInto;
    for (let merges = 0; merges < MERGE_CHAIN_MAX && into !== undefined; merges += 1) {
      if (into === shard) return true;
      into = entries.get(into)?.mergedInto;
    }
    return false;
  };
  const merged = shards.filter((facts) => facts.shard !== shard && leadsHere(facts));
  return [entries.get(shard) ?? bareFacts(shard), ...merged.toSorted((a, b) => a.shard - b.shard)];
}
