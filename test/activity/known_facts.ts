/**
 * What an owner knows of shards, as a test changes it.
 */

import { divide } from "#activity/groups/groups.ts";
import { checkGroupRule } from "#activity/groups/groups_check.ts";
import type { GroupRule } from "#activity/groups/groups_rule.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import type { ShardGroups } from "#activity/groups/term_groups.ts";

export class KnownFacts implements ShardGroups {
  known: ShardFacts[] = [];

  facts(): readonly ShardFacts[] {
    return this.known;
  }

  /** Shards that are soon to be heard. */
  soon: number[] = [];

  awaited(): readonly number[] {
    return this.soon;
  }

  living(): readonly number[] {
    return this.known.flatMap(({ shard, mergedInto }) => (mergedInto === undefined ? shard : []));
  }

  division(rule: GroupRule, atMs: number): ReturnType<ShardGroups["division"]> {
    return divide(rule, this.known, atMs);
  }

  checkRule(rule: GroupRule): ReturnType<ShardGroups["checkRule"]> {
    return checkGroupRule(rule, this.known);
  }

  opened(shard: number, openedAtMs: number): void {
    this.known.push({ shard, openedAtMs, timeZone: undefined, mergedInto: undefined, mergedAtMs: undefined });
  }
}
