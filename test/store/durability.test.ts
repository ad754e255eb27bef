import { join } from "node:path";
import { describe, expect, test } from "#test";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { ManualClock } from "./manual_clock.ts";
import { withFolder } from "./temporary_folder.ts";

const ROUNDS = 5;
/** Each round kills the child at another point of its work. */
const ACKNOWLEDGED_MIN = 20;

/** Kills the child once it has acknowledged `count` rows; answers the last row that it acknowledged. */
async function saveUntilKilled(path: string, count: number): Promise<number> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "durability_child.ts"), path], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let text = "";
  let lines = 0;
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    lines = text.split("\n").length - 1;
    if (lines >= count) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  return Number(text.split("\n").slice(0, lines).at(-1));
}

describe("SqliteStore durability", () => {
  test(
    "what was acknowledged before kill -9 is all there, whole, and saving goes on",
    () =>
      withFolder(async (folder) => {
        const path = join(folder, "node.db");
        for (let round = 1; round <= ROUNDS; round += 1) {
          const acknowledged = await saveUntilKilled(path, ACKNOWLEDGED_MIN + round * 7);
          const store = openSqliteStore({ path, clock: new ManualClock() });
          const found = await store.transaction((tx) =>
            tx.get(
              "SELECT COUNT(*) AS count, MAX(id) AS last, SUM(CASE WHEN twin = id THEN 1 ELSE 0 END) AS whole FROM item",
            ),
          );
          await store.close();
          const count = Number(found?.["count"]);
          expect(acknowledged).toBeGreaterThan(0);
          // One more than acknowledged: committed, and killed before it could say so.
          expect([acknowledged, acknowledged + 1]).toContain(count);
          expect(found).toEqual({ count, last: count, whole: count });
        }
      }),
    60_000,
  );
});
