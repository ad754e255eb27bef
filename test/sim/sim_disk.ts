/**
 * The disk of a simulated machine: a real store in memory that outlives the processes. Transactions take virtual
 * time, so that a crash can fall between a commit and what its caller does next. A wiped disk is a new one.
 */

import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import type { Random } from "#base/random.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { Row, Store, Tx } from "#store/store.ts";

const COMMIT_MAX_MS = 4;
const WRITES = /^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)/;

/** Looks at the transactions of one process, and may end that process around a commit. */
export interface TransactionWatch {
  /**
   * The work is done and nothing is committed yet; `tables` are those that it has written. What it answers is called
   * when that is committed and who has asked for it has not heard.
   */
  beforeCommit(tx: Tx, tables: ReadonlySet<string>): Promise<() => void>;
  isAlive(): boolean;
}

export class SimDisk {
  readonly #store: Store;
  readonly #clock: Clock;

  /** `clock` is the world's: it outlives the processes too. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#store = openSqliteStore({ path: ":memory:", clock });
  }

  /** The store of one process. What it waits for never comes once the process has ended. */
  open(options: {
    readonly clock: Clock;
    readonly random: Random;
    readonly watch?: TransactionWatch | undefined;
  }): Store {
    const store = this.#store;
    const { clock, random, watch } = options;
    let isClosed = false;
    return {
      transaction: async <T>(work: (tx: Tx) => Promise<T> | T): Promise<T> => {
        if (isClosed) throw new Error("Cannot begin transaction: the store is closed");
        await sleep(clock, random.unit() * COMMIT_MAX_MS);
        const commitMs = random.unit() * COMMIT_MAX_MS;
        if (watch !== undefined) return await this.#watched({ work, watch, clock, commitMs });
        const result = await store.transaction(work);
        await sleep(clock, commitMs);
        return result;
      },
      close: async () => {
        isClosed = true;
      },
    };
  }

  /** The work, the commit and the news of it are moments of their own. A process that ends before the commit undoes it. */
  async #watched<T>(of: {
    readonly work: (tx: Tx) => Promise<T> | T;
    readonly watch: TransactionWatch;
    readonly clock: Clock;
    readonly commitMs: number;
  }): Promise<T> {
    const { work, watch, clock, commitMs } = of;
    const never = new Promise<T>(() => undefined);
    let done: { readonly result: T; readonly committed: () => void };
    try {
      done = await this.#store.transaction(async (tx) => {
        const tables = new Set<string>();
        const result = await work(noting(tx, tables));
        await sleep(this.#clock, commitMs);
        const committed = await watch.beforeCommit(tx, tables);
        if (!watch.isAlive()) throw new Error("Cannot commit: the process has ended");
        return { result, committed };
      });
    } catch (error) {
      if (!watch.isAlive()) return await never;
      throw error;
    }
    done.committed();
    await sleep(clock, commitMs);
    return done.result;
  }

  /** A backup: a disk of its own with the same tables and rows. `clock` is the world's. */
  async copy(clock: Clock): Promise<SimDisk> {
    const other = new SimDisk(clock);
    const tables = await this.#store.transaction(async (tx) => {
      const found = await tx.all("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid");
      const rows = [];
      for (const { name, sql } of found) {
        const isTable = String(sql).startsWith("CREATE TABLE");
        rows.push({
          name: String(name),
          sql: String(sql),
          rows: isTable ? await tx.all(`SELECT * FROM ${String(name)}`) : [],
        });
      }
      return rows;
    });
    await other.#store.transaction(async (tx) => {
      for (const { name, sql, rows } of tables) {
        await tx.run(sql);
        await insertAll(tx, name, rows);
      }
    });
    return other;
  }

  /** Moves all rows of these tables to a disk that has them too, as an operator does for a merge. */
  async moveRows(to: SimDisk, tables: readonly string[]): Promise<void> {
    for (const name of tables) {
      const rows = await this.#store.transaction((tx) => tx.all(`SELECT * FROM ${name}`));
      await to.#store.transaction((tx) => insertAll(tx, name, rows));
      await this.#store.transaction((tx) => tx.run(`DELETE FROM ${name}`));
    }
  }

  /** What an operator does to it while no process runs on it. */
  transaction<T>(work: (tx: Tx) => Promise<T> | T): Promise<T> {
    return this.#store.transaction(work);
  }

  async dispose(): Promise<void> {
    await this.#store.close();
  }
}

/** Writes down which tables are written. */
function noting(tx: Tx, tables: Set<string>): Tx {
  return {
    get: (sql, parameters) => tx.get(sql, parameters),
    all: (sql, parameters) => tx.all(sql, parameters),
    run: (sql, parameters) => {
      const table = WRITES.exec(sql)?.[1];
      if (table !== undefined) tables.add(table);
      return tx.run(sql, parameters);
    },
  };
}

async function insertAll(tx: Tx, table: string, rows: readonly Row[]): Promise<void> {
  for (const row of rows) {
    const columns = Object.keys(row);
    const places = columns.map(() => "?").join(", ");
    await tx.run(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`, Object.values(row));
  }
}
