import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import type { ChangePlan } from "#player/change_plan.ts";
import { planChange, usedPlaces, viewOf } from "#player/change_plan.ts";
import type { PlayerChange, Refused } from "#player/player_change.ts";
import { MADE_MAX } from "#player/player_change.ts";
import type { PlayerRecord } from "#player/player_record.ts";
import { BAG_CAPACITY_MAX, COUNT_MAX, PROFILE_SIZE_MAX, UNIQUE_SIZE_MAX } from "#player/player_record.ts";
import { someKinds } from "./ground.ts";

const kinds = someKinds();
const NEW: PlayerRecord = {
  ...{ player: "ann", epoch: 1, version: 0, profile: {}, capacity: 5, ledgerNumber: 0 },
  counts: new Map(),
  uniques: new Map(),
};

function plan(record: PlayerRecord, change: Omit<PlayerChange, "key" | "reason">): ChangePlan | Refused {
  let id = record.version * 100;
  const nextId = (): string => String((id += 1));
  return planChange(record, { key: "k", reason: "test", ...change }, { kinds, nextId });
}

function done(record: PlayerRecord, change: Omit<PlayerChange, "key" | "reason">): ChangePlan {
  const planned = plan(record, change);
  if (planned.kind !== "ok") throw new Error(`refused: ${JSON.stringify(planned)}`);
  return planned;
}

describe("Change: items", () => {
  test("are added up by name, all of them or none, with a line of the ledger for each that differs", () => {
    const first = done(NEW, {
      items: [
        { item: "gold", count: 100 },
        { item: "apple", count: 7 },
        { item: "apple", count: 5 },
        { item: "pear", count: 1 },
        { item: "pear", count: -1 },
      ],
    });
    expect(viewOf(first.record, kinds)).toEqual({
      ...{ player: "ann", version: 1, profile: {} },
      bag: {
        ...{ capacity: 5, used: 2, uniques: [] },
        items: [
          { item: "apple", count: 12 },
          { item: "gold", count: 100 },
        ],
      },
    });
    expect(first.lines).toEqual([
      { subject: "item", name: "gold", id: "", before: 0, after: 100 },
      { subject: "item", name: "apple", id: "", before: 0, after: 12 },
    ]);
    expect(first.items).toEqual([
      { item: "gold", count: 100 },
      { item: "apple", count: 12 },
    ]);
    const spent = done(first.record, {
      items: [
        { item: "gold", count: -100 },
        { item: "apple", count: -2 },
      ],
    });
    expect([...spent.record.counts]).toEqual([["apple", 10]]);
    expect([spent.record.version, spent.record.ledgerNumber]).toEqual([2, 4]);
  });

  test("that are not there refuse the whole change, and say what was found", () => {
    const { record } = done(NEW, { items: [{ item: "gold", count: 10 }] });
    const refused = plan(record, {
      items: [
        { item: "apple", count: 1 },
        { item: "gold", count: -11 },
      ],
    });
    expect(refused).toEqual({ kind: "short", item: "gold", found: 10, wanted: 11 });
    expect(plan(record, { items: [{ item: "gold", count: COUNT_MAX }] })).toMatchObject({ kind: "too_much" });
  });

  test("of which each is its own get ids and data, and are taken by their ids", () => {
    const first = done(NEW, { items: [{ item: "sword", count: 2, data: { level: 3 } }] });
    expect(first.made).toEqual([
      { id: "1", item: "sword", data: { level: 3 } },
      { id: "2", item: "sword", data: { level: 3 } },
    ]);
    const second = done(first.record, { items: [{ take: "1" }, { item: "gold", count: 50 }] });
    expect([...second.record.uniques.keys()]).toEqual(["2"]);
    expect(second.items).toEqual([
      { item: "gold", count: 50 },
      { item: "sword", count: -1 },
    ]);
    expect(second.lines[1]).toEqual({
      ...{ subject: "unique", name: "sword", id: "1", before: 1, after: 0 },
      values: { before: { level: 3 } },
    });
    expect(plan(second.record, { items: [{ take: "1" }] })).toEqual({ kind: "no_item", id: "1" });
    expect(plan(first.record, { items: [{ take: "2" }, { take: "2" }] })).toEqual({ kind: "no_item", id: "2" });
    expect(() => plan(first.record, { items: [{ item: "sword", count: -1 }] })).toThrow("taken by their id");
    expect(plan(NEW, { items: [{ item: "sword", count: MADE_MAX + 1 }] })).toMatchObject({ kind: "too_much" });
    const data = "x".repeat(UNIQUE_SIZE_MAX);
    expect(plan(NEW, { items: [{ item: "sword", count: 1, data }] })).toMatchObject({ kind: "too_much" });
  });
});

describe("Change: an item", () => {
  test("that was stacked before it was declared unique can still be taken away", () => {
    const before = done({ ...NEW, counts: new Map([["sword", 3]]) }, { items: [{ item: "sword", count: -2 }] });
    expect(before.counts).toEqual([{ item: "sword", count: 1 }]);
    expect(plan(before.record, { items: [{ item: "sword", count: -2 }] })).toEqual({
      ...{ kind: "short", item: "sword", found: 1, wanted: 2 },
    });
  });
});

describe("Change: the profile", () => {
  test("knows only its own fields, also of names that every object has", () => {
    const made = done(NEW, { profile: { toString: 1, valueOf: null } });
    expect(made.lines).toEqual([
      {
        ...{ subject: "profile", name: "toString", id: "", before: 0, after: 1 },
        values: { before: undefined, after: 1 },
      },
    ]);
  });
});

describe("Change: the bag's places", () => {
  test("are taken by begun stacks and by each unique item, not by currencies", () => {
    const { record } = done(NEW, {
      items: [
        { item: "gold", count: 1_000_000 },
        { item: "apple", count: 11 },
        { item: "pear", count: 1_000_000 },
        { item: "sword", count: 2 },
      ],
    });
    expect(usedPlaces(record, kinds)).toBe(5);
    expect(plan(record, { items: [{ item: "apple", count: 10 }] })).toEqual({ kind: "full", places: 6, capacity: 5 });
    expect(plan(record, { items: [{ item: "apple", count: 9 }] }).kind).toBe("ok");
    expect(plan(record, { items: [{ item: "apple", count: 10 }], capacity: 1 }).kind).toBe("ok");
  });

  test("may become fewer than are taken: then things may only go", () => {
    const { record } = done(NEW, { items: [{ item: "sword", count: 4 }] });
    const small = done(record, { capacity: -4 }).record;
    expect(small.capacity).toBe(1);
    expect(done(small, { items: [{ take: "1" }] }).record.uniques.size).toBe(3);
    expect(plan(small, { items: [{ take: "1" }, { item: "sword", count: 1 }] }).kind).toBe("ok");
    expect(plan(small, { items: [{ item: "sword", count: 1 }] })).toEqual({ kind: "full", places: 5, capacity: 1 });
    expect(plan(NEW, { capacity: BAG_CAPACITY_MAX })).toMatchObject({ kind: "too_much" });
  });
});

describe("Change: the profile", () => {
  test("gets fields and loses them, each with its values in the ledger", () => {
    const first = done(NEW, { profile: { level: 1, name: "Ann" } });
    const second = done(first.record, { profile: { level: 2, name: null, ghost: null } });
    expect(second.record.profile).toEqual({ level: 2 });
    expect(second.lines).toEqual([
      { subject: "profile", name: "level", id: "", before: 1, after: 1, values: { before: 1, after: 2 } },
      { subject: "profile", name: "name", id: "", before: 1, after: 0, values: { before: "Ann" } },
    ]);
    expect(plan(NEW, { profile: { text: "x".repeat(PROFILE_SIZE_MAX) } })).toMatchObject({ kind: "too_much" });
  });

  test("is changed only as long as nothing else was, if that is asked for", () => {
    const { record } = done(NEW, { profile: { level: 1 } });
    expect(plan(record, { profile: { level: 2 }, ifVersion: 0 })).toEqual({ kind: "stale", version: 1 });
    expect(plan(record, { profile: { level: 2 }, ifVersion: 1 }).kind).toBe("ok");
  });
});

describe("Change: limits of what a player has", () => {
  const many = (count: number, unit: string): PlayerChange["items"] =>
    Array.from({ length: count }, (_, index) => ({ item: `${index}${unit}`, count: 1 }));

  test("hold for unique items that take the place of smaller ones", () => {
    const data = "x".repeat(UNIQUE_SIZE_MAX - 100);
    const places = { capacity: 1_000 };
    let { record } = done(NEW, { ...places, items: [{ item: "sword", count: 100 }] });
    record = done(record, { items: [{ item: "sword", count: 100 }] }).record;
    const swap = (): ChangePlan | Refused => {
      const old = [...record.uniques.values()].filter((unique) => unique.data === null).slice(0, 50);
      const items = [...old.map(({ id }) => ({ take: id })), { item: "sword", count: old.length, data }];
      return plan(record, { items });
    };
    const outcomes: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const planned = swap();
      outcomes.push(planned.kind);
      if (planned.kind === "ok") record = planned.record;
    }
    expect(outcomes).toEqual(["ok", "ok", "too_much", "too_much"]);
  });

  test("count the bytes of names, and do not keep anything from being taken away", () => {
    const long = "物".repeat(60);
    let { record } = done(NEW, { capacity: 1_990 });
    let refused: Refused | undefined;
    for (let round = 0; round < 15 && refused === undefined; round += 1) {
      const planned = plan(record, { items: many(128, `${round}${long}`) });
      if (planned.kind === "ok") record = planned.record;
      else refused = planned;
    }
    expect(refused).toMatchObject({ kind: "too_much" });
    const [item = ""] = record.counts.keys();
    const full = { ...record, capacity: BAG_CAPACITY_MAX + 5 };
    expect(plan(full, { items: [{ item, count: -1 }] }).kind).toBe("ok");
    expect(plan(full, { items: [{ item, count: 1 }] }).kind).toBe("ok");
    expect(plan(full, { capacity: 1 })).toMatchObject({ kind: "too_much" });
  });
});

describe("Change: whatever is asked for", () => {
  test("the ledger's lines add up to what there is, and a refusal leaves everything as it was", () => {
    const random = seededRandom(7);
    let record = NEW;
    const sums = new Map<string, number>();
    let refusals = 0;
    for (let round = 0; round < 2_000; round += 1) {
      const items = Array.from({ length: 1 + Math.floor(random.unit() * 3) }, () => {
        const [id] = record.uniques.keys();
        if (random.unit() < 0.2 && id !== undefined) return { take: id };
        if (random.unit() < 0.2) return { item: "sword", count: 1 };
        const count = Math.floor(random.unit() * 41) - 20;
        return { item: random.unit() < 0.5 ? "gold" : "apple", count: count === 0 ? 1 : count };
      });
      const before = JSON.stringify([viewOf(record, kinds)]);
      const planned = plan(record, { items });
      expect(JSON.stringify([viewOf(record, kinds)])).toBe(before);
      if (planned.kind !== "ok") {
        refusals += 1;
        continue;
      }
      for (const { name, before: from, after } of planned.lines) sums.set(name, (sums.get(name) ?? 0) + after - from);
      record = planned.record;
      expect(usedPlaces(record, kinds)).toBeLessThanOrEqual(5);
    }
    expect(refusals).toBeGreaterThan(100);
    expect(record.version).toBeGreaterThan(500);
    expect([sums.get("gold") ?? 0, sums.get("apple") ?? 0, sums.get("sword") ?? 0]).toEqual([
      record.counts.get("gold") ?? 0,
      record.counts.get("apple") ?? 0,
      record.uniques.size,
    ]);
  });
});
