/**
 * The part of a `user` node that owns players' data: the data itself, the admission of its store, the claims of mails, what
 * it answers to other nodes, and its sweep. Whoever logs in or out here is told to it.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import { DeliveryContract } from "#delivery/delivery_contract.ts";
import type { ItemKinds } from "#player/item_kinds.ts";
import type { PlayerDataKept } from "#player/ledger_table.ts";
import { forgetKeys, forgetLedger } from "#player/ledger_table.ts";
import type { MailBox } from "#player/mail_claims.ts";
import { MailClaims } from "#player/mail_claims.ts";
import type { ChangeOutcome, PlayerChange } from "#player/player_change.ts";
import { ChangeFault } from "#player/change_fault.ts";
import { PlayerData } from "#player/player_data.ts";
import { PlayerDataContract } from "#player/player_data_contract.ts";
import { PlayerDataError } from "#player/player_data_error.ts";
import { StoreAdmission } from "#player/store_admission.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";

export const PLAYER_SWEEP_MS = 3_600_000;
/** Rows that one transaction of the sweep forgets. */
const FORGOTTEN_ROWS_MAX = 500;
/** Transactions of one sweep; the rest is the next one's. */
const SWEPT_MAX = 1_000;
const CENTER_TIMEOUT_MS = 3_000;

export interface OwnedPlayerDataOptions {
  readonly self: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly clusterMs: () => number;
  readonly random: Random;
  readonly log: Log;
  readonly counters: Counters;
  readonly alarms: Alarms;
  readonly endpoint: Endpoint;
  readonly kinds: ItemKinds;
  readonly kept: PlayerDataKept;
  readonly isLoggedIn: (player: string) => boolean;
  /** Of the shard's center. Throws CallError when there is none. */
  readonly center: () => NodeKey;
}

interface Unavailable {
  readonly kind: "unavailable";
  readonly code: PlayerDataError["code"];
  readonly detail: string;
}

interface Invalid {
  readonly kind: "invalid";
  readonly detail: string;
}

export class OwnedPlayerData {
  readonly data: PlayerData;
  readonly claims: MailClaims;
  readonly #options: OwnedPlayerDataOptions;
  readonly #admission: StoreAdmission;
  #timer: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: OwnedPlayerDataOptions) {
    this.#options = options;
    const { self, store, clock, clusterMs, log, kept } = options;
    this.#admission = new StoreAdmission({ ...options, pin: (id) => this.#pin(id) });
    const admitted = (): Promise<void> => this.#admission.admitted();
    this.data = new PlayerData({ ...options, ...kept, store, owner: self.id, admitted });
    this.claims = new MailClaims({ data: this.data, mails: this.#mailBox(), clock, clusterMs, log });
    this.#serve();
  }

  /** Its session is here, as the gateway has said. */
  isLoggedIn(player: string): boolean {
    return this.#options.isLoggedIn(player);
  }

  /** Rejects with StoreError. */
  async start(): Promise<void> {
    await this.#admission.start();
    if (this.#isStopped) return;
    this.claims.start();
    this.#sweepLater();
  }

  /** Takes no more changes; resolves when those that were taken are saved. */
  async stop(): Promise<void> {
    this.close();
    await this.claims.stop();
    await this.#sweeping;
    await this.data.stop();
  }

  close(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#admission.stop();
    void this.claims.stop();
  }

  #serve(): void {
    const { server } = this.#options.endpoint;
    const { data, claims } = this;
    server.serve(PlayerDataContract.read, ({ player }) =>
      answered(async () => ({ kind: "view" as const, view: await data.read(player) })),
    );
    server.serve(PlayerDataContract.look, ({ player }) =>
      answered(async () => ({ kind: "look" as const, ...(await data.look(player)) })),
    );
    server.serve(PlayerDataContract.change, ({ player, change }) => answered(() => changed(data, player, change)));
    server.serve(PlayerDataContract.ledger, (query) =>
      answered(async () => ({ kind: "page" as const, page: await data.ledger(query) })),
    );
    server.serve(PlayerDataContract.claim, ({ player, mail }) => answered(() => claims.claim(player, mail)));
  }

  async #pin(store: string): Promise<string> {
    const { endpoint, center } = this.#options;
    const options = { to: { key: center() }, timeoutMs: CENTER_TIMEOUT_MS };
    return (await endpoint.caller.call(PlayerDataContract.pin, { store }, options)).store;
  }

  #mailBox(): MailBox {
    const { endpoint, center } = this.#options;
    return {
      mail: async (player, id) => {
        const options = { to: { key: center() }, timeoutMs: CENTER_TIMEOUT_MS };
        return (await endpoint.caller.call(DeliveryContract.mail, { player, id }, options)).mail;
      },
      claimed: async (player, id) => {
        const options = { to: { key: center() }, timeoutMs: CENTER_TIMEOUT_MS };
        await endpoint.caller.call(DeliveryContract.claimed, { player, id }, options);
      },
    };
  }

  #sweepLater(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.after(PLAYER_SWEEP_MS, () => {
      this.#sweeping = this.sweep().finally(() => this.#sweepLater());
    });
  }

  /** Forgets old rows of the ledger, and keys whose time is over. Never rejects for the store. */
  async sweep(): Promise<void> {
    const { clusterMs, log, kept } = this.#options;
    const { commits } = this.data;
    const limit = FORGOTTEN_ROWS_MAX;
    try {
      for (let batch = 0; batch < SWEPT_MAX && !this.#isStopped; batch += 1) {
        const nowMs = clusterMs();
        const ledger = await commits.add((tx) => forgetLedger(tx, { beforeMs: nowMs - kept.ledgerKeptMs, limit }));
        const keys = await commits.add((tx) => forgetKeys(tx, { nowMs, limit }));
        if (ledger < limit && keys < limit) return;
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (!this.#isStopped) log.warn("player data not swept", { error: messageOf(error) });
    }
  }
}

/** What can't be a change is told to whoever asks, as it would be thrown here. */
async function changed(data: PlayerData, player: string, change: PlayerChange): Promise<ChangeOutcome | Invalid> {
  try {
    return await data.change(player, change);
  } catch (error) {
    if (!(error instanceof ChangeFault)) throw error;
    return { kind: "invalid", detail: error.message };
  }
}

/** That nothing was done is an everyday answer. */
async function answered<T>(work: () => Promise<T>): Promise<T | Unavailable> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PlayerDataError)) throw error;
    return { kind: "unavailable", code: error.code, detail: error.message };
  }
}
