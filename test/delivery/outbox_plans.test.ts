/**
 * What is asked often of an outbox with terms of weeks: each question goes by an index of its own, and sorts nothing.
 */

import { forgetOld } from "#delivery/outbox_again.ts";
import { readTerms } from "#delivery/outbox_overview.ts";
import { textOf } from "#store/row.ts";
import type { SqlValue, Store, Tx } from "#store/store.ts";
import { describe, expect, test } from "#test";
import { deliveryStore, OWNER } from "./ground.ts";

/** How the store finds what each statement of the work selects from the terms. */
async function plansOf(store: Store, work: (tx: Tx) => Promise<unknown>): Promise<readonly string[][]> {
  const asked: [string, readonly SqlValue[]][] = [];
  await store.transaction((tx) =>
    work({
      get: (sql, values = []) => (asked.push([sql, values]), tx.get(sql, values)),
      all: (sql, values = []) => (asked.push([sql, values]), tx.all(sql, values)),
      run: (sql, values = []) => tx.run(sql, values),
    }),
  );
  return await store.transaction(async (tx) => {
    const plans: string[][] = [];
    for (const [sql, values] of asked) {
      plans.push((await tx.all(`EXPLAIN QUERY PLAN ${sql}`, values)).map((row) => textOf(row, "detail")));
    }
    return plans;
  });
}

describe("Outbox: plans", () => {
  test("the oldest term that may be forgotten is the first of its index", async () => {
    const store = await deliveryStore();
    expect(await plansOf(store, (tx) => forgetOld(tx, OWNER, 1))).toEqual([
      ["SEARCH outbox_term USING COVERING INDEX outbox_term_delivered (owner=? AND acked_at_ms<?)"],
    ]);
    await store.close();
  });

  test("an overview of all terms sorts those that have trouble alone", async () => {
    const store = await deliveryStore();
    expect(await plansOf(store, (tx) => readTerms(tx, OWNER, { filter: {}, limit: 5 }))).toEqual([
      ["SEARCH outbox_term USING INDEX outbox_term_pending (owner=?)", "USE TEMP B-TREE FOR ORDER BY"],
      ["SEARCH outbox_term USING INDEX outbox_term_held (owner=?)", "USE TEMP B-TREE FOR ORDER BY"],
      ["SEARCH outbox_term USING INDEX outbox_term_delivered (owner=?)"],
    ]);
    await store.close();
  });
});
