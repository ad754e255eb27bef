/**
 * The part of a node that owns activities which brings their rewards to the shards: the sender of its outbox, what it
 * answers to shards and operators, its alarms, and its sweep. Whoever has issued rewards calls `wake` after the commit.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import { Slices } from "#base/slices.ts";
import { DeliveryContract } from "#delivery/delivery_contract.ts";
import { DeliveryDesk } from "#delivery/delivery_desk.ts";
import { forgetOld } from "#delivery/outbox_again.ts";
import type { Standing } from "#delivery/outbox_overview.ts";
import { conflictsByActivity, heldByActivity, readStanding } from "#delivery/outbox_overview.ts";
import { Sender } from "#delivery/sender.ts";
import type { Directory } from "#mesh/directory.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { Identity } from "#wire/identity.ts";

export const OUTBOX_SWEEP_MS = 3_600_000;
/** Transactions of one sweep; the rest is the next one's. */
const SWEPT_MAX = 1_000;
/** A conflict is an alarm for so long. */
export const CONFLICT_ALARM_MS = 24 * 3_600_000;
/** Rewards that wait for longer are an alarm. */
export const LATE_MS = 600_000;
/** While something is pending: how often it is seen whether it is late. */
const LATE_LOOK_MS = 60_000;

export interface IssuedRewardsOptions {
  readonly self: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly clusterMs: () => number;
  readonly random: Random;
  readonly digest: Digest;
  readonly log: Log;
  readonly counters: Counters;
  readonly alarms: Alarms;
  readonly directory: Directory;
  readonly endpoint: Endpoint;
  /** The shard that this one lives on in. */
  readonly homeOf: (shard: number) => number;
}

export class IssuedRewards {
  readonly #options: IssuedRewardsOptions;
  readonly #sender: Sender;
  /** Names of the alarms that the last judgement has raised. */
  #raised = new Set<string>();
  #judging: Promise<void> | undefined;
  #isJudged = true;
  #sweep: Timer | undefined;
  #late: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: IssuedRewardsOptions) {
    this.#options = options;
    const { self, store, digest, clusterMs, endpoint, alarms } = options;
    this.#sender = new Sender({
      ...options,
      owner: self.id,
      caller: endpoint.caller,
      differs: (home, terms) => {
        const alarm = `rewards_differ:${home}`;
        if (terms === undefined) alarms.clear(alarm);
        else alarms.raise(alarm, { shard: home, terms: terms.join(" ") });
      },
      changed: () => this.#judge(),
    });
    const sender = this.#sender;
    const desk = new DeliveryDesk({ owner: self.id, store, digest, clusterMs, sender, clock: options.clock });
    const { server } = endpoint;
    server.serve(DeliveryContract.kept, (request) => desk.kept(request.terms));
    server.serve(DeliveryContract.deliveries, (filter) => desk.deliveries(filter));
    server.serve(DeliveryContract.resend, (request) => desk.resend(request));
    server.serve(DeliveryContract.release, (request) => desk.release(request));
  }

  /** Throws StoreError. */
  async start(): Promise<void> {
    await this.#sender.start();
    if (this.#state !== "new") return;
    this.#state = "running";
    for (const center of this.#options.directory.ofRole("center")) this.reachable(center);
    this.#sweepLater();
    this.#judge();
    await this.#judging;
  }

  /** New rewards were committed. */
  wake(): void {
    this.#sender.wake();
  }

  /** What is known of the shards has changed. */
  shardsChanged(): void {
    this.#sender.moved();
  }

  reachable(node: Identity): void {
    if (this.#state === "running" && isCenter(node)) this.#sender.reachable(node);
  }

  unreachable(node: Identity): void {
    if (this.#state === "running" && isCenter(node)) this.#sender.unreachable(node);
  }

  /** How the outbox stands now. Throws StoreError. */
  standing(): Promise<Standing> {
    const { store, self } = this.#options;
    return store.transaction((tx) => readStanding(tx, self.id));
  }

  /** At once: no timer is left. */
  close(): void {
    this.#state = "stopped";
    this.#sweep?.cancel();
    this.#late?.cancel();
    this.#sender.close();
  }

  /** Resolves when nothing is being written any more, as far as that can be waited for. */
  async stop(): Promise<void> {
    this.close();
    await Promise.all([this.#sender.stop(), this.#sweeping, this.#judging]);
  }

  #sweepLater(): void {
    if (this.#state !== "running") return;
    this.#sweep = this.#options.clock.after(OUTBOX_SWEEP_MS, () => {
      this.#sweeping = this.sweep();
      this.#sweepLater();
    });
  }

  /** Forgets terms that every reward of was acknowledged long ago. */
  async sweep(): Promise<void> {
    const { store, self, clock, clusterMs, log } = this.#options;
    const slices = new Slices(clock);
    try {
      for (let batch = 0; batch < SWEPT_MAX && this.#state === "running"; batch += 1) {
        if (!(await store.transaction((tx) => forgetOld(tx, self.id, clusterMs())))) break;
        await slices.pause();
      }
      this.#judge();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.warn("outbox not swept", { error: messageOf(error) });
    }
  }

  /** Alarms follow what the outbox holds. What is asked for meanwhile is one judgement more. */
  #judge(): void {
    this.#isJudged = false;
    if (this.#judging !== undefined || this.#state !== "running") return;
    this.#judging = this.#judgeUntilQuiet().finally(() => (this.#judging = undefined));
  }

  async #judgeUntilQuiet(): Promise<void> {
    while (!this.#isJudged && this.#state === "running") {
      this.#isJudged = true;
      await this.#judgeOnce();
    }
  }

  async #judgeOnce(): Promise<void> {
    const { store, self, clock, clusterMs, alarms } = this.#options;
    const nowMs = clusterMs();
    const raised = new Set<string>();
    const raise = (name: string, detail: Readonly<Record<string, unknown>>): void => {
      raised.add(name);
      alarms.raise(name, detail);
    };
    let pending = 0;
    try {
      await store.transaction(async (tx) => {
        for (const { activity, count } of await heldByActivity(tx, self.id)) {
          raise(`rewards_held:${activity}`, { activity, count });
        }
        for (const { activity, count } of await conflictsByActivity(tx, self.id, nowMs - CONFLICT_ALARM_MS)) {
          raise(`reward_conflict:${activity}`, { activity, count });
        }
        const standing = await readStanding(tx, self.id);
        pending = standing.pending;
        const { pendingSinceMs } = standing;
        if (pendingSinceMs !== undefined && pendingSinceMs < nowMs - LATE_MS) {
          raise("rewards_late", { pending, sinceMs: pendingSinceMs });
        }
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return;
    }
    for (const name of this.#raised) if (!raised.has(name)) alarms.clear(name);
    this.#raised = raised;
    this.#late?.cancel();
    const isWatched = pending > 0 || raised.size > 0;
    if (isWatched && this.#state === "running") this.#late = clock.after(LATE_LOOK_MS, () => this.#judge());
  }
}

function isCenter({ role, shard }: Identity): boolean {
  return role === "center" && shard > 0;
}
