/**
 * What an owner does when it hears of shards, or when its activities have changed: who has no group is said, and series
 * get what their openings need. Ties the two together, and decides nothing itself.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import type { NodeId } from "#wire/role.ts";
import type { ActivityContent } from "../content.ts";
import type { Ungrouped } from "../groups/groups_bands.ts";
import type { OwnedTopics } from "../owned_topics.ts";
import { SeriesKeeper } from "../series/series_keeper.ts";
import type { ShardGroups } from "../groups/term_groups.ts";
import type { TermRunner } from "../term_runner.ts";
import { UngroupedWatch } from "../groups/ungrouped.ts";

export interface ShardWatchOptions {
  readonly owner: NodeId;
  readonly topics: OwnedTopics;
  readonly runner: TermRunner;
  readonly shards: ShardGroups;
  readonly clock: Clock;
  readonly log: Log;
  readonly alarms: Alarms;
  /** Cluster time. */
  readonly nowMs: () => number;
  /** One turn of the owner's queue. Throws StoreError. */
  readonly inTurn: (work: () => Promise<number>) => Promise<number>;
  /** After commits. */
  readonly committed: () => void;
}

export class ShardWatch {
  readonly #ungrouped: UngroupedWatch;
  readonly #series: SeriesKeeper;

  constructor(options: ShardWatchOptions) {
    this.#ungrouped = new UngroupedWatch(options);
    this.#series = new SeriesKeeper(options);
  }

  /** Shards that live and have no group in the term under way, by number; of a series those that no opening has. */
  ungrouped(content: ActivityContent): readonly Ungrouped[] {
    return this.#ungrouped.of(content);
  }

  /** After every change of the activities and of the shards. */
  changed(): void {
    this.#ungrouped.changed();
    this.#series.changed();
  }

  stop(): void {
    this.#ungrouped.stop();
    this.#series.stop();
  }
}
