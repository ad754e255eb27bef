/**
 * Whether a term has begun with the groups that `divide` gives, of what its owner knew of the shards just then. What it
 * knows is looked at now and then and at every transaction: between two looks each shard may have been known as before
 * or as after.
 */

import type { ActivityContent } from "#activity/content.ts";
import { divide } from "#activity/groups/groups.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { equalFacts } from "#activity/shards/shard_facts.ts";

/** From when a term's groups are pinned until they are committed. */
const PINNED_MS = 500;

/** Facts of one shard, or that it was not known. */
interface Seen {
  readonly facts: ShardFacts | undefined;
  atMs: number;
}

export class KnownFacts {
  readonly #seen = new Map<number, Seen[]>();

  look(facts: readonly ShardFacts[], nowMs: number): void {
    const numbers = new Set([...this.#seen.keys(), ...facts.map(({ shard }) => shard)]);
    for (const shard of numbers) {
      const now = facts.find((one) => one.shard === shard);
      const known = this.#seen.get(shard) ?? [{ facts: undefined, atMs: nowMs }];
      const same = known.find((one) => isSame(one.facts, now));
      if (same === undefined) known.push({ facts: now, atMs: nowMs });
      else same.atMs = nowMs;
      this.#seen.set(
        shard,
        known.filter(({ atMs }) => atMs >= nowMs - PINNED_MS),
      );
    }
  }

  /** Undefined: so it is. Else what it ought to have been, as JSON. */
  differs(content: ActivityContent): string | undefined {
    const { term, groups: rule, history } = content;
    const atMs = history.at(-1)?.atMs ?? 0;
    const found = JSON.stringify(term?.groups ?? null);
    if (rule.kind === "all") return found === "null" ? undefined : "null";
    let wanted = "";
    for (const known of this.#possible()) {
      const { groups } = divide(rule, known, atMs);
      wanted = JSON.stringify(groups.map(({ name, shards }) => ({ name, shards })));
      if (wanted === found) return undefined;
    }
    return wanted;
  }

  /** Every mixture of what was known of each shard lately. */
  #possible(): readonly (readonly ShardFacts[])[] {
    let out: readonly (readonly ShardFacts[])[] = [[]];
    for (const seen of this.#seen.values()) {
      out = seen.flatMap(({ facts }) => out.map((chosen) => (facts === undefined ? chosen : [...chosen, facts])));
    }
    return out;
  }
}

function isSame(a: ShardFacts | undefined, b: ShardFacts | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalFacts(a, b);
}
