import type { RankEntry, RankOrder } from "#activity/ranks/rank_order.ts";
import { OrderFault, compareEntries, highest, lowest } from "#activity/ranks/rank_order.ts";
import { Ranking } from "#activity/ranks/ranking.ts";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { describe, expect, test } from "#test";

const SEEDS = [1, 2, 3, 4, 5, 6];
/** The second order has few different values, so that most places are told apart by time and sequence. */
const ORDERS: readonly RankOrder[] = [highest, lowest, (a, b) => Math.trunc(b.score / 100) - Math.trunc(a.score / 100)];

function entry(subject: string, score: number, sequence = 1, atMs = 0): RankEntry {
  return { subject, score, atMs, sequence, shard: 1 };
}

function draw(random: Random, subjects: number, sequence: number): RankEntry {
  const subject = `p${randomIndex(random, subjects)}`;
  return entry(subject, randomIndex(random, 500), sequence, Math.trunc(sequence / 3));
}

function naive(order: RankOrder, entries: Iterable<RankEntry>): readonly RankEntry[] {
  return [...entries].toSorted((a, b) => compareEntries(order, a, b));
}

describe("Ranking", () => {
  test("has every entry where a plain sort has it, whatever is inserted and moved", () => {
    for (const seed of SEEDS) {
      const random = seededRandom(seed);
      const order = ORDERS[seed % ORDERS.length] ?? highest;
      const ranking = new Ranking(order);
      const known = new Map<string, RankEntry>();
      for (let step = 1; step <= 6_000; step += 1) {
        const next = draw(random, 2_500, step);
        ranking.put(next);
        known.set(next.subject, next);
        if (step % 1_000 !== 0) continue;
        const sorted = naive(order, known.values());
        expect([...ranking.entries()]).toEqual([...sorted]);
        expect(ranking.size).toBe(sorted.length);
        const places = sorted.map(({ subject }) => ranking.placeOf(subject));
        expect(places).toEqual(sorted.map((_, index) => index + 1));
        const offset = randomIndex(random, sorted.length + 10);
        expect([...ranking.slice(offset, 700)]).toEqual(sorted.slice(offset, offset + 700));
      }
    }
  });

  test("stays as it is when everything goes to one end, over and over", () => {
    const ranking = new Ranking(highest);
    let sequence = 0;
    for (let round = 1; round <= 4; round += 1) {
      for (let player = 0; player < 2_000; player += 1) {
        sequence += 1;
        ranking.put(entry(`p${player}`, round * 10_000 + player, sequence));
      }
    }
    expect([ranking.size, ranking.placeOf("p1999"), ranking.placeOf("p0")]).toEqual([2_000, 1, 2_000]);
  });

  test("restored from its entries it is the same, and its sequence goes on", () => {
    const random = seededRandom(7);
    const ranking = new Ranking(highest);
    for (let step = 1; step <= 3_000; step += 1) ranking.put(draw(random, 1_500, step));
    const shuffled = [...ranking.entries()].toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
    const again = new Ranking(highest, shuffled);
    expect([...again.entries()]).toEqual([...ranking.entries()]);
    expect([again.nextSequence, ranking.nextSequence]).toEqual([3_001, 3_001]);
  });

  test("of equals the one is first that reached its score first, by the sequence and not by the clock", () => {
    const entries = [entry("c", 5, 3, 10), entry("a", 5, 2, 20), entry("b", 5, 1, 20), entry("d", 9, 9, 99)];
    expect([...new Ranking(highest, entries).entries()].map(({ subject }) => subject)).toEqual(["d", "b", "a", "c"]);
  });

  test("counts how many are before an entry that is not in it", () => {
    const ranking = new Ranking(highest, [entry("a", 3, 1), entry("b", 2, 2), entry("c", 1, 3)]);
    expect([ranking.countBefore(entry("x", 2.5, 4)), ranking.countBefore(entry("x", 0, 4))]).toEqual([1, 3]);
    expect([ranking.placeOf("x"), ranking.get("x"), ranking.slice(3, 5)]).toEqual([undefined, undefined, []]);
  });

  test("an order that throws changes nothing; one that contradicts itself is found out", () => {
    let isBroken = false;
    const order: RankOrder = (a, b) => {
      if (isBroken) throw new Error("no order");
      return b.score - a.score;
    };
    const ranking = new Ranking(order, [entry("a", 3, 1), entry("b", 2, 2)]);
    isBroken = true;
    expect(() => ranking.put(entry("b", 9, 3))).toThrow("no order");
    isBroken = false;
    expect([...ranking.entries()].map(({ subject, score }) => `${subject}${score}`)).toEqual(["a3", "b2"]);
    const always: RankOrder = () => -1;
    expect(() => new Ranking(always, [entry("a", 1, 1), entry("b", 1, 2)]).placeOf("b")).toThrow(OrderFault);
    expect(() => new Ranking(() => Number.NaN, [entry("a", 1, 1), entry("b", 1, 2)])).toThrow(OrderFault);
  });
});
