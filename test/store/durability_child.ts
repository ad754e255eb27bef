/**
 * Child of durability.test.ts: saves numbers one after the other and says each one on standard output once its
 * transaction has resolved. Runs until it is killed.
 */

import { writeSync } from "node:fs";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { ManualClock } from "./manual_clock.ts";

const path = Bun.argv[2] ?? "";
const store = openSqliteStore({ path, clock: new ManualClock() });
await store.transaction((tx) => tx.run("CREATE TABLE IF NOT EXISTS item (id BIGINT PRIMARY KEY, twin BIGINT)"));
for (;;) {
  const id = await store.transaction(async (tx) => {
    const row = await tx.get("SELECT COUNT(*) AS count FROM item");
    const next = Number(row?.["count"]) + 1;
    await tx.run("INSERT INTO item (id) VALUES (?)", [next]);
    await tx.run("UPDATE item SET twin = ? WHERE id = ?", [next, next]);
    return next;
  });
  writeSync(1, `${id}\n`);
}
