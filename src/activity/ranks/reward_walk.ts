/**
 * Issues the rewards of settled rankings, place by place, REWARDS_PER_COMMIT in one transaction together with how far
 * they have come: a crash anywhere neither loses nor doubles one. Each batch is one turn of the owner's queue. Until all
 * are issued a term does not leave its phase `reward`. A kind that fails stops its activity; the next start goes on.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { isLoggedAttempt, messageOf } from "#base/log.ts";
import { Slices } from "#base/slices.ts";
import type { Reward } from "#delivery/reward.ts";
import { faultOfKey } from "#delivery/reward.ts";
import type { Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { ActivityContent } from "../content.ts";
import { KindFault, faultOf } from "../kind_fault.ts";
import type { GivenReward, KindHooks, RankScope, RewardAsk } from "../kind_hooks.ts";
import type { ActivityKinds } from "../outcome.ts";
import type { OwnedTopics } from "../owned_topics.ts";
import { digestOf, refuseOther } from "./settlement.ts";
import { moveRewarded, readSettled } from "./settlement_table.ts";
import type { TermRanks } from "./term_ranks.ts";
import type { TermRunner } from "../term_runner.ts";
import { readState } from "../term_state.ts";

/** Places whose rewards one transaction issues. */
export const REWARDS_PER_COMMIT = 1_000;
/** Rewards for one place. */
export const REWARDS_PER_PLACE_MAX = 8;
const RETRY_MS = 1_000;

/** Where rewards go: the outbox of this owner. */
export interface RewardSink {
  issue(tx: Tx, rewards: readonly Reward[], atMs: number): Promise<void>;
  /** After the commit: there is something to send. */
  wake(): void;
}

export interface RewardWalkOptions {
  readonly owner: NodeId;
  readonly topics: OwnedTopics;
  readonly ranks: TermRanks;
  readonly kinds: ActivityKinds;
  readonly runner: () => TermRunner;
  /** Undefined: this owner has no outbox, and a kind that gives rewards stops. */
  readonly sink: RewardSink | undefined;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly log: Log;
  readonly nowMs: () => number;
  /** One turn of the owner's queue. */
  readonly change: <T>(work: () => Promise<T>) => Promise<T>;
  readonly isRunning: () => boolean;
  /** Phases may have changed. */
  readonly changed: () => void;
}

type SettledContent = ActivityContent & { readonly phase: "settling" | "reward" | "show" | "closed" };

interface Progress {
  readonly term: string;
  readonly issued: number;
  readonly total: number;
  /** Rankings that this process has found to be as they were frozen. */
  readonly verified: ReadonlySet<string>;
}

export class RewardWalk {
  readonly #options: RewardWalkOptions;
  /** By activity. */
  readonly #progress = new Map<string, Progress>();
  #isBusy = false;
  #failures = 0;
  #timer: Timer | undefined;

  constructor(options: RewardWalkOptions) {
    this.#options = options;
  }

  /** Why this content does not leave its phase; undefined when it may. */
  held(content: ActivityContent): string | undefined {
    if (content.phase !== "reward") return undefined;
    if (this.#options.kinds.hooks?.(content.kind)?.givesRewards !== true) return undefined;
    const progress = this.#progress.get(content.id);
    if (progress?.term !== content.term.id) return "rewards: they are not counted yet";
    if (progress.issued === progress.total) return undefined;
    return `rewards: ${grouped(progress.issued)} of ${grouped(progress.total)} are issued`;
  }

  /** Goes on with what is to be issued, if there is any. */
  wake(): void {
    if (this.#isBusy || this.#timer !== undefined) return;
    this.#go(new Slices(this.#options.clock));
  }

  #go(slices: Slices): void {
    if (!this.#options.isRunning()) return;
    const id = this.#nextActivity();
    if (id === undefined) return;
    this.#isBusy = true;
    this.#options
      .change(() => this.#turn(id))
      .then(() => slices.pause())
      .then(
        () => {
          this.#isBusy = false;
          this.#failures = 0;
          this.#go(slices);
        },
        (error: unknown) => {
          this.#isBusy = false;
          this.#failed(id, error);
        },
      );
  }

  /** The activity is deleted. */
  forget(id: string): void {
    this.#progress.delete(id);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #failed(id: string, error: unknown): void {
    const { log, clock, isRunning } = this.#options;
    this.#failures += 1;
    if (isLoggedAttempt(this.#failures)) {
      log.warn("rewards not issued", { activity: id, error: messageOf(error), attempt: this.#failures });
    }
    if (!isRunning()) return;
    this.#timer = clock.after(RETRY_MS, () => {
      this.#timer = undefined;
      this.wake();
    });
  }

  #nextActivity(): string | undefined {
    const { topics, runner } = this.#options;
    const held = topics.all().find((one) => {
      return one.kind === "live" && runner().stopped(one.id) === undefined && this.held(one.content) !== undefined;
    });
    return held?.id;
  }

  async #turn(id: string): Promise<void> {
    const { topics, kinds, runner, nowMs, ranks, changed } = this.#options;
    const live = topics.get(id);
    if (live?.kind !== "live" || this.held(live.content) === undefined) return;
    const { content } = live;
    const hooks = kinds.hooks?.(content.kind);
    if (content.phase !== "reward" || hooks === undefined) return;
    try {
      const progress = await topics.transaction((tx) => this.#issue(tx, content, hooks));
      this.#progress.set(id, progress);
    } catch (error) {
      if (!(error instanceof KindFault)) {
        ranks.drop(id);
        throw error;
      }
      runner().stop(content, error);
      return;
    }
    this.#options.sink?.wake();
    if (this.held(content) !== undefined) return;
    this.#options.log.info("rewards issued", { activity: id, term: content.term.id });
    await runner().walk(id, nowMs());
    changed();
  }

  /** One batch; none when all are issued. */
  async #issue(tx: Tx, content: SettledContent, hooks: KindHooks): Promise<Progress> {
    const { owner, ranks, digest, sink, nowMs } = this.#options;
    if (sink === undefined) throw new KindFault(`Cannot issue rewards of ${content.id}: this owner has no outbox`);
    const of = { owner, term: content.term.id };
    const settled = await readSettled(tx, of);
    const last = this.#progress.get(content.id);
    const verified = new Set(last?.term === of.term ? last.verified : []);
    const total = settled.reduce((sum, { entries }) => sum + entries, 0);
    const issued = settled.reduce((sum, { rewarded }) => sum + rewarded, 0);
    const next = settled.find(({ entries, rewarded }) => rewarded < entries);
    if (next === undefined) return { term: of.term, issued, total, verified };
    const { group, ranking } = next;
    try {
      const draft = await ranks.draft(tx, content, { isFrozen: true });
      const base = draft?.board.ranking(group, ranking);
      if (draft === undefined || base === undefined) throw new Error("a settled ranking of no term");
      const name = `${group}/${ranking}`;
      if (!verified.has(name)) refuseOther(content, next, digestOf(digest, base.entries()));
      verified.add(name);
      const state = hooks.stateOf(hooks.hasState ? await readState(tx, { ...of, activity: content.id }) : undefined);
      const atMs = nowMs();
      const term = { content, state, ranks: draft.scope({ atMs, shard: 0, player: undefined, group }), atMs };
      const entries = base.slice(next.rewarded, REWARDS_PER_COMMIT);
      const rewards = entries.flatMap((entry, index) => {
        return rewardsOf(hooks, term, { ...entry, group, ranking, place: next.rewarded + index + 1 });
      });
      await sink.issue(tx, rewards, nowMs());
      await moveRewarded(tx, { ...of, group, ranking }, { from: next.rewarded, to: next.rewarded + entries.length });
      return { term: of.term, issued: issued + entries.length, total, verified };
    } catch (error) {
      throw faultOf(error, { doing: "issue rewards", kind: content.kind });
    }
  }
}

/** Throws TypeError for what can't be sent: that is a fault of the kind. */
function rewardsOf(
  hooks: KindHooks,
  term: {
    readonly content: SettledContent;
    readonly state: unknown;
    readonly ranks: RankScope;
    readonly atMs: number;
  },
  place: RewardAsk,
): readonly Reward[] {
  const given = hooks.reward(term, place);
  const { subject, group, ranking, shard } = place;
  const where = `the reward of ${subject} in ${ranking}`;
  if (given.length > REWARDS_PER_PLACE_MAX) {
    throw new TypeError(`${where}: found ${given.length} for one place, allowed are ${REWARDS_PER_PLACE_MAX}`);
  }
  if (given.length > 0 && shard <= 0) throw new TypeError(`${where}: no report has said which shard is its home`);
  const tiers = new Set<string>();
  return given.map(({ tier, mail }: GivenReward) => {
    const key = { activity: term.content.id, term: term.content.term.id, group, ranking, player: subject, tier };
    const fault = faultOfKey(key);
    if (fault !== undefined) throw new TypeError(`${where}: ${fault}`);
    if (tiers.has(tier)) throw new TypeError(`${where}: found the tier ${tier} twice, allowed is once`);
    tiers.add(tier);
    // A mail that no shard would take is held there, and holds nobody else.
    return { key, shard, mail };
  });
}

/** 3000 as "3,000". */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
