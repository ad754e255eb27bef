/**
 * Admission of a store of player data: it has an id, drawn when it is made, and is used only if the shard's center says that
 * it is the shard's. Once said it is written down in the store itself: later starts wait for nobody.
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
    if (isConfirmed) this.#admitted.resolve();
    else void this.#ask(id);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Resolves when the store may be used. Rejects with PlayerDataError `refused` while it may not. */
  admitted(): Promise<void> {
    return this.#refusal === undefined ? this.#admitted.promise : Promise.reject(this.#refusal);
  }

  /** Never rejects. */
  async #ask(id: string): Promise<void> {
    const retryMs = await this.#answer(id);
    if (retryMs === undefined || this.#isStopped) return;
    this.#timer = this.#options.clock.after(retryMs, () => void this.#ask(id));
  }

  /** When to ask again; undefined: it is admitted. */
  async #answer(id: string): Promise<number | undefined> {
    const { store, alarms, pin } = this.#options;
    try {
      const pinned = await pin(id);
      if (pinned !== id) {
        const detail = `this node has store ${id}, its shard has ${pinned}`;
        alarms.raise(STORE_ALARM, { found: id, allowed: pinned });
        this.#refusal = new PlayerDataError("refused", `Cannot use player data: ${detail}`);
        return REFUSED_RETRY_MS;
      }
      await store.transaction((tx) => tx.run("UPDATE player_store SET is_confirmed = 1 WHERE name = ?", [NAME]));
    } catch (error) {
      if (isCallError(error) || error instanceof StoreError) return ADMISSION_RETRY_MS;
      throw error;
    }
    this.#refusal = undefined;
    alarms.clear(STORE_ALARM);
    this.#admitted.resolve();
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
