/**
 * Stores for whole nodes: one in memory, one that is slow.
 */

import { STORE_MIGRATIONS } from "#module/store_migrations.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import type { Store, Tx } from "#store/store.ts";
import type { World } from "../link/harness.ts";
import { digest } from "../link/harness.ts";

export async function emptyStore(world: World): Promise<Store> {
  const store = openSqliteStore({ path: ":memory:", clock: world.clock });
  await migrate(store, STORE_MIGRATIONS, digest);
  return store;
}

/** A store whose transactions wait until it is let go. */
export class SlowStore implements Store {
  readonly #store: Store;
  readonly #gate = Promise.withResolvers<void>();

  constructor(store: Store) {
    this.#store = store;
  }

  letGo(): void {
    this.#gate.resolve();
  }

  async transaction<T>(work: (tx: Tx) => Promise<T> | T): Promise<T> {
    await this.#gate.promise;
    return this.#store.transaction(work);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
