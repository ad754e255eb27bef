/**
 * Series: an activity with a schedule by the days of shards has no term of its own. For each instant at which shards
 * are to open together it gets an activity, a member, with that window and these shards, made SERIES_AHEAD_MS before it
 * opens and forgotten MEMBER_KEPT_MS after it is over. Pure: what is held and known in, changes out; the same again
 * gives no change. A member that somebody has deleted is not made again; one that was taken away here is, when it is wanted.
 */

import type { Held } from "../activity_table.ts";
import type { ActivityContent } from "../content.ts";
import { equalData } from "../equal_data.ts";
import type { GroupRule } from "../groups/groups_rule.ts";
import { cursorAt, dueStep, isRunning } from "../phases.ts";
import type { Schedule, ShardDaySchedule, Window } from "../schedule/schedule.ts";
import type { Cohort } from "../schedule/shard_windows.ts";
import { shardWindows } from "../schedule/shard_windows.ts";
import type { ShardFacts } from "../shards/shard_facts.ts";
import { beginsAtMs } from "../term_plan.ts";

/** More than what a calendar shows unless it is asked for more. */
export const SERIES_AHEAD_MS = 31 * 24 * 3600 * 1000;
export const MEMBER_KEPT_MS = 30 * 24 * 3600 * 1000;
/** Changes that one look makes; the next look goes on. */
export const SERIES_CHANGES_MAX = 64;
/** "-20261129-0200" follows it. */
export const SERIES_ID_LENGTH_MAX = 50;
const MEMBER_GROUP = "all";

type SeriesContent = ActivityContent & { readonly schedule: ShardDaySchedule };

export type SeriesChange =
  /** New, or other than before. */
  { readonly kind: "put"; readonly content: ActivityContent } | { readonly kind: "remove"; readonly id: string };

export interface SeriesPlan {
  readonly changes: readonly SeriesChange[];
  /** Shards that a series would have and that a member of it, which runs already, does not. */
  readonly late: readonly { readonly member: string; readonly shards: readonly number[] }[];
  /** Ids that a series needs and another activity has. */
  readonly taken: readonly { readonly series: string; readonly id: string }[];
}

export function isSeries(content: ActivityContent): content is SeriesContent {
  return content.schedule.kind === "shard_day";
}

/** All that is to change now, the nearest openings first. */
export function planSeries(
  all: readonly Held[],
  known: {
    readonly facts: readonly ShardFacts[];
    /** Ids of members that somebody has deleted. */
    readonly deleted: ReadonlySet<string>;
    readonly nowMs: number;
  },
): SeriesPlan {
  const { facts, deleted, nowMs } = known;
  const held = new Map(all.map((one) => [one.id, one]));
  const changes: SeriesChange[] = [];
  const late: { member: string; shards: readonly number[] }[] = [];
  const taken: { series: string; id: string }[] = [];
  const wanted = new Set<string>();
  for (const one of all) {
    if (one.kind === "tombstone" || !isSeries(one.content)) continue;
    const series = one.content;
    for (const cohort of shardWindows(series.schedule, facts).cohorts) {
      if (!isNear(series, cohort.window, nowMs)) continue;
      const id = memberId(series.id, cohort.window);
      wanted.add(id);
      const found = held.get(id);
      const member = memberOf(series, cohort, nowMs);
      if (found === undefined || found.kind === "tombstone") {
        if (!deleted.has(id)) changes.push({ kind: "put", content: member });
      } else if (found.content.series !== series.id) taken.push({ series: series.id, id });
      else if (found.content.phase === "scheduled" && found.content.termCount === 0) {
        const content = { ...member, history: found.content.history, cursorMs: found.content.cursorMs };
        if (!equalData(content, found.content)) changes.push({ kind: "put", content });
      } else if (isRunning(found.content)) {
        const pinned = new Set(found.content.term?.groups?.flatMap((group) => group.shards) ?? []);
        const shards = cohort.shards.filter((shard) => !pinned.has(shard));
        if (shards.length > 0) late.push({ member: id, shards });
      }
    }
  }
  for (const one of all) if (isForgotten(one, { wanted, nowMs })) changes.push({ kind: "remove", id: one.id });
  return { changes: changes.slice(0, SERIES_CHANGES_MAX), late, taken };
}

/** Of a window that opens at one instant: the same for all who are asked. */
export function memberId(series: string, { opensAtMs }: Window): string {
  const iso = new Date(opensAtMs).toISOString();
  return `${series}-${iso.slice(0, 10).replaceAll("-", "")}-${iso.slice(11, 16).replace(":", "")}`;
}

function memberOf(series: SeriesContent, { window, shards }: Cohort, nowMs: number): ActivityContent {
  const schedule: Schedule = { kind: "once", ...window };
  const groups: GroupRule = { kind: "lists", groups: [{ name: MEMBER_GROUP, shards: [...shards] }], rest: "out" };
  return {
    id: memberId(series.id, window),
    kind: series.kind,
    config: series.config,
    endsAtMs: undefined,
    phases: series.phases,
    timing: series.timing,
    schedule,
    groups,
    series: series.id,
    cursorMs: cursorAt(schedule, nowMs),
    termCount: 0,
    history: [],
    phase: "scheduled",
    term: undefined,
  };
}

function isNear(series: SeriesContent, window: Window, nowMs: number): boolean {
  return window.closesAtMs > nowMs && beginsAtMs(series, window.opensAtMs) <= nowMs + SERIES_AHEAD_MS;
}

/** Nobody waits for its opening any more, or it is long over. One whose time has come is left to time. */
function isForgotten(one: Held, at: { readonly wanted: ReadonlySet<string>; readonly nowMs: number }): boolean {
  if (one.kind === "tombstone" || one.content.series === undefined || isRunning(one.content)) return false;
  const { content } = one;
  const due = content.phase === "scheduled" && content.termCount === 0 ? dueStep(content) : undefined;
  if (due !== undefined && due.atMs > at.nowMs) return !at.wanted.has(one.id);
  const endedAtMs = content.schedule.kind === "once" ? content.schedule.closesAtMs : 0;
  return Math.max(endedAtMs, one.changedAtMs) + MEMBER_KEPT_MS <= at.nowMs;
}
