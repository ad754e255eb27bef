/**
 * Store: the durable data of one node, as transactions over SQL. Asynchronous also where the engine is not, so that a
 * database on another machine can stand behind it. Rules that every implementation keeps (test/store/conformance.ts):
 *
 * - Transactions run one at a time, in the order in which they were asked for. Work that throws, or that takes longer
 *   than TRANSACTION_TIME_MAX_MS, is rolled back whole. What `transaction` resolved for survives the death of the
 *   process and of the machine.
 * - A transaction inside a transaction is refused. A Tx is dead when its transaction has ended.
 * - A statement that fails dooms its transaction, even if the work catches the error.
 * - Parameters are `?`. Integers come back as numbers when they are safe ones, else as bigints. Portable column types
 *   are BIGINT, DOUBLE PRECISION, TEXT and BYTEA.
 */

export type SqlValue = string | number | bigint | Uint8Array | null;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Tx {
  /** The first row. */
  get(sql: string, parameters?: readonly SqlValue[]): Promise<Row | undefined>;
  all(sql: string, parameters?: readonly SqlValue[]): Promise<readonly Row[]>;
  /** `changes` counts the rows that the statement inserted, updated or deleted. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<{ readonly changes: number }>;
}

export interface Store {
  /** Rejects with what `work` threw, or with a StoreError; then nothing was written. */
  transaction<T>(work: (tx: Tx) => Promise<T> | T): Promise<T>;
  /** Lets the running transaction end, refuses the waiting ones. May be called twice. */
  close(): Promise<void>;
}

/** Work that waits for something outside the store holds up all others: that is a bug, and ends here. */
export const TRANSACTION_TIME_MAX_MS = 10_000;
/** Transactions that may wait for their turn; more are refused with `overloaded`. */
export const TRANSACTIONS_WAITING_MAX = 1024;

export type StoreErrorCode =
  /** The place can't be written: missing rights, a read-only disk, a folder that is a file. */
  | "unwritable"
  /** The place holds something that is no database, or a damaged one, or a row that can't be what it is. */
  | "corrupt"
  /** A newer release has written it. */
  | "newer_release"
  /** A migration that was applied has another text in this release. */
  | "edited_migration"
  /** Another process holds it. */
  | "busy"
  /** The disk is full. */
  | "full"
  /** The disk failed. */
  | "io"
  | "constraint"
  /** Wrong SQL, wrong parameters: a bug. */
  | "statement"
  | "nested"
  /** The Tx was used after its transaction had ended. */
  | "ended"
  | "timeout"
  | "overloaded"
  | "closed"
  /** Another process has taken over this owner's rows. */
  | "fenced";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
