import { join } from "node:path";
import { describe, expect, test } from "#test";
import { BUSY_MS_MAX, GIVE_WAY_MS, HELD_MS_MAX, openSqliteStore } from "#runtime/sqlite_store.ts";
import { StoreError } from "#store/store.ts";
import { storeConformance } from "./conformance.ts";
import { ManualClock } from "./manual_clock.ts";
import { withFolder } from "./temporary_folder.ts";

const TIMES = 300;

storeConformance("sqlite in a shared file", (run) =>
  withFolder(async (folder) => {
    const clock = new ManualClock();
    const store = openSqliteStore({ path: join(folder, "shared.db"), clock, isShared: true });
    await run({ store, clock });
    await store.close();
  }),
);

describe("SqliteStore in a shared file", () => {
  test(
    "several processes write it in turn, and none of what they write is lost",
    () =>
      withFolder(async (folder) => {
        const path = join(folder, "shared.db");
        const store = openSqliteStore({ path, clock: new ManualClock(), isShared: true });
        await store.transaction(async (tx) => {
          await tx.run("CREATE TABLE item (count BIGINT)");
          await tx.run("INSERT INTO item (count) VALUES (0)");
        });
        const children = [1, 2, 3].map(() =>
          Bun.spawn([process.execPath, join(import.meta.dir, "shared_child.ts"), path, String(TIMES)], {
            stdin: "ignore",
            stdout: "pipe",
            stderr: "inherit",
          }),
        );
        try {
          const said = await Promise.all(children.map((child) => new Response(child.stdout).text()));
          expect(said.map((text) => text.split(" ")[0])).toEqual(children.map(() => String(TIMES)));
          const row = await store.transaction((tx) => tx.get("SELECT count FROM item"));
          expect(row).toEqual({ count: children.length * TIMES });
        } finally {
          for (const child of children) child.kill("SIGKILL");
          await Promise.all(children.map((child) => child.exited));
          await store.close();
        }
      }),
    60_000,
  );

  test("opens while another process writes: a node that starts does not wait for its siblings", () =>
    withFolder(async (folder) => {
      const path = join(folder, "shared.db");
      const holder = openSqliteStore({ path, clock: new ManualClock(), isShared: true });
      const letGo = Promise.withResolvers<void>();
      const holding = holder.transaction(() => letGo.promise);
      await new Promise((resolve) => setImmediate(resolve));
      const store = openSqliteStore({ path, clock: new ManualClock(), isShared: true });
      letGo.resolve();
      await holding;
      expect(await store.transaction((tx) => tx.get("SELECT 1 AS one"))).toEqual({ one: 1 });
      await holder.close();
      await store.close();
    }));

  test("opens when another process that was making it has done so", () =>
    withFolder(async (folder) => {
      const path = join(folder, "shared.db");
      const child = Bun.spawn([process.execPath, join(import.meta.dir, "making_child.ts"), path, "1200"], {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "inherit",
      });
      try {
        const { value } = await child.stdout.getReader().read();
        expect(new TextDecoder().decode(value)).toBe("held\n");
        const store = openSqliteStore({ path, clock: new ManualClock(), isShared: true });
        expect(await store.transaction((tx) => tx.get("SELECT count FROM item"))).toEqual({ count: 1 });
        await store.close();
      } finally {
        child.kill("SIGKILL");
        await child.exited;
      }
    }));

  test("a process that has much to write gives way to the others now and then", () =>
    withFolder(async (folder) => {
      const clock = new ManualClock();
      const store = openSqliteStore({ path: join(folder, "shared.db"), clock, isShared: true });
      const begun: number[] = [];
      const all = [1, 2, 3, 4].map((number) =>
        store.transaction(() => {
          begun.push(number);
          clock.advance(HELD_MS_MAX / 2);
        }),
      );
      await new Promise((resolve) => setImmediate(resolve));
      expect(begun).toEqual([1, 2]);
      clock.advance(GIVE_WAY_MS);
      await Promise.all(all);
      expect(begun).toEqual([1, 2, 3, 4]);
      await store.close();
    }));

  test("one that stays taken is busy after a bound, and its own event loop is free until then", () =>
    withFolder(async (folder) => {
      const path = join(folder, "shared.db");
      const clock = new ManualClock();
      const holder = openSqliteStore({ path, clock: new ManualClock(), isShared: true });
      const store = openSqliteStore({ path, clock, isShared: true });
      const letGo = Promise.withResolvers<void>();
      const holding = holder.transaction(() => letGo.promise);
      await new Promise((resolve) => setImmediate(resolve));
      const waiting = store
        .transaction((tx) => tx.get("SELECT 1 AS one"))
        .catch((error: unknown) => (error instanceof StoreError ? error.code : error));
      let looks = 0;
      for (let ms = 0; ms <= BUSY_MS_MAX + 10; ms += 1) {
        looks += clock.pending;
        clock.advance(1);
        await Promise.resolve();
        await Promise.resolve();
      }
      expect(looks).toBeGreaterThan(100);
      expect(await waiting).toBe("busy");
      letGo.resolve();
      await holding;
      const again = store.transaction((tx) => tx.get("SELECT 1 AS one"));
      expect(await again).toEqual({ one: 1 });
      await holder.close();
      await store.close();
    }));
});
