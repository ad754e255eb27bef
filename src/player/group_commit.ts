/**
 * Group commit: work of many players in one transaction, so that they share the wait for the disk. While one transaction
 * runs the next one's work gathers. What was answered is on the disk. Knows nothing of players.
 *
 * A transaction that fails because of what is in it is done again with each piece alone: the fault of one is not the others'.
 * So work may run twice, of which nothing of the first time holds. One that fails because of the disk fails for all who wait.
 *
 * Between transactions the event loop polls: a store may answer at once, and whoever is answered may ask again at once.
 */

import type { Clock } from "#base/clock.ts";
import type { Store, StoreErrorCode, Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";

/** Pieces of work in one transaction. */
export const COMMIT_BATCH_MAX = 256;
/** Pieces that may wait; more are refused with StoreError `overloaded`. */
export const COMMIT_WAITING_MAX = 8_192;

/** Failures that the next transaction would meet as well. */
const OF_THE_STORE: ReadonlySet<StoreErrorCode> = new Set<StoreErrorCode>([
  ...(["busy", "closed", "full", "io", "overloaded", "timeout", "unwritable"] as const),
]);

export type CommitWork<T> = (tx: Tx) => Promise<T>;

/** Hears of each transaction: undefined when it was committed, else why not; and how many pieces of work were in it. */
type Settled = (error: unknown, count: number) => void;

interface Piece {
  readonly work: CommitWork<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit {
  readonly #store: Store;
  readonly #settled: Settled;
  readonly #clock: Clock;
  #waiting: Piece[] = [];
  #isRunning = false;
  #isStopped = false;
  #idle: () => void = () => {};

  /** `settled` hears of each transaction. */
  constructor(options: { readonly store: Store; readonly clock: Clock; readonly settled: Settled }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#settled = options.settled;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Resolves with what the work answered when that is committed. Rejects with what it threw, or with StoreError. */
  add<T>(work: CommitWork<T>): Promise<T> {
    if (this.#isStopped) return Promise.reject(new StoreError("closed", "Cannot commit: this node is stopping"));
    if (this.#waiting.length >= COMMIT_WAITING_MAX) {
      const found = `${this.#waiting.length} wait, limit is ${COMMIT_WAITING_MAX}`;
      return Promise.reject(new StoreError("overloaded", `Cannot commit: ${found}`));
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (result: unknown) => void, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Takes no more; resolves when all that was taken has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (!this.#isRunning) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      // A commit holds up the event loop: what has come in meanwhile is read first, and shares the next one.
      await this.#polled();
      const batch = this.#waiting.slice(0, COMMIT_BATCH_MAX);
      this.#waiting = this.#waiting.slice(COMMIT_BATCH_MAX);
      if ((await this.#commit(batch)) === "split") await this.#commitAlone(batch);
    }
    this.#isRunning = false;
    this.#idle();
  }

  #polled(): Promise<void> {
    return new Promise((resolve) => this.#clock.afterPoll(resolve));
  }

  async #commitAlone(batch: readonly Piece[]): Promise<void> {
    for (const [index, piece] of batch.entries()) {
      await this.#polled();
      const end = await this.#commit([piece]);
      if (typeof end === "string") continue;
      for (const { reject } of batch.slice(index + 1)) reject(end.failure);
      return;
    }
  }

  /** "split": nothing holds, and each piece is to be tried alone. `failure` is the store's, and everybody's who waits. */
  async #commit(batch: readonly Piece[]): Promise<"done" | "split" | { readonly failure: StoreError }> {
    try {
      const results = await this.#store.transaction(async (tx) => {
        const answers: unknown[] = [];
        for (const { work } of batch) answers.push(await work(tx));
        return answers;
      });
      this.#settled(undefined, batch.length);
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]);
      return "done";
    } catch (error) {
      const failure = error instanceof StoreError && OF_THE_STORE.has(error.code) ? error : undefined;
      if (batch.length > 1 && failure === undefined) return "split";
      this.#settled(error, batch.length);
      // What waits behind it would wait as long for the same: a store may take seconds to fail.
      const waiting = failure === undefined ? [] : this.#waiting.splice(0);
      for (const { reject } of [...batch, ...waiting]) reject(error);
      return failure === undefined ? "done" : { failure };
    }
  }
}
