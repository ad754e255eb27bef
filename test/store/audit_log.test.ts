import { describe, expect, test } from "#test";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { AuditEntry } from "#store/audit_log.ts";
import { AUDIT_MIGRATIONS, AUDIT_PAGE_MAX, AUDIT_TEXT_MAX, AuditLog } from "#store/audit_log.ts";
import { migrate } from "#store/migrations.ts";
import type { Store } from "#store/store.ts";
import { digest } from "../wire/digest.ts";
import { ManualClock } from "./manual_clock.ts";

async function withLog(run: (log: AuditLog, store: Store) => Promise<void>, rowsMax?: number): Promise<void> {
  const store = openSqliteStore({ path: ":memory:", clock: new ManualClock() });
  await migrate(store, [AUDIT_MIGRATIONS], digest);
  await run(new AuditLog({ store, ...(rowsMax === undefined ? {} : { rowsMax }) }), store);
  await store.close();
}

function entry(subject: string): AuditEntry {
  return { atMs: 1000, who: "ops", remote: "127.0.0.1", verb: "activity.open", subject, outcome: "done", why: "" };
}

describe("AuditLog", () => {
  test("pages from the newest to the oldest without a gap", () =>
    withLog(async (log) => {
      for (let index = 1; index <= 5; index += 1) expect(await log.append(entry(`s${index}`))).toBe(index);
      const first = await log.page({ limit: 2 });
      expect(first.records).toEqual([
        { number: 5, ...entry("s5") },
        { number: 4, ...entry("s4") },
      ]);
      const second = await log.page({ limit: 2, before: first.next });
      expect(second.records.map((record) => record.number)).toEqual([3, 2]);
      const third = await log.page({ limit: 2, before: second.next });
      expect(third).toEqual({ records: [{ number: 1, ...entry("s1") }], next: undefined });
    }));

  test("is empty at first, and gives at most a page", () =>
    withLog(async (log, store) => {
      expect(await log.page()).toEqual({ records: [], next: undefined });
      await store.transaction(async (tx) => {
        for (let index = 0; index < AUDIT_PAGE_MAX + 5; index += 1) await log.appendIn(tx, entry("s"));
      });
      const page = await log.page({ limit: 1_000_000 });
      expect(page.records.length).toBe(AUDIT_PAGE_MAX);
      expect(page.next).toBe(6);
    }));

  test("stands or falls with the transaction that it is written in", () =>
    withLog(async (log, store) => {
      const running = store.transaction(async (tx) => {
        await log.appendIn(tx, entry("lost"));
        throw new Error("no");
      });
      expect(
        await running.then(
          () => "done",
          () => "rolled back",
        ),
      ).toBe("rolled back");
      expect((await log.page()).records).toEqual([]);
    }));

  test("keeps the newest rows within its bound, and its numbers go on", () =>
    withLog(async (log) => {
      for (let index = 1; index <= 7; index += 1) await log.append(entry(`s${index}`));
      expect((await log.page()).records.map((record) => record.number)).toEqual([7, 6, 5]);
    }, 3));

  test("cuts long texts", () =>
    withLog(async (log) => {
      await log.append(entry("x".repeat(10_000)));
      const found = (await log.page()).records[0]?.subject ?? "";
      expect(found.length).toBe(AUDIT_TEXT_MAX);
      expect(found.endsWith("…")).toBe(true);
    }));
});
