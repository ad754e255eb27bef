import { RankDraft } from "#activity/ranks/rank_draft.ts";
import type { RankEntry } from "#activity/ranks/rank_order.ts";
import { highest, lowest } from "#activity/ranks/rank_order.ts";
import { Ranking } from "#activity/ranks/ranking.ts";
import { Refusal } from "#activity/reports/refusal.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { describe, expect, test } from "#test";

const BY = { atMs: 5, shard: 2 };

function three(): Ranking {
  const entry = (subject: string, score: number, sequence: number): RankEntry => {
    return { subject, score, atMs: 1, sequence, shard: 1 };
  };
  return new Ranking(highest, [entry("a", 30, 1), entry("b", 20, 2), entry("c", 10, 3)]);
}

function shown(entries: Iterable<RankEntry>): string[] {
  return [...entries].map(({ subject, score }) => `${subject}${score}`);
}

describe("RankDraft", () => {
  test("is seen by its own reads at once, and by the ranking when it is applied", () => {
    const base = three();
    const draft = new RankDraft({ name: "damage", base });
    draft.add("c", 15, BY);
    draft.set("d", 1, BY);
    expect([draft.get("c")?.score, draft.placeOf("c"), draft.placeOf("b"), draft.placeOf("d")]).toEqual([25, 2, 3, 4]);
    expect([shown(draft.entries()), shown(base.entries())]).toEqual([
      ["a30", "c25", "b20", "d1"],
      ["a30", "b20", "c10"],
    ]);
    draft.apply();
    expect(shown(base.entries())).toEqual(["a30", "c25", "b20", "d1"]);
    expect(base.get("c")).toEqual({ subject: "c", score: 25, atMs: 5, sequence: 4, shard: 2 });
  });

  test("places and order are those that the ranking has afterwards, for any changes", () => {
    for (const seed of [1, 2, 3, 4]) {
      const random = seededRandom(seed);
      const base = new Ranking(seed % 2 === 0 ? highest : lowest);
      for (let batch = 0; batch < 20; batch += 1) {
        const draft = new RankDraft({ name: "x", base });
        for (let change = 0; change < 60; change += 1) {
          draft.add(`p${randomIndex(random, 400)}`, randomIndex(random, 50) - 10, { atMs: batch, shard: 1 });
          if (randomIndex(random, 4) === 0) draft.undo();
          else draft.keep();
        }
        const subjects = draft.changed().map(({ subject }) => subject);
        const expected = subjects.map((subject) => draft.placeOf(subject));
        const order = shown(draft.entries());
        const { size } = draft;
        draft.apply();
        expect(subjects.map((subject) => base.placeOf(subject))).toEqual(expected);
        expect([shown(base.entries()), base.size]).toEqual([order, size]);
      }
    }
  });

  test("undo takes back what came after the last keep, and nothing else", () => {
    const draft = new RankDraft({ name: "damage", base: three() });
    draft.add("a", 1, BY);
    draft.keep();
    draft.add("a", 1, BY);
    draft.set("new", 99, BY);
    draft.add("a", 1, BY);
    draft.undo();
    draft.undo();
    expect([shown(draft.entries()), draft.size]).toEqual([["a31", "b20", "c10"], 3]);
  });

  test("the same score again keeps the time at which it was reached", () => {
    const draft = new RankDraft({ name: "damage", base: three() });
    draft.set("a", 30, BY);
    draft.add("b", 0, BY);
    expect(draft.changed()).toEqual([]);
  });

  test("a change of no shard keeps the home that is known", () => {
    const draft = new RankDraft({ name: "damage", base: three() });
    draft.set("a", 1, { atMs: 5, shard: 0 });
    draft.set("z", 1, { atMs: 5, shard: 0 });
    expect(draft.changed().map(({ shard }) => shard)).toEqual([1, 0]);
  });

  test("a subject beyond the limit is refused, and known ones still change", () => {
    let fulls = 0;
    const full = (): void => {
      fulls += 1;
    };
    const draft = new RankDraft({ name: "damage", base: three(), entriesMax: 4, full });
    draft.set("d", 1, BY);
    expect(() => draft.set("e", 1, BY)).toThrow(Refusal);
    draft.set("d", 2, BY);
    expect([fulls, draft.size, draft.get("d")?.score]).toEqual([1, 4, 2]);
  });

  test("what is no subject and no score is a fault", () => {
    const draft = new RankDraft({ name: "damage", base: three() });
    for (const bad of ["", "a b", "x".repeat(65)]) expect(() => draft.set(bad, 1, BY)).toThrow(TypeError);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => draft.set("a", bad, BY)).toThrow(TypeError);
      expect(() => draft.add("a", bad, BY)).toThrow(TypeError);
    }
    expect(draft.changed()).toEqual([]);
  });
});
