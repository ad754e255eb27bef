import { describe, expect, test } from "#test";
import { MERGE_CHAIN_MAX } from "#activity/groups/groups_merge.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import { factsToTell } from "#module/shard_answers.ts";

function merged(shard: number, mergedInto: number): ShardFacts {
  return { ...bareFacts(shard), mergedInto };
}

describe("factsToTell", () => {
  test("are the shard's own entry, and of the others those that lead into it", () => {
    const own = { ...bareFacts(3), openedAtMs: 5, timeZone: "Asia/Shanghai" };
    const entries = [merged(9, 4), merged(4, 3), bareFacts(5), merged(6, 5), own];
    expect(factsToTell(3, entries)).toEqual([own, merged(4, 3), merged(9, 4)]);
  });

  test("without an entry say that there is such a shard", () => {
    expect(factsToTell(3, [])).toEqual([bareFacts(3)]);
  });

  test("of a shard that was merged itself have where it went, and nothing of that one", () => {
    expect(factsToTell(3, [merged(3, 1), bareFacts(1), merged(2, 1)])).toEqual([merged(3, 1)]);
  });

  test("end where merges go in a circle or on for too long", () => {
    expect(factsToTell(3, [merged(1, 2), merged(2, 1)])).toEqual([bareFacts(3)]);
    const line = Array.from({ length: MERGE_CHAIN_MAX + 1 }, (_, index) => merged(100 + index, 99 + index));
    expect(factsToTell(99, line).length).toBe(1 + MERGE_CHAIN_MAX);
  });
});
