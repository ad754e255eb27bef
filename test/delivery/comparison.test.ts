import { describe, expect, test } from "#test";
import { judgeTerm, termName } from "#delivery/comparison.ts";
import { addToSum, hashOfKey, KEY_SUM_NONE } from "#delivery/key_sum.ts";
import type { TermCounts } from "#delivery/outbox_terms.ts";
import { digest } from "../wire/digest.ts";
import { keyFor, TERM } from "./ground.ts";

const OWNER: TermCounts = {
  ...{ shard: 2, activity: "boss", term: TERM },
  ...{ pending: 0, held: 3, acknowledged: 10, keySum: "00000000000000aa" },
  ...{ pendingSinceMs: undefined, ackedAtMs: 1, conflicting: 0, conflictedAtMs: undefined },
};

describe("judgeTerm", () => {
  test("equal count and sum are equal, also when all was sent again; what is held does not count", () => {
    const word = { applied: 10, keySum: OWNER.keySum };
    expect([judgeTerm(OWNER, word, false), judgeTerm(OWNER, word, true)]).toEqual(["equal", "equal"]);
  });

  test("nothing is judged while something is pending", () => {
    expect(judgeTerm({ ...OWNER, pending: 1 }, { applied: 0, keySum: KEY_SUM_NONE }, false)).toBe("later");
  });

  test("another count or another sum is a loss, the first time", () => {
    expect(judgeTerm(OWNER, { applied: 9, keySum: OWNER.keySum }, false)).toBe("lost");
    expect(judgeTerm(OWNER, { applied: 10, keySum: "00000000000000ab" }, false)).toBe("lost");
    expect(judgeTerm(OWNER, { applied: 11, keySum: "00000000000000ab" }, false)).toBe("lost");
  });

  test("after all was sent again, more is what this owner does not know; anything else is an alarm", () => {
    expect(judgeTerm(OWNER, { applied: 11, keySum: "00000000000000ab" }, true)).toBe("more");
    expect(judgeTerm(OWNER, { applied: 10, keySum: "00000000000000ab" }, true)).toBe("differs");
    expect(judgeTerm(OWNER, { applied: 9, keySum: OWNER.keySum }, true)).toBe("differs");
  });

  test("terms of different shards have different names", () => {
    expect([termName(OWNER), termName({ ...OWNER, shard: 1 })]).toEqual([`2/boss/${TERM}`, `1/boss/${TERM}`]);
  });
});

describe("Key sums", () => {
  const keys = ["a", "b", "c"].map((player) => keyFor(player));

  function sumOf(order: readonly number[]): string {
    return order.reduce((sum, index) => {
      const key = keys[index];
      if (key === undefined) throw new Error("there is one");
      return addToSum(sum, hashOfKey(digest, key).part);
    }, KEY_SUM_NONE);
  }

  test("do not depend on the order, and lose what is taken away", () => {
    expect(sumOf([2, 0, 1])).toBe(sumOf([0, 1, 2]));
    const { part } = hashOfKey(digest, keyFor("c"));
    expect(addToSum(sumOf([0, 1, 2]), -part)).toBe(sumOf([0, 1]));
    expect(addToSum(KEY_SUM_NONE, -1n)).toBe("f".repeat(16));
  });

  test("every part of a key counts, and parts do not run into each other", () => {
    const others = [
      { player: "b" },
      { activity: "x" },
      { term: "x" },
      { group: "x" },
      { ranking: "x" },
      { tier: "x" },
      { group: 'al","l' },
      { group: "allda", ranking: "mage" },
    ].map((of) => hashOfKey(digest, keyFor("a", of)).mailId);
    expect(new Set([hashOfKey(digest, keyFor("a")).mailId, ...others]).size).toBe(9);
  });

  test("are those of SHA-256 over the JSON text of the parts, for a second implementation", () => {
    const text = new TextEncoder().encode(`["boss","${TERM}","all","damage","a","1"]`);
    const hash = digest.sha256(text);
    const { part, mailId } = hashOfKey(digest, keyFor("a"));
    expect([part.toString(16).padStart(16, "0"), mailId]).toEqual([
      hex(hash.subarray(0, 8)),
      hex(hash.subarray(0, 16)),
    ]);
  });
});

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
