/**
 * What every Store does, run by each implementation's test. `open` gives an empty store and its clock.
 */

import { describe, expect, test } from "#test";
import type { Row, Store, Tx } from "#store/store.ts";
import { StoreError, TRANSACTIONS_WAITING_MAX, TRANSACTION_TIME_MAX_MS } from "#store/store.ts";
import type { ManualClock } from "./manual_clock.ts";

export interface Opened {
  readonly store: Store;
  readonly clock: ManualClock;
}

/** The code of the StoreError that it rejects with, else what happened instead. */
export async function codeOf(running: Promise<unknown>): Promise<string> {
  try {
    await running;
  } catch (error) {
    return error instanceof StoreError ? error.code : `not a StoreError: ${String(error)}`;
  }
  return "no error";
}

export function storeConformance(
  name: string,
  withStore: (run: (opened: Opened) => Promise<void>) => Promise<void>,
): void {
  const rows = (store: Store): Promise<readonly Row[]> =>
    store.transaction((tx) => tx.all("SELECT id FROM item ORDER BY id"));
  const add = (tx: Tx, id: number): Promise<unknown> => tx.run("INSERT INTO item (id) VALUES (?)", [id]);
  const conforms = (behaviour: string, run: (opened: Opened) => Promise<void>): void => {
    test(behaviour, () =>
      withStore(async (opened) => {
        await opened.store.transaction((tx) =>
          tx.run("CREATE TABLE item (id BIGINT PRIMARY KEY, value BYTEA, note TEXT, part DOUBLE PRECISION)"),
        );
        await run(opened);
      }),
    );
  };

  describe(`Store ${name}`, () => {
    conforms("answers what the work answers, and keeps what it wrote", async ({ store }) => {
      const answer = await store.transaction(async (tx) => {
        await add(tx, 1);
        return "done";
      });
      expect(answer).toBe("done");
      expect(await rows(store)).toEqual([{ id: 1 }]);
    });

    conforms("keeps integers exact, bytes as bytes and null as null", async ({ store }) => {
      const values = [0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1), 2n ** 62n, -(2n ** 63n)];
      await store.transaction(async (tx) => {
        for (const [index, id] of values.entries()) {
          await tx.run("INSERT INTO item (id, value, note, part) VALUES (?, ?, ?, ?)", [
            id,
            index === 0 ? new Uint8Array([0, 255]) : null,
            index === 0 ? "跨服'?" : null,
            index === 0 ? 0.25 : null,
          ]);
        }
      });
      const found = await store.transaction((tx) => tx.all("SELECT * FROM item"));
      expect(found.map((row) => row["id"])).toEqual(values);
      expect(found[0]).toEqual({ id: 0, value: new Uint8Array([0, 255]), note: "跨服'?", part: 0.25 });
      expect(found[1]).toEqual({ id: -1, value: null, note: null, part: null });
      expect(await store.transaction((tx) => tx.get("SELECT id FROM item WHERE id = ?", [5]))).toBeUndefined();
    });

    conforms("counts the rows that a statement changed", async ({ store }) => {
      const counts = await store.transaction(async (tx) => {
        await add(tx, 1);
        await add(tx, 2);
        const updated = await tx.run("UPDATE item SET note = ?", ["x"]);
        const missed = await tx.run("UPDATE item SET note = ? WHERE id = ?", ["y", 9]);
        return [updated.changes, missed.changes];
      });
      expect(counts).toEqual([2, 0]);
    });

    conforms("rolls back whole when the work throws, and rejects with what it threw", async ({ store }) => {
      const thrown = new Error("no");
      const running = store.transaction(async (tx) => {
        await add(tx, 1);
        throw thrown;
      });
      expect(await running.catch((error: unknown) => error)).toBe(thrown);
      expect(await rows(store)).toEqual([]);
      await store.transaction((tx) => add(tx, 2));
      expect(await rows(store)).toEqual([{ id: 2 }]);
    });

    conforms("runs transactions one at a time in the order of asking", async ({ store }) => {
      const trace: string[] = [];
      const slow = (label: string): Promise<void> =>
        store.transaction(async (tx) => {
          trace.push(`begin ${label}`);
          await tx.get("SELECT 1 AS one");
          await Promise.resolve();
          await tx.get("SELECT 1 AS one");
          trace.push(`end ${label}`);
        });
      await Promise.all([slow("a"), slow("b"), slow("c")]);
      expect(trace).toEqual(["begin a", "end a", "begin b", "end b", "begin c", "end c"]);
    });

    conforms("a read and a write of one transaction are not torn by another", async ({ store }) => {
      await store.transaction((tx) => add(tx, 0));
      const increment = (): Promise<unknown> =>
        store.transaction(async (tx) => {
          const row = await tx.get("SELECT MAX(id) AS id FROM item");
          await Promise.resolve();
          await add(tx, Number(row?.["id"]) + 1);
        });
      await Promise.all(Array.from({ length: 50 }, increment));
      expect((await rows(store)).at(-1)).toEqual({ id: 50 });
    });

    conforms("refuses a transaction inside a transaction, and the outer one goes on", async ({ store }) => {
      const inner = await store.transaction(async (tx) => {
        await add(tx, 1);
        await Promise.resolve();
        const code = await codeOf(store.transaction((other) => add(other, 2)));
        await add(tx, 3);
        return code;
      });
      expect(inner).toBe("nested");
      expect(await rows(store)).toEqual([{ id: 1 }, { id: 3 }]);
    });

    conforms("what a transaction started may begin one of its own after its end", async ({ store }) => {
      let later: Promise<unknown> | undefined;
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      await store.transaction(async (tx) => {
        later = gate.then(() => store.transaction((other) => add(other, 2)));
        await add(tx, 1);
      });
      release();
      expect(await codeOf(later ?? Promise.reject(new Error("not started")))).toBe("no error");
      expect(await rows(store)).toEqual([{ id: 1 }, { id: 2 }]);
    });

    conforms("a failed statement dooms its transaction even when the work goes on", async ({ store }) => {
      const running = store.transaction(async (tx) => {
        await add(tx, 1);
        const code = await codeOf(add(tx, 1));
        expect(code).toBe("constraint");
        return "done";
      });
      expect(await codeOf(running)).toBe("constraint");
      expect(await rows(store)).toEqual([]);
    });

    conforms("a failed statement that nobody awaits dooms its transaction too", async ({ store }) => {
      const running = store.transaction((tx) => {
        void add(tx, 1).catch(() => undefined);
        void tx.run("NO SQL AT ALL");
      });
      expect(await codeOf(running)).toBe("statement");
      expect(await rows(store)).toEqual([]);
    });

    conforms("refuses numbers that no column can hold and parameters that do not fit", async ({ store }) => {
      expect(
        await codeOf(store.transaction((tx) => tx.run("INSERT INTO item (id, part) VALUES (1, ?)", [Number.NaN]))),
      ).toBe("statement");
      expect(await codeOf(store.transaction((tx) => tx.run("INSERT INTO item (id) VALUES (?)", [2n ** 64n])))).toBe(
        "statement",
      );
      expect(await codeOf(store.transaction((tx) => tx.run("INSERT INTO item (id, note) VALUES (?, ?)", [1])))).toBe(
        "statement",
      );
      expect(await rows(store)).toEqual([]);
    });

    conforms("a Tx is dead after its transaction", async ({ store }) => {
      let kept: Tx | undefined;
      await store.transaction((tx) => {
        kept = tx;
      });
      expect(await codeOf(kept?.get("SELECT 1 AS one") ?? Promise.resolve())).toBe("ended");
    });

    conforms("ends work that takes too long, and what it does afterwards is not written", async ({ store, clock }) => {
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      let late: Promise<string> | undefined;
      let begun = (): void => undefined;
      const isRunning = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const running = store.transaction(async (tx) => {
        await add(tx, 1);
        late = gate.then(() => codeOf(add(tx, 2)));
        begun();
        await late;
      });
      const code = codeOf(running);
      await isRunning;
      clock.advance(TRANSACTION_TIME_MAX_MS);
      expect(await code).toBe("timeout");
      await store.transaction((tx) => add(tx, 3));
      release();
      expect(await late).toBe("ended");
      expect(await rows(store)).toEqual([{ id: 3 }]);
    });

    conforms("leaves no timer behind", async ({ store, clock }) => {
      await store.transaction((tx) => add(tx, 1));
      await codeOf(store.transaction((tx) => add(tx, 1)));
      expect(clock.pending).toBe(0);
    });

    conforms("refuses more waiting transactions than its bound, and those within it succeed", async ({ store }) => {
      const asked = Array.from({ length: TRANSACTIONS_WAITING_MAX + 1 }, () =>
        codeOf(store.transaction((tx) => tx.get("SELECT 1 AS one"))),
      );
      const codes = await Promise.all(asked);
      expect(codes.at(-1)).toBe("overloaded");
      expect(new Set(codes.slice(0, -1))).toEqual(new Set(["no error"]));
    });

    conforms(
      "close lets the running one end, refuses the waiting ones and later ones, and may be repeated",
      async ({ store }) => {
        let begun = (): void => undefined;
        const isRunning = new Promise<void>((resolve) => {
          begun = resolve;
        });
        const first = store.transaction(async (tx) => {
          begun();
          await Promise.resolve();
          await add(tx, 1);
          return "first";
        });
        await isRunning;
        const second = codeOf(store.transaction((tx) => add(tx, 2)));
        const closing = store.close();
        expect(await first).toBe("first");
        expect(await second).toBe("closed");
        await closing;
        await store.close();
        expect(await codeOf(store.transaction((tx) => add(tx, 3)))).toBe("closed");
      },
    );
  });
}
