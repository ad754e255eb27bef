import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { codeOf, storeConformance } from "./conformance.ts";
import { ManualClock } from "./manual_clock.ts";
import { withFolder } from "./temporary_folder.ts";

storeConformance("sqlite in memory", async (run) => {
  const clock = new ManualClock();
  const store = openSqliteStore({ path: ":memory:", clock });
  await run({ store, clock });
  await store.close();
});

storeConformance("sqlite in a file", (run) =>
  withFolder(async (folder) => {
    const clock = new ManualClock();
    const store = openSqliteStore({ path: join(folder, "node.db"), clock });
    await run({ store, clock });
    await store.close();
  }),
);

function openCode(path: string): string {
  try {
    void openSqliteStore({ path, clock: new ManualClock() })
      .close()
      .catch(() => undefined);
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
  return "no error";
}

async function pragma(store: Store, name: string): Promise<unknown> {
  return Object.values((await store.transaction((tx) => tx.get(`PRAGMA ${name}`))) ?? {})[0];
}

describe("SqliteStore", () => {
  test("opens with WAL, full synchronisation, foreign keys and a busy timeout", () =>
    withFolder(async (folder) => {
      const store = openSqliteStore({ path: join(folder, "deep/er/node.db"), clock: new ManualClock() });
      expect(await pragma(store, "journal_mode")).toBe("wal");
      expect(await pragma(store, "synchronous")).toBe(2);
      expect(await pragma(store, "foreign_keys")).toBe(1);
      expect(await pragma(store, "busy_timeout")).toBe(1000);
      await store.close();
    }));

  test("has after a reopening what was written before, and leaves no journal behind", () =>
    withFolder(async (folder) => {
      const path = join(folder, "node.db");
      const first = openSqliteStore({ path, clock: new ManualClock() });
      await first.transaction(async (tx) => {
        await tx.run("CREATE TABLE item (id BIGINT PRIMARY KEY)");
        await tx.run("INSERT INTO item (id) VALUES (?)", [7]);
      });
      await first.close();
      expect(existsSync(`${path}-wal`)).toBe(false);
      const second = openSqliteStore({ path, clock: new ManualClock() });
      expect(await second.transaction((tx) => tx.all("SELECT id FROM item"))).toEqual([{ id: 7 }]);
      await second.close();
    }));

  test("refuses a folder whose parent is a file", () =>
    withFolder(async (folder) => {
      writeFileSync(join(folder, "file"), "x");
      expect(openCode(join(folder, "file/data/node.db"))).toBe("unwritable");
    }));

  test("refuses a folder in the place of the file", () =>
    withFolder(async (folder) => {
      expect(openCode(folder)).toBe("unwritable");
    }));

  test("refuses a file system that can't be written", () => {
    expect(openCode("/proc/kuafu/node.db")).toBe("unwritable");
  });

  test("refuses a folder without the right to write, unless the right does not bind this user", () =>
    withFolder(async (folder) => {
      chmodSync(folder, 0o500);
      const found = openCode(join(folder, "node.db"));
      chmodSync(folder, 0o700);
      expect(found).toBe(process.getuid?.() === 0 ? "no error" : "unwritable");
    }));

  test("refuses a file that is no database and leaves it as it was", () =>
    withFolder(async (folder) => {
      const path = join(folder, "node.db");
      writeFileSync(path, "this is not a database, it is a letter\n".repeat(100));
      expect(openCode(path)).toBe("corrupt");
      expect(await Bun.file(path).text()).toStartWith("this is not a database");
    }));

  test("tells when another process holds the file, and works once it lets go", () =>
    withFolder(async (folder) => {
      const path = join(folder, "node.db");
      const first = openSqliteStore({ path, clock: new ManualClock() });
      const second = openSqliteStore({ path, clock: new ManualClock() });
      await first.transaction((tx) => tx.run("CREATE TABLE item (id BIGINT PRIMARY KEY)"));
      let code = "";
      await first.transaction(async (tx) => {
        await tx.run("INSERT INTO item (id) VALUES (1)");
        code = await codeOf(second.transaction((other) => other.run("INSERT INTO item (id) VALUES (2)")));
      });
      expect(code).toBe("busy");
      expect(await codeOf(second.transaction((tx) => tx.run("INSERT INTO item (id) VALUES (3)")))).toBe("no error");
      await first.close();
      await second.close();
    }));

  test("a transaction of one store inside one of another store is not nested", async () => {
    const one = openSqliteStore({ path: ":memory:", clock: new ManualClock() });
    const two = openSqliteStore({ path: ":memory:", clock: new ManualClock() });
    expect(await one.transaction(() => codeOf(two.transaction((tx) => tx.get("SELECT 1 AS one"))))).toBe("no error");
    await one.close();
    await two.close();
  });

  test("survives a full database and takes writes again afterwards", async () => {
    const store = openSqliteStore({ path: ":memory:", clock: new ManualClock() });
    await store.transaction((tx) => tx.run("CREATE TABLE item (value BYTEA)"));
    const pages = Number(await pragma(store, "page_count"));
    await pragma(store, `max_page_count = ${pages + 2}`);
    expect(
      await codeOf(store.transaction((tx) => tx.run("INSERT INTO item (value) VALUES (?)", [new Uint8Array(100_000)]))),
    ).toBe("full");
    expect(
      await codeOf(store.transaction((tx) => tx.run("INSERT INTO item (value) VALUES (?)", [new Uint8Array(10)]))),
    ).toBe("no error");
    expect(await store.transaction((tx) => tx.get("SELECT COUNT(*) AS count FROM item"))).toEqual({ count: 1 });
    await store.close();
  });
});
