import { describe, expect, test } from "#test";
import { KeptPackets } from "#session/kept_packets.ts";
import { LoginQueue } from "#session/login_queue.ts";
import { TokenBucket } from "#session/token_bucket.ts";

describe("TokenBucket", () => {
  test("gives a burst at once and then so many per second", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect([bucket.take(2, 0), bucket.take(2, 0), bucket.take(1, 0), bucket.take(1, 0)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([bucket.take(1, 99), bucket.take(1, 100), bucket.take(3, 100_000), bucket.take(1, 100_000)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe("KeptPackets", () => {
  const one = new Uint8Array(1);

  test("keeps so many of the newest, and the newest however large it is", () => {
    const kept = new KeptPackets({ countMax: 2, sizeMax: 10 });
    for (const seq of [1, 2, 3]) kept.add(seq, one);
    expect([kept.get(1), kept.get(2), kept.all().length, kept.droppedUpTo]).toEqual([undefined, one, 2, 1]);
    kept.add(4, new Uint8Array(20));
    expect([kept.all().map(({ length }) => length), kept.droppedUpTo]).toEqual([[20], 3]);
  });

  test("what is forgotten does not count as dropped", () => {
    const kept = new KeptPackets({ countMax: 2, sizeMax: 10 });
    for (const seq of [1, 2]) kept.add(seq, one);
    kept.forget(1);
    kept.add(3, one);
    expect([kept.all().length, kept.droppedUpTo]).toEqual([2, 0]);
  });
});

describe("LoginQueue", () => {
  test("estimates by how often places became free lately", () => {
    const queue = new LoginQueue<string>();
    expect(queue.estimateMs(2)).toEqual(10_000);
    for (let nowMs = 0; nowMs <= 100_000; nowMs += 1_000) queue.freed(nowMs);
    expect(queue.estimateMs(3)).toEqual(3_000);
  });

  test("an estimate after a quiet night is still a number that a packet holds", () => {
    const queue = new LoginQueue<string>();
    for (const nowMs of [0, 8 * 3_600_000]) queue.freed(nowMs);
    expect([queue.estimateMs(1), queue.estimateMs(5_000)]).toEqual([5_764_000, 4_294_967_295]);
  });

  test("is full at 5000", () => {
    const queue = new LoginQueue<number>();
    for (let index = 0; index < 5_000; index += 1) queue.add(`p${index}`, index);
    expect([queue.add("late", 0), queue.add("p7", 8)]).toEqual(["full", { place: 8, replaced: 7 }]);
    expect([queue.placeOf("p0"), queue.placeOf("p7"), queue.placeOf("late")]).toEqual([1, 8, undefined]);
  });

  test("only who has a place can give it up", () => {
    const queue = new LoginQueue<string>();
    queue.add("ann", "old");
    queue.add("ann", "new");
    queue.remove("ann", "old");
    expect([queue.count, queue.shift(), queue.shift()]).toEqual([1, { player: "ann", waiter: "new" }, undefined]);
  });
});
