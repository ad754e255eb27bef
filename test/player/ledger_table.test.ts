import { describe, expect, test } from "#test";
import {
  CHANGE_KEY_KEPT_MS,
  forgetKeys,
  forgetLedger,
  LEDGER_KEPT_MS,
  LEDGER_PAGE_SIZE_MAX,
  ledgerOf,
} from "#player/ledger_table.ts";
import { PlayerGround, START_MS } from "./ground.ts";

describe("Ledger", () => {
  test("is read in pages, the newest row first, each once", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    for (let index = 1; index <= 7; index += 1) {
      await data.change("ann", { key: `${index}`, reason: "test", items: [{ item: "gold", count: index }] });
    }
    const seen: number[] = [];
    let before: number | undefined;
    do {
      const page = await data.ledger({ player: "ann", before, limit: 3 });
      seen.push(...page.rows.map(({ number }) => number));
      before = page.next;
    } while (before !== undefined);
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(await data.ledger({ player: "ben", limit: 3 })).toEqual({ rows: [], next: undefined });
  });

  test("has pages that fit into a message, whatever the rows", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    const text = "x".repeat(30_000);
    for (let index = 0; index < 20; index += 1) {
      await data.change("ann", { key: `${index}`, reason: "test", profile: { text: `${index}${text}` } });
    }
    const { rows, next } = await ground.store.transaction((tx) => ledgerOf(tx, { player: "ann", limit: 200 }));
    expect(next).toBe(rows.at(-1)?.number as number);
    expect(JSON.stringify(rows).length).toBeLessThan(LEDGER_PAGE_SIZE_MAX * 1.1);
    expect(rows.length).toBeGreaterThan(5);
  });

  test("is forgotten when it is old, and keys when their time is over; what there is stays", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    await data.change("ann", { key: "a", reason: "test", items: [{ item: "gold", count: 5 }] });
    ground.nowMs += 1;
    await data.change("ann", { key: "b", reason: "test", items: [{ item: "gold", count: 5 }] });
    const counts = await ground.store.transaction(async (tx) => [
      await forgetLedger(tx, { beforeMs: START_MS, limit: 10 }),
      await forgetLedger(tx, { beforeMs: START_MS + 1, limit: 10 }),
      await forgetKeys(tx, { nowMs: START_MS + CHANGE_KEY_KEPT_MS, limit: 10 }),
      await forgetKeys(tx, { nowMs: START_MS + CHANGE_KEY_KEPT_MS + 1, limit: 10 }),
    ]);
    expect(counts).toEqual([0, 1, 0, 1]);
    expect((await data.ledger({ player: "ann", limit: 5 })).rows.map(({ number }) => number)).toEqual([2]);
    expect((await data.read("ann")).bag.items).toEqual([{ item: "gold", count: 10 }]);
    expect(LEDGER_KEPT_MS).toBeGreaterThan(CHANGE_KEY_KEPT_MS);
  });
});
