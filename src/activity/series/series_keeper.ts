/**
 * Keeps the members of series as shard_series.ts plans them: LOOK_DELAY_MS after a change of the activities or of what is
 * known of the shards, and every LOOK_MS. Shards that came too late for a member are the alarm `series_late:<member>`, an
 * id that is taken is `series_blocked:<series>`. What the store refuses is tried again at the next look.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { isLoggedAttempt, messageOf } from "#base/log.ts";
import type { NodeId } from "#wire/role.ts";
import { readDeleted } from "./deleted_members.ts";
import type { OwnedTopics } from "../owned_topics.ts";
import { SERIES_CHANGES_MAX, isSeries, planSeries } from "./shard_series.ts";
import type { ShardGroups } from "../groups/term_groups.ts";
import type { TermRunner } from "../term_runner.ts";

export const SERIES_LOOK_DELAY_MS = 1_000;
export const SERIES_LOOK_MS = 600_000;

export interface SeriesKeeperOptions {
  readonly owner: NodeId;
  readonly topics: OwnedTopics;
  readonly shards: ShardGroups;
  readonly clock: Clock;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly runner: TermRunner;
  /** Cluster time. */
  readonly nowMs: () => number;
  /** In its turn among the owner's changes. Throws StoreError. */
  readonly inTurn: (work: () => Promise<number>) => Promise<number>;
  /** After commits. */
  readonly committed: () => void;
}

export class SeriesKeeper {
  readonly #options: SeriesKeeperOptions;
  readonly #raised = new Set<string>();
  #timer: Timer | undefined;
  /** When the timer ends, by the monotonic clock. */
  #timerMs = 0;
  #failures = 0;
  #isStopped = false;

  constructor(options: SeriesKeeperOptions) {
    this.#options = options;
  }

  /** After every change of the activities and of the shards. */
  changed(): void {
    if (this.#hasWork()) this.#arm(SERIES_LOOK_DELAY_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #hasWork(): boolean {
    if (this.#raised.size > 0) return true;
    return this.#options.topics
      .all()
      .some((held) => held.kind === "live" && (isSeries(held.content) || held.content.series !== undefined));
  }

  #arm(delayMs: number): void {
    const { clock } = this.#options;
    const atMs = clock.nowMs() + delayMs;
    if (this.#isStopped || (this.#timer !== undefined && this.#timerMs <= atMs)) return;
    this.#timer?.cancel();
    this.#timerMs = atMs;
    this.#timer = clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    const { log, inTurn, committed } = this.#options;
    let count = 0;
    try {
      count = await inTurn(() => this.#make());
      this.#failures = 0;
      if (count > 0) committed();
    } catch (error) {
      this.#failures += 1;
      if (isLoggedAttempt(this.#failures)) {
        log.warn("series not kept", { error: messageOf(error), attempt: this.#failures });
      }
    }
    if (this.#isStopped || !this.#hasWork()) return;
    const isMore = count === SERIES_CHANGES_MAX || this.#failures > 0;
    this.#arm(isMore ? SERIES_LOOK_DELAY_MS : SERIES_LOOK_MS);
  }

  /** Answers how many changes it has made. */
  async #make(): Promise<number> {
    const { owner, topics, runner, nowMs } = this.#options;
    const { changes } = this.#plan(await topics.transaction((tx) => readDeleted(tx, owner)));
    for (const change of changes) {
      const atMs = nowMs();
      if (change.kind === "remove") await runner.entomb(change.id, atMs);
      else await runner.commit(change.content, { atMs, phrase: "activity of a series" });
    }
    return changes.length;
  }

  #plan(deleted: ReadonlySet<string>): ReturnType<typeof planSeries> {
    const { topics, shards, nowMs, alarms } = this.#options;
    const plan = planSeries(topics.all(), { facts: shards.facts(), deleted, nowMs: nowMs() });
    const now = new Set<string>();
    for (const { member, shards: missing } of plan.late) {
      now.add(`series_late:${member}`);
      const reason = "the shards were heard of when the term had begun";
      alarms.raise(`series_late:${member}`, { activity: member, count: missing.length, shards: missing, reason });
    }
    for (const { series, id } of plan.taken) {
      now.add(`series_blocked:${series}`);
      alarms.raise(`series_blocked:${series}`, { activity: series, taken: id });
    }
    for (const name of this.#raised) if (!now.has(name)) alarms.clear(name);
    this.#raised.clear();
    for (const name of now) this.#raised.add(name);
    return plan;
  }
}
