/**
 * The players' data that this node owns: takes a player over, holds its data in memory while it is logged in here, and
 * saves every change before it is answered. Changes of one player come one after the other, those of many share commits.
 *
 *   a player here:  absent -> loading -> held -> absent      `held` only while it is logged in, or something is under way
 *
 * Another node may take a player over at any time: the next save here is refused by the rows, what is in memory is thrown
 * away, and the change is planned again on what is true.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import { toHex } from "#base/digest.ts";
import { messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { Store, Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { planChange, viewOf } from "./change_plan.ts";
import { GroupCommit } from "./group_commit.ts";
import type { ItemKinds } from "./item_kinds.ts";
import type { LedgerPage, LedgerQuery } from "./ledger_table.ts";
import { ledgerOf } from "./ledger_table.ts";
import type { ChangeOutcome, PlayerChange } from "./player_change.ts";
import { ChangeFault } from "./change_fault.ts";
import { ownChange } from "./player_change.ts";
import { PlayerDataError } from "./player_data_error.ts";
import type { PlayerRecord, PlayerView } from "./player_record.ts";
import type { KnownPlayer } from "./player_table.ts";
import { isOwned, keepOutcome, keptOutcome, lookAt, savePlan, takeOver, unknownPlayer } from "./player_table.ts";

/** For a player's data to be there. */
export const LOAD_MS_MAX = 3_000;
/** Changes of one player that may wait; more are refused with `overloaded`. */
export const CHANGES_WAITING_MAX = 64;
/** For its turn, after those of the same player that came before. */
export const TURN_MS_MAX = 3_000;
/** What is in memory is looked at again before a read, once it was last seen to be true so long ago. */
export const BELIEVED_MS_MAX = 1_000;
/** Loads under way for players who have logged in and have not asked for anything; beyond it they are loaded when they do. */
export const LOADED_AHEAD_MAX = 1_024;
/** Players in memory; of more is refused with `overloaded`. */
export const PLAYERS_HELD_MAX = 100_000;
/** Times that a change is planned again because another node had taken the player over. */
export const FENCED_TRIES_MAX = 5;
/** Raised while what players change can't be saved. */
export const UNSAVED_ALARM = "player_data_unsaved";

/** What an operator sees. */
export interface PlayerLook {
  readonly view: PlayerView;
  /** Undefined: nobody has ever known the player. */
  readonly known: KnownPlayer | undefined;
}

/** Players for whom something is held, or under way. */
interface Lane {
  readonly player: string;
  record: PlayerRecord | undefined;
  loading: Promise<PlayerRecord> | undefined;
  /** Of PlayerData, when `record` was known to be the truth. */
  generation: number;
  /** When that was. */
  seenAtMs: number;
  tail: Promise<unknown>;
  waiting: number;
}

export interface PlayerDataOptions {
  readonly store: Store;
  /** Node id, for people. */
  readonly owner: string;
  readonly clock: Clock;
  readonly clusterMs: () => number;
  readonly random: Random;
  readonly kinds: ItemKinds;
  readonly keyKeptMs: number;
  readonly counters: Counters;
  readonly alarms: Alarms;
  /** Those stay in memory. */
  readonly isLoggedIn: (player: string) => boolean;
  /** Nothing is loaded before this resolves. */
  readonly admitted: () => Promise<void>;
}

export class PlayerData {
  readonly commits: GroupCommit;
  readonly #options: PlayerDataOptions;
  readonly #lanes = new Map<string, Lane>();
  #generation = 0;
  #loadsAhead = 0;
  #isStopped = false;

  constructor(options: PlayerDataOptions) {
    this.#options = options;
    const { store, clock } = options;
    this.commits = new GroupCommit({ store, clock, settled: (error, count) => this.#settled(error, count) });
  }

  /** Players in memory. */
  get heldCount(): number {
    return this.#lanes.size;
  }

  /** As this node knows it, or knew it BELIEVED_MS_MAX ago; of a player who is not logged in here, as it is on the disk. Rejects with PlayerDataError. */
  async read(player: string): Promise<PlayerView> {
    if (!this.#options.isLoggedIn(player)) return (await this.look(player)).view;
    const lane = this.#lane(player);
    if (lane.record !== undefined && this.#isBelieved(lane)) return this.#view(lane.record);
    return await this.#inTurn(lane, async () => this.#view(await this.#owned(lane)));
  }

  /** As it is on the disk, whoever owns it. Takes nobody over: a player whom nobody knows stays unknown. */
  async look(player: string): Promise<PlayerLook> {
    await this.#inTime(player, this.#options.admitted());
    const found = await this.#commit((tx) => lookAt(tx, player));
    return { view: this.#view(found?.record ?? unknownPlayer(player)), known: found?.known };
  }

  /**
   * Resolves when it is on the disk, or is certain not to be. Rejects with PlayerDataError: nothing of it was saved; and
   * with TypeError or BodyError for what can't be a change.
   */
  async change(player: string, change: PlayerChange, options: ChangeOptions = {}): Promise<ChangeOutcome> {
    const own = ownChange(player, change);
    const lane = this.#lane(player);
    return await this.#inTurn(lane, async () => {
      for (let attempt = 1; attempt <= FENCED_TRIES_MAX; attempt += 1) {
        const record = lane.record ?? (await this.#load(lane));
        const seen = this.#now();
        const done = await this.#commit((tx) => this.#save(tx, record, { change: own, ...options }));
        if (done.kind === "fault") throw done.fault;
        if (done.kind === "done") {
          Object.assign(lane, { record: done.record, ...seen });
          return done.outcome;
        }
        this.#options.counters.add("player_data.fenced");
        lane.record = undefined;
      }
      throw new PlayerDataError("fenced", `Cannot change data of ${player}: other nodes take it over again and again`);
    });
  }

  /** What the change of this key has come to. */
  async kept(player: string, key: string): Promise<ChangeOutcome | undefined> {
    await this.#inTime(player, this.#options.admitted());
    return (await this.#commit((tx) => keptOutcome(tx, { player, key })))?.outcome;
  }

  async ledger(query: LedgerQuery): Promise<LedgerPage> {
    await this.#inTime(query.player, this.#options.admitted());
    return await this.#commit((tx) => ledgerOf(tx, query));
  }

  /** The player has logged in here: its data will be wanted. */
  loggedIn(player: string): void {
    if (this.#loadsAhead >= LOADED_AHEAD_MAX) return;
    this.#loadsAhead += 1;
    const load = async (): Promise<void> => {
      try {
        const lane = this.#lane(player);
        await this.#inTurn(lane, () => this.#owned(lane));
      } finally {
        this.#loadsAhead -= 1;
      }
    };
    // Whatever fails now fails again for whoever asks.
    load().catch(() => this.#options.counters.add("player_data.load_failed"));
  }

  /** What is under way is saved; then nothing of it stays. */
  loggedOut(player: string): void {
    const lane = this.#lanes.get(player);
    if (lane !== undefined) this.#letGo(lane);
  }

  /** Who is logged in where may have changed unheard: what is in memory is looked at again before it is believed. */
  doubt(): void {
    this.#generation += 1;
  }

  /** Takes no more changes; resolves when all that were taken are saved. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#lanes.values()].map(({ tail }) => tail.catch(() => undefined)));
    await this.commits.stop();
    this.#lanes.clear();
  }

  #view(record: PlayerRecord): PlayerView {
    return viewOf(record, this.#options.kinds);
  }

  #now(): { readonly generation: number; readonly seenAtMs: number } {
    return { generation: this.#generation, seenAtMs: this.#options.clock.nowMs() };
  }

  #isBelieved(lane: Lane): boolean {
    const { generation, seenAtMs } = this.#now();
    return lane.generation === generation && seenAtMs - lane.seenAtMs < BELIEVED_MS_MAX;
  }

  /** Throws PlayerDataError. */
  #lane(player: string): Lane {
    if (this.#isStopped) throw new PlayerDataError("closed", `Cannot use data of ${player}: this node is stopping`);
    let lane = this.#lanes.get(player);
    if (lane === undefined) {
      if (this.#lanes.size >= PLAYERS_HELD_MAX) {
        const found = `${this.#lanes.size} players are held, limit is ${PLAYERS_HELD_MAX}`;
        throw new PlayerDataError("overloaded", `Cannot load data of ${player}: ${found}`);
      }
      const none = { record: undefined, loading: undefined, generation: -1, seenAtMs: 0 };
      lane = { player, ...none, tail: Promise.resolve(), waiting: 0 };
      this.#lanes.set(player, lane);
    }
    return lane;
  }

  #letGo(lane: Lane): void {
    if (lane.waiting > 0 || lane.loading !== undefined || this.#options.isLoggedIn(lane.player)) return;
    if (this.#lanes.get(lane.player) === lane) this.#lanes.delete(lane.player);
  }

  async #inTurn<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    if (lane.waiting >= CHANGES_WAITING_MAX) {
      const found = `${lane.waiting} changes wait, limit is ${CHANGES_WAITING_MAX}`;
      throw new PlayerDataError("overloaded", `Cannot use data of ${lane.player}: ${found}`);
    }
    lane.waiting += 1;
    let state: "waits" | "begun" | "given up" = "waits";
    const late = Promise.withResolvers<never>();
    // Nothing waits for the first one, which needs no timer.
    const timer =
      lane.waiting === 1
        ? undefined
        : this.#options.clock.after(TURN_MS_MAX, () => {
            if (state !== "waits") return;
            state = "given up";
            const found = `others came before it for longer than ${TURN_MS_MAX} ms`;
            late.reject(new PlayerDataError("deadline", `Cannot use data of ${lane.player}: ${found}`));
          });
    const turn = lane.tail.then(async () => {
      timer?.cancel();
      try {
        if (state === "given up") return await late.promise;
        state = "begun";
        return await work();
      } finally {
        lane.waiting -= 1;
        this.#letGo(lane);
      }
    });
    lane.tail = turn.catch(() => undefined);
    return await Promise.race([turn, late.promise]);
  }

  /** The player's data, which was this node's a moment ago. */
  async #owned(lane: Lane): Promise<PlayerRecord> {
    const { record } = lane;
    if (record !== undefined && !this.#isBelieved(lane)) {
      const seen = this.#now();
      if (await this.#commit((tx) => isOwned(tx, record))) Object.assign(lane, seen);
      else lane.record = undefined;
    }
    return lane.record ?? (await this.#load(lane));
  }

  /** Within LOAD_MS_MAX. What comes later is kept for who asks next. */
  async #load(lane: Lane): Promise<PlayerRecord> {
    lane.loading ??= this.#takeOver(lane);
    return await this.#inTime(lane.player, lane.loading);
  }

  async #inTime<T>(player: string, work: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = this.#options.clock.after(LOAD_MS_MAX, () => {
      const detail = `it took longer than ${LOAD_MS_MAX} ms`;
      late.reject(new PlayerDataError("deadline", `Cannot load data of ${player}: ${detail}`));
    });
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      timer.cancel();
    }
  }

  async #takeOver(lane: Lane): Promise<PlayerRecord> {
    const { owner, clusterMs, admitted, counters } = this.#options;
    try {
      await admitted();
      const seen = this.#now();
      const of = { player: lane.player, owner, atMs: clusterMs() };
      const record = await this.#commit((tx) => takeOver(tx, of));
      counters.add("player_data.loaded");
      Object.assign(lane, { record, ...seen });
      return record;
    } finally {
      lane.loading = undefined;
      this.#letGo(lane);
    }
  }

  async #save(tx: Tx, record: PlayerRecord, of: ChangeOptions & { readonly change: PlayerChange }): Promise<Saved> {
    const { clusterMs, random, kinds, keyKeptMs } = this.#options;
    const { change, keyPrefix = KEY_PREFIX, isKeptUntilSettled = false } = of;
    if (!(await isOwned(tx, record))) return { kind: "fenced" };
    const key = keyPrefix + change.key;
    const { player } = record;
    const { reason } = change;
    const kept = await keptOutcome(tx, { player, key });
    if (kept !== undefined) return { kind: "done", record, outcome: again(kept, change) };
    const plan = planned(() => planChange(record, change, { kinds, nextId: () => toHex(random.bytes(16)) }));
    if (plan instanceof ChangeFault) return { kind: "fault", fault: plan };
    if (plan.kind !== "ok") return { kind: "done", record, outcome: plan };
    const atMs = clusterMs();
    if (!(await savePlan(tx, plan, { old: record, key, reason, atMs }))) return { kind: "fenced" };
    const made = plan.made.map(({ id, item }) => ({ id, item }));
    const outcome: ChangeOutcome = {
      ...{ kind: "ok", version: plan.record.version, repeated: false },
      ...{ items: plan.items, made },
    };
    const expiresAtMs = isKeptUntilSettled ? undefined : atMs + keyKeptMs;
    await keepOutcome(tx, { player, key, reason, outcome, expiresAtMs });
    return { kind: "done", record: plan.record, outcome };
  }

  async #commit<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.commits.add(work);
    } catch (error) {
      throw error instanceof StoreError ? PlayerDataError.of(error) : error;
    }
  }

  #settled(error: unknown, count: number): void {
    const { alarms, counters } = this.#options;
    if (error === undefined) {
      counters.add("player_data.commits");
      counters.add("player_data.committed", count);
      if (alarms.has(UNSAVED_ALARM)) alarms.clear(UNSAVED_ALARM);
      return;
    }
    if (!(error instanceof StoreError)) return;
    counters.add(`player_data.unsaved:${error.code}`);
    if (error.code !== "closed") alarms.raise(UNSAVED_ALARM, { error: messageOf(error) });
  }
}

export interface ChangeOptions {
  /** Keys of modules and of mails are not to meet. */
  readonly keyPrefix?: string;
  /** The key is kept until it is settled, and not for `keyKeptMs`. */
  readonly isKeptUntilSettled?: boolean;
}

const KEY_PREFIX = "change:";

type Saved =
  | { readonly kind: "done"; readonly record: PlayerRecord; readonly outcome: ChangeOutcome }
  | { readonly kind: "fenced" }
  /** Nothing was written. It is thrown afterwards: the transaction is others' too. */
  | { readonly kind: "fault"; readonly fault: ChangeFault };

function planned<T>(plan: () => T): T | ChangeFault {
  try {
    return plan();
  } catch (error) {
    if (error instanceof ChangeFault) return error;
    throw error;
  }
}

function again(
  { reason, outcome }: { readonly reason: string; readonly outcome: ChangeOutcome },
  change: PlayerChange,
): ChangeOutcome {
  if (reason === change.reason) return outcome.kind === "ok" ? { ...outcome, repeated: true } : outcome;
  return { kind: "conflict", detail: `key ${change.key} was used for ${reason}, not for ${change.reason}` };
}
