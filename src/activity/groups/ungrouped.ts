/**
 * Says loudly which shards have no group in a term under way: alarm `ungrouped:<id>`, up while there are any. Looks
 * LOOK_DELAY_MS after a change of the terms or of what is known of the shards, once for all changes of that time, and in
 * slices: a hundred terms of a thousand shards are a fifth of a second.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import { Slices } from "#base/slices.ts";
import type { Held } from "../activity_table.ts";
import type { ActivityContent } from "../content.ts";
import type { NextPlace } from "./groups.ts";
import { assignNew } from "./groups.ts";
import type { Ungrouped } from "./groups_bands.ts";
import type { OwnedTopics } from "../owned_topics.ts";
import { isRunning } from "../phases.ts";
import type { ShardDaySchedule } from "../schedule/schedule.ts";
import { shardWindows } from "../schedule/shard_windows.ts";
import { isSeries } from "../series/shard_series.ts";
import type { ShardGroups } from "./term_groups.ts";

export const LOOK_DELAY_MS = 1_000;
/** Shards that an alarm names; all are counted. */
const NAMED_MAX = 8;

export interface UngroupedWatchOptions {
  readonly topics: OwnedTopics;
  readonly shards: ShardGroups;
  readonly clock: Clock;
  /** Cluster time. */
  readonly nowMs: () => number;
  readonly alarms: Alarms;
}

export class UngroupedWatch {
  readonly #options: UngroupedWatchOptions;
  readonly #raised = new Set<string>();
  #timer: Timer | undefined;
  #isLooking = false;
  #isStopped = false;

  constructor(options: UngroupedWatchOptions) {
    this.#options = options;
  }

  /** Shards that live and have no group in the term under way, by number; of a series those that no opening has. */
  of(content: ActivityContent): readonly Ungrouped[] {
    const { shards, nowMs } = this.#options;
    if (isSeries(content)) return withoutWindow(content.schedule, shards);
    const groups = isRunning(content) ? content.term?.groups : undefined;
    if (groups === undefined) return [];
    const placed = new Set(groups.flatMap((group) => group.shards));
    if (shards.living().every((shard) => placed.has(shard))) return [];
    return assignNew(groups, shards.division(content.groups, nowMs())).map(ungrouped);
  }

  changed(): void {
    if (this.#isStopped || this.#timer !== undefined) return;
    if (this.#raised.size === 0 && !this.#options.topics.all().some(isDivided)) return;
    this.#timer = this.#options.clock.after(LOOK_DELAY_MS, () => {
      this.#timer = undefined;
      if (this.#isLooking) this.changed();
      else void this.#look();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { topics, alarms, clock } = this.#options;
    const slices = new Slices(clock);
    const now = new Set<string>();
    this.#isLooking = true;
    for (const { id } of topics.all()) {
      await slices.pause();
      if (this.#isStopped) return;
      const held = topics.get(id);
      if (held?.kind !== "live") continue;
      const { term } = held.content;
      const found = this.of(held.content);
      if (found.length === 0) continue;
      now.add(id);
      const named = found.slice(0, NAMED_MAX).map(({ shard, reason }) => `${shard}: ${reason}`);
      const of = term === undefined ? {} : { term: term.id };
      alarms.raise(`ungrouped:${id}`, { activity: id, ...of, count: found.length, shards: named.join("; ") });
    }
    for (const id of this.#raised) if (!now.has(id)) alarms.clear(`ungrouped:${id}`);
    this.#raised.clear();
    for (const id of now) this.#raised.add(id);
    this.#isLooking = false;
  }
}

/** Most shards have never been merged, and nobody wonders. */
function withoutWindow(schedule: ShardDaySchedule, shards: ShardGroups): readonly Ungrouped[] {
  return schedule.from === "merged" ? [] : shardWindows(schedule, shards.facts()).without;
}

function isDivided(held: Held): boolean {
  if (held.kind === "tombstone") return false;
  return isSeries(held.content) || (isRunning(held.content) && held.content.term?.groups !== undefined);
}

function ungrouped(place: NextPlace): Ungrouped {
  const { shard } = place;
  if (place.kind === "none") return { shard, reason: place.reason };
  return { shard, reason: `the groups were made without it; the next term puts it into ${place.group.name}` };
}
