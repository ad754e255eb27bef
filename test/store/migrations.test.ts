import { describe, expect, test } from "#test";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { MigrationSet } from "#store/migrations.ts";
import { migrate } from "#store/migrations.ts";
import type { Store } from "#store/store.ts";
import { digest } from "../wire/digest.ts";
import { codeOf } from "./conformance.ts";
import { ManualClock } from "./manual_clock.ts";

const ITEMS = { name: "items", statements: ["CREATE TABLE item (id BIGINT PRIMARY KEY)"] };
const NOTES = {
  name: "notes",
  statements: ["ALTER TABLE item ADD COLUMN note TEXT", "INSERT INTO item (id, note) VALUES (1, 'first')"],
};
const ONE: MigrationSet = { name: "one", migrations: [ITEMS] };
const ONE_NEWER: MigrationSet = { name: "one", migrations: [ITEMS, NOTES] };
const TWO: MigrationSet = {
  name: "two",
  migrations: [{ name: "others", statements: ["CREATE TABLE other (id BIGINT)"] }],
};

async function withStore(run: (store: Store) => Promise<void>): Promise<void> {
  const store = openSqliteStore({ path: ":memory:", clock: new ManualClock() });
  await run(store);
  await store.close();
}

describe("migrate", () => {
  test("applies what is missing, once, in order, and says what", () =>
    withStore(async (store) => {
      expect(await migrate(store, [ONE], digest)).toEqual(["one/items"]);
      expect(await migrate(store, [ONE], digest)).toEqual([]);
      expect(await migrate(store, [ONE_NEWER, TWO], digest)).toEqual(["one/notes", "two/others"]);
      expect(await migrate(store, [TWO, ONE_NEWER], digest)).toEqual([]);
      expect(await store.transaction((tx) => tx.all("SELECT id, note FROM item"))).toEqual([{ id: 1, note: "first" }]);
    }));

  test("refuses a database with a migration that this release lacks", () =>
    withStore(async (store) => {
      await migrate(store, [ONE_NEWER], digest);
      expect(await codeOf(migrate(store, [ONE], digest))).toBe("newer_release");
    }));

  test("refuses a database with a set that this release lacks, unless it is a module's", () =>
    withStore(async (store) => {
      await migrate(store, [ONE, { ...TWO, name: "module.boss" }], digest);
      expect(await codeOf(migrate(store, [ONE], digest))).toBe("no error");
      await migrate(
        store,
        [ONE, { name: "later", migrations: [{ name: "x", statements: ["CREATE TABLE later (id BIGINT)"] }] }],
        digest,
      );
      expect(await codeOf(migrate(store, [ONE], digest))).toBe("newer_release");
    }));

  test("refuses an applied migration whose statements, name or place have changed", () =>
    withStore(async (store) => {
      await migrate(store, [ONE_NEWER], digest);
      const edited = { ...ITEMS, statements: ["CREATE TABLE item (id BIGINT PRIMARY KEY, extra TEXT)"] };
      for (const migrations of [
        [edited, NOTES],
        [{ ...ITEMS, name: "things" }, NOTES],
        [NOTES, ITEMS],
      ]) {
        expect(await codeOf(migrate(store, [{ name: "one", migrations }], digest))).toBe("edited_migration");
      }
      expect(await codeOf(migrate(store, [ONE_NEWER], digest))).toBe("no error");
    }));

  test("applies all or nothing", () =>
    withStore(async (store) => {
      const broken: MigrationSet = {
        name: "one",
        migrations: [ITEMS, { name: "bad", statements: ["CREATE TABLE good (id BIGINT)", "NO SQL"] }],
      };
      expect(await codeOf(migrate(store, [broken], digest))).toBe("statement");
      const tables = await store.transaction((tx) => tx.all("SELECT name FROM sqlite_master WHERE type = 'table'"));
      expect(tables).toEqual([]);
      expect(await migrate(store, [ONE], digest)).toEqual(["one/items"]);
    }));
});
