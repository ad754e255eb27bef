/**
 * What an owner does for its terms beside their versions: phases, reports, rankings, rewards, and the data of terms that
 * are over. Ties these parts together, and decides nothing itself.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import type { Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { ActivityContent } from "./content.ts";
import type { ActivityKinds } from "./outcome.ts";
import type { OwnedTopics } from "./owned_topics.ts";
import type { ShardGroups } from "./groups/term_groups.ts";
import { RankLookup } from "./ranks/rank_lookup.ts";
import { ReportIntake } from "./reports/report_intake.ts";
import { ReportTaker } from "./reports/report_taker.ts";
import type { RewardSink } from "./ranks/reward_walk.ts";
import { RewardWalk } from "./ranks/reward_walk.ts";
import { TermRanks } from "./ranks/term_ranks.ts";
import { TermRunner } from "./term_runner.ts";
import { TermSweep } from "./term_sweep.ts";

export interface TermWorkOptions {
  readonly owner: NodeId;
  readonly topics: OwnedTopics;
  readonly kinds: ActivityKinds;
  readonly shards: ShardGroups;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly rewards?: RewardSink | undefined;
  readonly nowMs: () => number;
  readonly newTerm: () => string;
  /** One turn of the owner's queue. */
  readonly change: <T>(work: () => Promise<T>) => Promise<T>;
  /** Why there is no such activity. */
  readonly missing: (id: string) => string;
  readonly isRunning: () => boolean;
  /** Phases may have changed. */
  readonly changed: () => void;
  /** Default: RANK_ENTRIES_MAX. */
  readonly rankEntriesMax?: number | undefined;
}

export class TermWork {
  readonly runner: TermRunner;
  readonly reports: ReportIntake;
  readonly rankings: RankLookup;
  readonly #ranks: TermRanks;
  readonly #rewards: RewardWalk;
  readonly #sweep: TermSweep;

  constructor(options: TermWorkOptions) {
    const { owner, kinds } = options;
    this.#ranks = new TermRanks({ owner, hooks: (kind) => kinds.hooks?.(kind), entriesMax: options.rankEntriesMax });
    const ranks = this.#ranks;
    this.#rewards = new RewardWalk({ ...options, ranks, runner: () => this.runner, sink: options.rewards });
    this.runner = new TermRunner({
      ...options,
      ranks,
      held: (content) => this.held(content),
      entombed: (id) => this.#forget(id),
    });
    const taker = new ReportTaker({ owner, ranks });
    this.reports = new ReportIntake({ ...options, ranks, runner: this.runner, taker });
    this.rankings = new RankLookup({ ...options, ranks });
    this.#sweep = new TermSweep({ ...options, ranks });
  }

  /** Before the first phase is entered. Throws StoreError. */
  async start(tx: Tx): Promise<void> {
    await this.#ranks.start(tx);
  }

  /** Why a content does not leave its phase yet; undefined when it may. */
  held(content: ActivityContent): string | undefined {
    return this.#rewards.held(content);
  }

  /** After every change: there may be rewards to issue, and data to drop. */
  wake(): void {
    this.#rewards.wake();
    this.#sweep.wake();
  }

  /** The activity is deleted. */
  #forget(id: string): void {
    this.#ranks.drop(id);
    this.#rewards.forget(id);
    this.#sweep.wake();
  }

  stop(): void {
    this.#rewards.stop();
  }
}
