import { describe, expect, test } from "#test";
import { COMMIT_BATCH_MAX, COMMIT_WAITING_MAX, GroupCommit } from "#player/group_commit.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { ManualClock } from "../store/manual_clock.ts";

class Counted {
  readonly clock = new ManualClock();
  readonly store: Store = openSqliteStore({ path: ":memory:", clock: this.clock });
  transactions = 0;
  failure: StoreError | undefined;
  readonly heard: unknown[] = [];
  readonly counts: number[] = [];
  readonly commits = new GroupCommit({
    store: {
      transaction: (work) => {
        this.transactions += 1;
        const { failure } = this;
        return failure === undefined ? this.store.transaction(work) : Promise.reject(failure);
      },
      close: () => this.store.close(),
    },
    settled: (error, count) => {
      this.heard.push(error);
      this.counts.push(count);
    },
    clock: this.clock,
  });

  static async open(): Promise<Counted> {
    const counted = new Counted();
    await counted.store.transaction((tx) => tx.run("CREATE TABLE item (id BIGINT PRIMARY KEY)"));
    return counted;
  }

  add(id: number): Promise<number> {
    return this.commits.add(async (tx) => {
      await tx.run("INSERT INTO item (id) VALUES (?)", [id]);
      return id;
    });
  }

  async ids(): Promise<unknown[]> {
    const rows = await this.store.transaction((tx) => tx.all("SELECT id FROM item ORDER BY id"));
    return rows.map(({ id }) => id);
  }
}

describe("GroupCommit", () => {
  test("puts what is asked for at once into one transaction, at most so much", async () => {
    const counted = await Counted.open();
    const count = COMMIT_BATCH_MAX + 1;
    const done = await Promise.all(Array.from({ length: count }, (_, id) => counted.add(id)));
    expect(done).toEqual(Array.from({ length: count }, (_, id) => id));
    expect(counted.transactions).toBe(2);
    expect(counted.counts).toEqual([COMMIT_BATCH_MAX, 1]);
    await counted.store.close();
  });

  test("does the work of a failed transaction again, each alone: the fault of one is not the others'", async () => {
    const counted = await Counted.open();
    await counted.add(2);
    const results = await Promise.allSettled([1, 2, 3].map((id) => counted.add(id)));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await counted.ids()).toEqual([1, 2, 3]);
    expect(counted.heard.map((error) => (error instanceof StoreError ? error.code : error))).toEqual([
      undefined,
      undefined,
      "constraint",
      undefined,
    ]);
    await counted.store.close();
  });

  test("fails for all at once when it is the disk's fault, and goes on when that is over", async () => {
    const counted = await Counted.open();
    counted.failure = new StoreError("full", "Cannot commit: the disk is full");
    const before = counted.transactions;
    const ids = Array.from({ length: COMMIT_BATCH_MAX + 3 }, (_, id) => id);
    const results = await Promise.allSettled(ids.map((id) => counted.add(id)));
    expect(results.map(({ status }) => status)).toEqual(ids.map(() => "rejected"));
    expect(counted.transactions - before).toBe(1);
    counted.failure = undefined;
    expect(await counted.add(4)).toBe(4);
    expect(await counted.ids()).toEqual([4]);
    await counted.store.close();
  });

  test("fails at once for all that are left when the disk fails while each is done alone", async () => {
    const counted = await Counted.open();
    await counted.add(1);
    const before = counted.transactions;
    const adding = [1, 2, 3, 4].map((id) => counted.add(id));
    const full = new StoreError("full", "Cannot commit: the disk is full");
    adding[0]?.catch(() => {
      counted.failure = full;
    });
    const results = await Promise.allSettled(adding);
    const reasons = results.map((result) => (result.status === "rejected" ? (result.reason as StoreError).code : "ok"));
    expect(reasons).toEqual(["constraint", "full", "full", "full"]);
    // All of them, the first one alone, the second one alone.
    expect(counted.transactions - before).toBe(3);
    await counted.store.close();
  });

  test("lets the event loop poll before each transaction, so that what came in meanwhile shares it", async () => {
    const counted = await Counted.open();
    const { clock } = counted;
    clock.holdsPolls = true;
    let done = 0;
    const loop = async (): Promise<void> => {
      while (done < 3) {
        await counted.commits.add((tx) => tx.get("SELECT 1 AS one"));
        done += 1;
      }
    };
    const ended = loop();
    const seen: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(done);
      clock.poll();
    }
    await ended;
    expect(seen).toEqual([0, 1, 2]);
    const shared = [1, 2, 3].map((id) => counted.add(id));
    await new Promise((resolve) => setImmediate(resolve));
    shared.push(counted.add(4));
    const before = counted.transactions;
    clock.poll();
    await Promise.all(shared);
    expect(counted.transactions - before).toBe(1);
    await counted.store.close();
  });

  test("refuses beyond what may wait, and after it was stopped; what was taken is done", async () => {
    const counted = await Counted.open();
    const all = Array.from({ length: COMMIT_WAITING_MAX }, (_, id) => counted.add(id));
    const codeOf = (error: unknown): unknown => (error instanceof StoreError ? error.code : error);
    expect(await counted.add(-1).catch(codeOf)).toBe("overloaded");
    const stopped = counted.commits.stop();
    expect(await counted.add(-2).catch(codeOf)).toBe("closed");
    await stopped;
    expect((await Promise.all(all)).length).toBe(COMMIT_WAITING_MAX);
    expect((await counted.ids()).length).toBe(COMMIT_WAITING_MAX);
    await counted.store.close();
  });
});
