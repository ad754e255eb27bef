/**
 * The sender of one owner's rewards: runs the lanes, one to each shard that lives. A turn of a lane is one batch, or one
 * comparison of what the shard's center has got. What is pending is sent for ever; what goes wrong waits in its own lane.
 *
 * What it knows of pending rewards it reads from the store: at the start, when it is woken, and while anything waits.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { isLoggedAttempt, messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { Caller } from "#rpc/caller.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { DeliveryContract } from "./delivery_contract.ts";
import type { Lane, LaneWork } from "./lane.ts";
import { Lanes } from "./lanes.ts";
import { LostTerms } from "./lost_terms.ts";
import { allShards, pendingShards, takeBatch, writeAnswer } from "./outbox_batch.ts";
import { HOMES_KEPT_MS, ShardHomes } from "./shard_homes.ts";

/** A center that does not answer for so long has failed this time. */
export const DELIVER_TIMEOUT_MS = 10_000;
/**
 * While something waits for a center that is not there: when it is looked again where its shard lives by now. Each time
 * takes twice as long, up to the most; a merge that is heard of meanwhile does not wait for it.
 */
export const LOOK_MS = 5_000;
export const LOOK_MS_MAX = 300_000;
/** A stop waits so long for what is under way. */
export const SENDER_STOP_MS_MAX = 2_000;

export interface SenderOptions {
  readonly owner: NodeId;
  readonly store: Store;
  readonly clock: Clock;
  /** The cluster's wall clock. */
  readonly clusterMs: () => number;
  readonly random: Random;
  readonly digest: Digest;
  readonly log: Log;
  readonly counters: Counters;
  readonly caller: Pick<Caller, "call">;
  /** The shard that this one lives on in, itself if it was not merged. */
  readonly homeOf: (shard: number) => number;
  /** What differs between this owner and a shard's center after all was sent again; undefined: nothing any more. */
  readonly differs: (home: number, terms: readonly string[] | undefined) => void;
  /** Rewards came to be held, or what was found at a look has changed. Must not throw. */
  readonly changed: () => void;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #lanes = new Lanes();
  readonly #centers = new Map<number, { readonly key: NodeKey; readonly boot: string }>();
  readonly #homes: ShardHomes;
  readonly #lost: LostTerms;
  /** By home: the process of its center, and which shards' terms were compared with it. */
  readonly #compared = new Map<number, { readonly boot: string; readonly shards: ReadonlySet<number> }>();
  readonly #running = new Set<Promise<void>>();
  #looking: Promise<void> | undefined;
  #isWoken = false;
  #turns: Timer | undefined;
  #look: Timer | undefined;
  #lookMs = LOOK_MS;
  #moving: Timer | undefined;
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#homes = new ShardHomes({ clock: options.clock, homeOf: options.homeOf });
    this.#lost = new LostTerms(options);
  }

  /** Resolves when it has seen what is pending. Throws StoreError. */
  async start(): Promise<void> {
    const { store, owner } = this.#options;
    const shards = await store.transaction((tx) => allShards(tx, owner));
    if (this.#state !== "new") return;
    this.#state = "running";
    for (const shard of shards) this.#homes.add(shard);
    this.wake();
    await this.#looking;
  }

  /** Something may be pending that was not before. */
  wake(): void {
    this.#lookMs = LOOK_MS;
    this.#wake();
  }

  /** Shards may live elsewhere than before: what merged ones have got is compared where they live now. */
  moved(): void {
    if (this.#state !== "running" || this.#moving !== undefined) return;
    this.#moving = this.#options.clock.after(HOMES_KEPT_MS, () => {
      this.#moving = undefined;
      this.#homes.refresh();
      for (const shard of this.#homes.moved()) {
        const home = this.#homes.of(shard);
        const compared = this.#compared.get(home);
        const isCompared = compared?.boot === this.#centers.get(home)?.boot && compared?.shards.has(shard) === true;
        if (!isCompared) this.#event(home, { kind: "moved", nowMs: this.#nowMs() });
      }
      this.wake();
    });
  }

  reachable(center: Identity): void {
    this.#centers.set(center.shard, { key: center.key, boot: center.boot });
    this.#event(center.shard, { kind: "reachable", boot: center.boot, nowMs: this.#nowMs() });
    this.#run();
  }

  unreachable(center: Identity): void {
    if (this.#centers.get(center.shard)?.boot !== center.boot) return;
    this.#centers.delete(center.shard);
    this.#lookMs = LOOK_MS;
    this.#look?.cancel();
    this.#look = undefined;
    this.#event(center.shard, { kind: "unreachable", nowMs: this.#nowMs() });
    this.#run();
  }

  /** Of the shard that lives. */
  lane(home: number): Lane {
    return this.#lanes.lane(home);
  }

  homeOf(shard: number): number {
    return this.#homes.of(shard);
  }

  /** At once: nothing begins any more, and no timer is left. */
  close(): void {
    this.#state = "stopped";
    this.#turns?.cancel();
    this.#look?.cancel();
    this.#moving?.cancel();
  }

  /** Resolves when nothing is being written any more, or after SENDER_STOP_MS_MAX. */
  async stop(): Promise<void> {
    this.close();
    const ended = Promise.allSettled([...this.#running, this.#looking]);
    let limit: Timer | undefined;
    const waited = new Promise<void>((resolve) => {
      limit = this.#options.clock.after(SENDER_STOP_MS_MAX, resolve);
    });
    await Promise.race([ended, waited]);
    limit?.cancel();
  }

  #wake(): void {
    if (this.#state !== "running") return;
    this.#isWoken = true;
    if (this.#looking !== undefined) return;
    this.#looking = this.#lookUntilQuiet().finally(() => (this.#looking = undefined));
  }

  async #lookUntilQuiet(): Promise<void> {
    while (this.#isWoken && this.#state === "running") {
      this.#isWoken = false;
      await this.#lookOnce();
    }
  }

  /** Which shards something is pending for, and where these live now. */
  async #lookOnce(): Promise<void> {
    const { store, owner, log } = this.#options;
    try {
      const shards = await store.transaction((tx) => pendingShards(tx, owner));
      if (this.#state !== "running") return;
      for (const shard of shards) this.#homes.add(shard);
      this.#homes.refresh();
      const homes = new Set(shards.map((shard) => this.#homes.of(shard)));
      for (const home of homes) this.#event(home, { kind: "found", nowMs: this.#nowMs() });
      this.#options.changed();
      this.#run();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== "closed") log.warn("outbox not read", { error: error.message });
      this.#lookLater(true);
    }
  }

  #event(home: number, event: Parameters<Lanes["event"]>[1]): Lane {
    return this.#lanes.event(home, event);
  }

  /** Begins the turns that are due, and waits for the next. */
  #run(): void {
    if (this.#state !== "running") return;
    const { clock } = this.#options;
    for (const { home, work } of this.#lanes.take(clock.nowMs())) {
      const turn = this.#turn(home, work).finally(() => {
        this.#running.delete(turn);
        this.#run();
      });
      this.#running.add(turn);
    }
    this.#turns?.cancel();
    const nextMs = this.#lanes.nextMs();
    if (nextMs !== undefined) this.#turns = clock.after(Math.max(0, nextMs - clock.nowMs()), () => this.#run());
    this.#lookLater();
  }

  /** Only while something waits for a center, or the store has failed: else nothing here needs a timer. */
  #lookLater(hasFailed = false): void {
    if (this.#look !== undefined || this.#state !== "running") return;
    if (hasFailed || this.#lanes.unreachable().length > 0) {
      this.#look = this.#options.clock.after(this.#lookMs, () => {
        this.#look = undefined;
        this.#lookMs = Math.min(LOOK_MS_MAX, this.#lookMs * 2);
        this.#sayUnreachable();
        this.#wake();
      });
    }
  }

  #sayUnreachable(): void {
    for (const home of this.#lanes.unreachable()) {
      const { state } = this.#event(home, { kind: "looked" });
      if (state.kind !== "unreachable" || !isLoggedAttempt(state.looks)) continue;
      const waitedMs = Math.round(this.#nowMs() - state.sinceMs);
      this.#options.log.warn("rewards wait for a shard", { shard: home, waitedMs, attempt: state.looks });
    }
  }

  /** Rejects for a bug alone. */
  async #turn(home: number, work: LaneWork): Promise<void> {
    const { log } = this.#options;
    const before = this.#lanes.lane(home);
    try {
      const left = await this.#do(home, work);
      this.#event(home, { kind: "went", left, nowMs: this.#nowMs() });
      if (before.attempt > 0) log.info("rewards are delivered again", { shard: home, attempts: before.attempt });
    } catch (error) {
      if (!isCallError(error) && !(error instanceof StoreError)) throw error;
      const unit = this.#options.random.unit();
      const { attempt } = this.#event(home, { kind: "failed", error: messageOf(error), unit, nowMs: this.#nowMs() });
      if (this.#state !== "running") return;
      this.#options.counters.add("delivery.failed");
      if (isLoggedAttempt(attempt)) {
        log.warn("rewards not delivered", { shard: home, error: messageOf(error), attempt });
      }
    }
  }

  /** Answers what is left to be done on the lane. */
  async #do(home: number, work: LaneWork): Promise<LaneWork> {
    const center = this.#centers.get(home);
    if (center === undefined) return { pending: work.pending, comparing: "no" };
    const shards = this.#homes.shardsOf(home);
    if (work.comparing === "first" || !work.pending) {
      const found = await this.#lost.compare({ home, center, shards });
      this.#compared.set(home, { boot: center.boot, shards: new Set(shards) });
      this.#options.differs(home, found.differing.length === 0 ? undefined : found.differing);
      const isDone = found.later === 0 && found.lost === 0;
      return { pending: work.pending || found.lost > 0 || found.later > 0, comparing: isDone ? "no" : "last" };
    }
    return { pending: await this.#sendBatch(center.key, shards), comparing: work.comparing };
  }

  /** Answers whether others wait behind the batch. */
  async #sendBatch(center: NodeKey, shards: readonly number[]): Promise<boolean> {
    const { store, owner, caller, counters, digest } = this.#options;
    const { rows, more } = await store.transaction((tx) => takeBatch(tx, owner, shards));
    if (rows.length === 0) return false;
    const request = { rows: rows.map(({ sequence, shard, key, mail }) => ({ sequence, shard, ...key, mail })) };
    const options = { to: { key: center }, timeoutMs: DELIVER_TIMEOUT_MS };
    const answer = await caller.call(DeliveryContract.deliver, request, options);
    const atMs = this.#options.clusterMs();
    const done = await store.transaction((tx) => writeAnswer(tx, owner, { sent: rows, answer, atMs, digest }));
    counters.add("delivery.acknowledged", done.acknowledged);
    if (done.held > 0) {
      counters.add("delivery.held", done.held);
      this.#options.changed();
    }
    if (done.acknowledged + done.held === 0) {
      throw new StoreError(
        "corrupt",
        "Cannot go on: the center's answer is about none of the rewards that it was sent",
      );
    }
    return more || done.acknowledged + done.held < rows.length;
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}
