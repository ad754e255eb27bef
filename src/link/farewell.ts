/**
 * The last stage of a conn that is closed well: writes what is left, says that no more comes, waits for the
 * other end to close, and terminates after FAREWELL_MS_MAX whatever has happened. What comes in is dropped.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Flushable, Flusher } from "./flusher.ts";
import type { BudgetMember, SendBudget } from "./send_budget.ts";
import type { SendQueue } from "./send_queue.ts";
import type { Conn, ConnHandler } from "./transport.ts";

export const FAREWELL_MS_MAX = 2_000;

/** All farewells of one hub. */
export class Farewells {
  readonly #under = new Set<Farewell>();
  readonly #idle: (() => void)[] = [];

  add(one: Farewell): void {
    this.#under.add(one);
  }

  remove(one: Farewell): void {
    this.#under.delete(one);
    if (this.#under.size > 0) return;
    for (const done of this.#idle.splice(0)) done();
  }

  terminateAll(): void {
    for (const one of [...this.#under]) one.terminate();
  }

  /** Resolves when none is under way. */
  allDone(): Promise<void> {
    if (this.#under.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }
}

export interface FarewellOptions {
  readonly clock: Clock;
  readonly flusher: Flusher;
  readonly budget: SendBudget;
  readonly farewells: Farewells;
  readonly conn: Conn;
  /** Finished: accepts no more. */
  readonly queue: SendQueue;
  /** The conn is closed. Called once. */
  readonly done: () => void;
}

export class Farewell implements ConnHandler, Flushable, BudgetMember {
  flushWaits = false;
  readonly #options: FarewellOptions;
  readonly #timer: Timer;
  readonly #target: { write(bytes: Uint8Array): number; nextSync(): undefined };
  #isDone = false;
  #isShut = false;

  constructor(options: FarewellOptions) {
    this.#options = options;
    const { conn } = options;
    this.#target = { write: (bytes) => conn.write(bytes), nextSync: () => undefined };
    this.#timer = options.clock.after(FAREWELL_MS_MAX, () => this.terminate());
    options.farewells.add(this);
    options.budget.join(this);
    options.flusher.mark(this);
  }

  get queuedSize(): number {
    return this.#options.queue.queuedSize;
  }

  overBudget(): void {
    this.terminate();
  }

  flush(): void {
    if (this.#isDone || this.#isShut) return;
    const result = this.#options.queue.flush(this.#target);
    if (result === "closed") this.terminate();
    if (result !== "drained") return;
    this.#isShut = true;
    this.#options.conn.shutdown();
  }

  data(): void {
    // Dropped: after the end of a link nothing is delivered.
  }
  drained(): void {
    this.#options.queue.drained();
    this.flush();
  }
  ended(): void {
    this.terminate();
  }
  closed(): void {
    this.#finish();
  }

  terminate(): void {
    if (this.#finish()) this.#options.conn.terminate();
  }

  #finish(): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    this.#timer.cancel();
    this.#options.queue.close();
    this.#options.budget.leave(this);
    this.#options.farewells.remove(this);
    this.#options.done();
    return true;
  }
}
