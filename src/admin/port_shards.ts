/**
 * What the admin port answers about shards, groups and what is to come. Types only.
 */

import type { CalendarRow } from "#activity/calendar.ts";
import type { Division } from "#activity/groups/groups.ts";
import type { GroupRule } from "#activity/groups/groups_rule.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import type { NodeId } from "#wire/role.ts";

/** A shard as a cross_center knows it. */
export interface ShardRow {
  readonly shard: number;
  readonly openedAtMs: number | undefined;
  readonly timeZone: string | undefined;
  readonly mergedInto: number | undefined;
  readonly mergedAtMs: number | undefined;
  /** Who says so. Undefined: its gateway has not been heard yet. The owner itself: its own file alone. */
  readonly source: NodeId | undefined;
  readonly sinceMs: number | undefined;
  readonly heardAtMs: number | undefined;
  /** Its gateway is in the owner's directory. */
  readonly reachable: boolean;
  /** Who says something else. */
  readonly conflict: string | undefined;
}

export interface ShardOverview {
  /** Whose knowledge it is. */
  readonly owner: NodeId;
  readonly shards: readonly ShardRow[];
}

export interface GroupsDryRun {
  readonly rule: GroupRule;
  /** When ages count; without it now. */
  readonly atMs: number | undefined;
  readonly owner: NodeId | undefined;
}

export interface GroupsPreview extends Division {
  readonly owner: NodeId;
  readonly atMs: number;
}

export interface CalendarQuestion {
  readonly days: number;
  /** What it takes part in, as far as it is known before a term. Undefined: every shard. */
  readonly shard?: number | undefined;
}

export interface Calendar {
  /** Now, in the time of the cluster. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** By time of opening. */
  readonly rows: readonly CalendarRow[];
  /** There is more, of which the rows say nothing. */
  readonly truncated: boolean;
  /** Activities whose schedule this node can't read: the rows have none of their windows to come. */
  readonly unreadable: readonly { readonly activity: string; readonly owner: NodeId; readonly reason: string }[];
}

export interface ScheduleDryRun {
  readonly schedule: Schedule;
  readonly days: number;
  /** Whose knowledge of the shards counts. */
  readonly owner: NodeId | undefined;
}

export interface SchedulePreview {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly windows: readonly {
    readonly opensAtMs: number;
    readonly closesAtMs: number;
    readonly shards: "all" | readonly number[];
  }[];
  readonly truncated: boolean;
  /** Shards that have no window, with the reason. */
  readonly without: readonly { readonly shard: number; readonly reason: string }[];
}
