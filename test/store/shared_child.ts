/**
 * Child of shared_store.test.ts: adds to the same row as its siblings, as often as it is told, and says how often it did.
 */

import { bunClock } from "#runtime/bun_clock.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";

const [path = "", times = "0"] = Bun.argv.slice(2);
const store = openSqliteStore({ path, clock: bunClock, isShared: true });
let turns = 0;
const heart = setInterval(() => {
  turns += 1;
}, 5);
for (let done = 0; done < Number(times); done += 1) {
  await store.transaction(async (tx) => {
    const row = await tx.get("SELECT count FROM item");
    await tx.run("UPDATE item SET count = ?", [Number(row?.["count"]) + 1]);
  });
}
clearInterval(heart);
await store.close();
process.stdout.write(`${times} ${turns}\n`);
