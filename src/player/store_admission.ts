/**
 * Admission of a store of player data: it has an id, drawn when it is made, and is used only if the shard's center says that
 * it is the shard's. Once said it is written down in the store itself: later starts wait for nobody. They tell the center
 * all the same: one that has lost what it knew would take the next stranger. What it says then is an alarm at most.
 *
 *   new -> asking -> admitted      asking -> refused -> asking: the center has named another one; asked again all the same
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import { toHex } from "#base/digest.ts";
import type { Random } from "#base/random.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { integerOf, textOf } from "#store/row.ts";
import type { Store, Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { PlayerDataError } from "./player_data_error.ts";

export const ADMISSION_RETRY_MS = 500;
/** After the center has named another store. */
export const REFUSED_RETRY_MS = 10_000;
/** Raised while this node may not use the store that it has. */
export const STORE_ALARM = "player_store_differs";

const NAME = "players";

export interface AdmissionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
  /** Asks the shard's center. Rejects with CallError. */
  readonly pin: (store: string) => Promise<string>;
}

export class StoreAdmission {
  readonly #options: AdmissionOptions;
  #admitted = Promise.withResolvers<void>();
  #isAdmitted = false;
  #refusal: PlayerDataError | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Resolves when the store's id is known. Rejects with StoreError. */
  async start(): Promise<void> {
    const { store, random } = this.#options;
    const drawn = toHex(random.bytes(16));
    const { id, isConfirmed } = await store.transaction((tx) => identify(tx, drawn));
    if (isConfirmed) this.#admit();
    void this.#ask(id);
  }

  /** Whoever waits for it waits no more. What was admitted stays so. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    if (!this.#isAdmitted) this.#refuse(new PlayerDataError("closed", "Cannot use player data: this node is stopping"));
  }

  #admit(): void {
    this.#isAdmitted = true;
    this.#refusal = undefined;
    this.#admitted.resolve();
  }

  #refuse(why: PlayerDataError): void {
    const waited = this.#admitted;
    this.#refusal = why;
    this.#admitted = Promise.withResolvers();
    // Nobody has to wait for it.
    waited.promise.catch(() => {});
    waited.reject(why);
  }

  /** Resolves when the store may be used. Rejects with PlayerDataError `refused` or `closed` when it may not. */
  admitted(): Promise<void> {
    return this.#refusal === undefined ? this.#admitted.promise : Promise.reject(this.#refusal);
  }

  /** Never rejects. */
  async #ask(id: string): Promise<void> {
    const retryMs = await this.#answer(id);
    if (retryMs === undefined || this.#isStopped) return;
    this.#timer = this.#options.clock.after(retryMs, () => void this.#ask(id));
  }

  /** When to ask again; undefined: the center has said yes. */
  async #answer(id: string): Promise<number | undefined> {
    const { store, alarms, pin } = this.#options;
    try {
      const pinned = await pin(id);
      if (pinned !== id) {
        const detail = `this node has store ${id}, its shard has ${pinned}`;
        alarms.raise(STORE_ALARM, { found: id, allowed: pinned });
        const isOpen = !this.#isAdmitted && !this.#isStopped;
        if (isOpen) this.#refuse(new PlayerDataError("refused", `Cannot use player data: ${detail}`));
        return REFUSED_RETRY_MS;
      }
      if (!this.#isAdmitted)
        await store.transaction((tx) => tx.run("UPDATE player_store SET is_confirmed = 1 WHERE name = ?", [NAME]));
    } catch (error) {
      if (isCallError(error) || error instanceof StoreError) return ADMISSION_RETRY_MS;
      throw error;
    }
    alarms.clear(STORE_ALARM);
    if (!this.#isStopped) this.#admit();
    return undefined;
  }
}

async function identify(tx: Tx, drawn: string): Promise<{ readonly id: string; readonly isConfirmed: boolean }> {
  await tx.run("INSERT INTO player_store (name, id, is_confirmed) VALUES (?, ?, 0) ON CONFLICT (name) DO NOTHING", [
    NAME,
    drawn,
  ]);
  const row = await tx.get("SELECT id, is_confirmed FROM player_store WHERE name = ?", [NAME]);
  if (row === undefined) throw new StoreError("corrupt", "Cannot identify player data: the row is not there");
  return { id: textOf(row, "id"), isConfirmed: integerOf(row, "is_confirmed") === 1 };
}
