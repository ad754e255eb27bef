/**
 * The disk of a simulated machine: a real store in memory that outlives the processes. Transactions take virtual
 * time, so that a crash can fall between a commit and what its caller does next. A wiped disk is a new one.
 */

import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import type { Random } from "#base/random.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { Store, Tx } from "#store/store.ts";

const COMMIT_MAX_MS = 4;

export class SimDisk {
  readonly #store: Store;

  /** `clock` is the world's: it outlives the processes too. */
  constructor(clock: Clock) {
    this.#store = openSqliteStore({ path: ":memory:", clock });
  }

  /** The store of one process. What it waits for never comes once the process has ended. */
  open(options: { readonly clock: Clock; readonly random: Random }): Store {
    const store = this.#store;
    const { clock, random } = options;
    let isClosed = false;
    return {
      transaction: async <T>(work: (tx: Tx) => Promise<T> | T): Promise<T> => {
        if (isClosed) throw new Error("Cannot begin transaction: the store is closed");
        await sleep(clock, random.unit() * COMMIT_MAX_MS);
        const result = await store.transaction(work);
        await sleep(clock, random.unit() * COMMIT_MAX_MS);
        return result;
      },
      close: async () => {
        isClosed = true;
      },
    };
  }

  async dispose(): Promise<void> {
    await this.#store.close();
  }
}
