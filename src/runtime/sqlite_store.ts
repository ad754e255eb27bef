/**
 * Store on bun:sqlite: one file, WAL, synchronous=FULL, so that a commit is on disk when it returns. One connection:
 * statements run on the calling thread and are over when they return; the promises are the interface's, not SQLite's.
 * Does not lock the file against a second process of the same node: the data folder's lock does, before this opens.
 *
 * A shared file is written by other processes of this machine too, one transaction at a time. Whoever finds it taken looks
 * again after a moment, without holding up its own event loop, for at most BUSY_MS_MAX. A process that has much to write
 * leaves the file alone for a moment now and then: between two of its transactions there is no time to look.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Statement } from "bun:sqlite";
import { Database } from "bun:sqlite";
import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import { messageOf } from "#base/log.ts";
import type { Row, SqlValue, Store, StoreErrorCode, Tx } from "#store/store.ts";
import { StoreError, TRANSACTIONS_WAITING_MAX, TRANSACTION_TIME_MAX_MS } from "#store/store.ts";

/** For a foreign reader (a backup, a shell): the event loop stands still that long at most. */
const BUSY_TIMEOUT_MS = 1000;
const STATEMENTS_MAX = 256;
/** What a long reader has let grow, such as a backup, is given back. */
const JOURNAL_SIZE_MAX = 64 * 1024 * 1024;
/** For a transaction of a shared file to begin; then StoreError `busy`. */
export const BUSY_MS_MAX = 5_000;
/** Between two looks; the mean of it, so that several processes do not keep in step. */
const BUSY_LOOK_MS = 2;
/** Transactions of one process that follow on each other; then it gives way to whoever is looking. */
export const HELD_MS_MAX = 50;
/** Longer than any look takes to come. */
export const GIVE_WAY_MS = 5;
/** For a shared file that another process is just making; then StoreError `busy`. The process stands still meanwhile. */
const OPEN_LOOKS_MAX = 250;
const OPEN_LOOK_MS = 20;

/** Codes of SQLite by prefix; the first that fits. */
const CODES: readonly (readonly [string, StoreErrorCode])[] = [
  ["SQLITE_CONSTRAINT", "constraint"],
  ["SQLITE_BUSY", "busy"],
  ["SQLITE_LOCKED", "busy"],
  ["SQLITE_FULL", "full"],
  ["SQLITE_READONLY", "unwritable"],
  ["SQLITE_CANTOPEN", "unwritable"],
  ["SQLITE_PERM", "unwritable"],
  ["SQLITE_AUTH", "unwritable"],
  ["SQLITE_CORRUPT", "corrupt"],
  ["SQLITE_NOTADB", "corrupt"],
  ["SQLITE_IOERR", "io"],
];

/** Opens or creates `path` (":memory:" for tests), with its folder. Throws StoreError. */
export function openSqliteStore(options: {
  readonly path: string;
  readonly clock: Clock;
  readonly isShared?: boolean;
}): Store {
  const { path, clock, isShared = false } = options;
  const isFile = path !== ":memory:";
  if (isFile) makeFolder(dirname(path));
  let db: Database | undefined;
  try {
    db = new Database(path, { create: true, readwrite: true, safeIntegers: true, strict: true });
    db.run(`PRAGMA busy_timeout = ${isShared ? 0 : BUSY_TIMEOUT_MS}`);
    db.run("PRAGMA foreign_keys = ON");
    db.run("PRAGMA trusted_schema = OFF");
    const mode = walMode(db, isShared ? OPEN_LOOKS_MAX : 1);
    if (isFile && mode !== "wal")
      throw new StoreError("io", `Cannot open ${path}: journal mode is ${String(mode)}, WAL is needed`);
    db.run("PRAGMA synchronous = FULL");
    db.run(`PRAGMA journal_size_limit = ${JOURNAL_SIZE_MAX}`);
    if (isShared) db.run("PRAGMA busy_timeout = 0");
    else probe(db);
    return new SqliteStore(db, { clock, isShared });
  } catch (error) {
    db?.close();
    throw storeError(error, `Cannot open ${path}`);
  }
}

/** SQLite does not wait by itself where several processes are about to change the mode of a file that is new. */
function walMode(db: Database, looks: number): unknown {
  for (let look = 1; ; look += 1) {
    try {
      return db.query("PRAGMA journal_mode = WAL").values()[0]?.[0];
    } catch (error) {
      if (look >= looks || storeError(error, "").code !== "busy") throw error;
    }
    Bun.sleepSync(OPEN_LOOK_MS);
  }
}

/**
 * A write that changes nothing: a file or folder that may only be read is refused now, not at the first save. Not for a
 * shared file: another process may be writing it, for which its first transaction waits.
 */
function probe(db: Database): void {
  db.run("BEGIN IMMEDIATE");
  db.run(`PRAGMA user_version = ${Number(db.query("PRAGMA user_version").values()[0]?.[0] ?? 0)}`);
  db.run("COMMIT");
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreError("unwritable", `Cannot create data folder ${folder}: ${messageOf(error)}`, error);
  }
}

function storeError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const found = error instanceof Error && "code" in error ? String(error.code) : "";
  const code = CODES.find(([prefix]) => found.startsWith(prefix))?.[1] ?? "statement";
  return new StoreError(code, `${doing}: ${messageOf(error)}`, error);
}

/** The transaction that the running code belongs to, across its awaits. */
const CURRENT = new AsyncLocalStorage<SqliteTx>();

class SqliteStore implements Store {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #isShared: boolean;
  readonly #statements: Statements;
  /** Settles when the last transaction that was asked for has ended; never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isClosing = false;
  /** Since when transactions have followed on each other, and when the last one was committed. */
  #heldSinceMs = 0;
  #endedAtMs = Number.NEGATIVE_INFINITY;
  #closed: Promise<void> | undefined;

  constructor(db: Database, options: { readonly clock: Clock; readonly isShared: boolean }) {
    this.#db = db;
    this.#clock = options.clock;
    this.#isShared = options.isShared;
    this.#statements = new Statements(db);
  }

  transaction<T>(work: (tx: Tx) => Promise<T> | T): Promise<T> {
    const current = CURRENT.getStore();
    if (current?.isActive === true && current.store === this) {
      return Promise.reject(new StoreError("nested", "Cannot begin transaction: this code runs inside one"));
    }
    if (this.#isClosing) return Promise.reject(closedError());
    if (this.#waiting >= TRANSACTIONS_WAITING_MAX) {
      const message = `Cannot begin transaction: ${this.#waiting} wait, limit is ${TRANSACTIONS_WAITING_MAX}`;
      return Promise.reject(new StoreError("overloaded", message));
    }
    this.#waiting += 1;
    const turn = this.#tail.then(() => {
      this.#waiting -= 1;
      return this.#run(work);
    });
    this.#tail = turn.then(ignore, ignore);
    return turn;
  }

  async #run<T>(work: (tx: Tx) => Promise<T> | T): Promise<T> {
    if (this.#isClosing) throw closedError();
    if (this.#db.inTransaction) this.#control("ROLLBACK");
    if (this.#isShared) await this.#giveWay();
    if (!this.#begins()) await this.#beginLater();
    const tx = new SqliteTx(this, this.#statements);
    try {
      const result = await this.#inTime(CURRENT.run(tx, async () => work(tx)));
      const fault = tx.end();
      if (fault !== undefined) throw fault;
      if (!this.#db.inTransaction)
        throw new StoreError("statement", "Cannot commit: the work has ended the transaction itself");
      this.#control("COMMIT");
      this.#endedAtMs = this.#clock.nowMs();
      return result;
    } catch (error) {
      tx.end();
      // SQLite itself has rolled back after some failures of the disk.
      if (this.#db.inTransaction) this.#control("ROLLBACK");
      throw error;
    }
  }

  /** False: another process has the file. Throws StoreError for all else. */
  #begins(): boolean {
    try {
      this.#control("BEGIN IMMEDIATE");
      return true;
    } catch (error) {
      if (this.#isShared && error instanceof StoreError && error.code === "busy") return false;
      throw error;
    }
  }

  async #giveWay(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#endedAtMs >= GIVE_WAY_MS) this.#heldSinceMs = nowMs;
    if (nowMs - this.#heldSinceMs < HELD_MS_MAX) return;
    await sleep(this.#clock, GIVE_WAY_MS);
    this.#heldSinceMs = this.#clock.nowMs();
    if (this.#isClosing) throw closedError();
  }

  async #beginLater(): Promise<void> {
    const untilMs = this.#clock.nowMs() + BUSY_MS_MAX;
    do {
      if (this.#clock.nowMs() >= untilMs) {
        throw new StoreError("busy", `Cannot begin transaction: other processes have the file for ${BUSY_MS_MAX} ms`);
      }
      await sleep(this.#clock, Math.random() * 2 * BUSY_LOOK_MS);
      if (this.#isClosing) throw closedError();
    } while (!this.#begins());
  }

  #control(sql: string): void {
    try {
      this.#statements.get(sql).run();
    } catch (error) {
      throw storeError(error, `Cannot ${sql}`);
    }
  }

  #inTime<T>(running: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = this.#clock.after(TRANSACTION_TIME_MAX_MS, () => {
        reject(
          new StoreError("timeout", `Cannot finish transaction: it took longer than ${TRANSACTION_TIME_MAX_MS} ms`),
        );
      });
      running.then(
        (value) => {
          timer.cancel();
          resolve(value);
        },
        (error: unknown) => {
          timer.cancel();
          reject(error instanceof Error ? error : new Error(messageOf(error)));
        },
      );
    });
  }

  close(): Promise<void> {
    this.#isClosing = true;
    this.#closed ??= this.#tail.then(() => {
      this.#statements.clear();
      this.#db.close();
    });
    return this.#closed;
  }
}

class SqliteTx implements Tx {
  readonly store: SqliteStore;
  readonly #statements: Statements;
  #isActive = true;
  #fault: StoreError | undefined;

  constructor(store: SqliteStore, statements: Statements) {
    this.store = store;
    this.#statements = statements;
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** Nothing works afterwards. Answers what has doomed the transaction. */
  end(): StoreError | undefined {
    this.#isActive = false;
    return this.#fault;
  }

  get(sql: string, parameters: readonly SqlValue[] = []): Promise<Row | undefined> {
    return this.#try(sql, parameters, (statement) => {
      const row = statement.get(...parameters);
      return row === null ? undefined : plainRow(row);
    });
  }

  all(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly Row[]> {
    return this.#try(sql, parameters, (statement) => statement.all(...parameters).map(plainRow));
  }

  run(sql: string, parameters: readonly SqlValue[] = []): Promise<{ readonly changes: number }> {
    return this.#try(sql, parameters, (statement) => ({ changes: statement.run(...parameters).changes }));
  }

  /** The rejection is marked as handled: a statement that nobody awaits dooms its transaction, not the process. */
  #try<T>(sql: string, parameters: readonly SqlValue[], act: (statement: SqlStatement) => T): Promise<T> {
    try {
      if (!this.#isActive) throw new StoreError("ended", "Cannot run statement: its transaction has ended");
      if (this.#fault !== undefined) throw this.#fault;
      for (const value of parameters) {
        if (typeof value === "number" && !Number.isFinite(value))
          throw new StoreError("statement", `Cannot store ${value}: it is no finite number`);
      }
      return Promise.resolve(act(this.#statements.get(sql)));
    } catch (error) {
      const fault = storeError(error, "Cannot run statement");
      if (this.#isActive) this.#fault ??= fault;
      const rejected = Promise.reject<T>(fault);
      rejected.catch(ignore);
      return rejected;
    }
  }
}

type SqlStatement = Statement<Record<string, SqlValue>, SqlValue[]>;

/** Prepared statements by their text; the least recently used gives way. */
class Statements {
  readonly #db: Database;
  readonly #byText = new Map<string, SqlStatement>();

  constructor(db: Database) {
    this.#db = db;
  }

  get(sql: string): SqlStatement {
    const known = this.#byText.get(sql);
    const statement = known ?? this.#db.prepare<Record<string, SqlValue>, SqlValue[]>(sql);
    this.#byText.delete(sql);
    this.#byText.set(sql, statement);
    if (this.#byText.size > STATEMENTS_MAX) {
      for (const [oldest, unused] of this.#byText) {
        unused.finalize();
        this.#byText.delete(oldest);
        break;
      }
    }
    return statement;
  }

  clear(): void {
    for (const statement of this.#byText.values()) statement.finalize();
    this.#byText.clear();
  }
}

function plainRow(row: Record<string, SqlValue>): Row {
  for (const [column, value] of Object.entries(row)) {
    if (
      typeof value === "bigint" &&
      value >= BigInt(Number.MIN_SAFE_INTEGER) &&
      value <= BigInt(Number.MAX_SAFE_INTEGER)
    ) {
      row[column] = Number(value);
    }
  }
  return row;
}

function closedError(): StoreError {
  return new StoreError("closed", "Cannot begin transaction: the store is closed");
}

function ignore(): void {
  // Whoever asked for the transaction hears of its failure; the queue only waits for its end.
}
