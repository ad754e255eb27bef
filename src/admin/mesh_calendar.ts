/**
 * The calendar for the admin API: what will happen, by this node's own replica, and what a schedule would come to before
 * any activity has it. Both are made here, a slice at a time, so that a long calendar holds nothing else up; only for a
 * schedule by the days of shards an owner is asked for what it knows of them. Nothing is kept.
 */

import type { CalendarRow, CalendarSource } from "#activity/calendar.ts";
import { calendarRows } from "#activity/calendar.ts";
import { checkSchedule } from "#activity/schedule/check_schedule.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import { shardWindows } from "#activity/schedule/shard_windows.ts";
import { whyUnreadable, windowAt, windowsAfter } from "#activity/schedule/windows.ts";
import type { Node } from "#module/node.ts";
import type { MeshShards } from "./mesh_shards.ts";
import type { AdminResult } from "./port.ts";
import type { Calendar, CalendarQuestion, SchedulePreview, ScheduleDryRun } from "./port_shards.ts";

/** Rows of one answer; what comes later is left out, and the answer says so. */
export const CALENDAR_ROWS_MAX = 10_000;
/** Numbers of shards in all rows of one answer, likewise: a row may have thousands of them. */
export const CALENDAR_SHARDS_MAX = 200_000;
/** Rows that are made in one go: some milliseconds. */
export const CALENDAR_SLICE = 100;
const DAY_MS = 24 * 3600 * 1000;

export class MeshCalendar {
  readonly #node: Node;
  readonly #shards: MeshShards;

  constructor(node: Node, shards: MeshShards) {
    this.#node = node;
    this.#shards = shards;
  }

  async calendar({ days, shard }: CalendarQuestion): Promise<AdminResult<Calendar>> {
    const { nowMs, untilMs } = this.#time(days);
    const sources = this.#node.replica
      .view()
      .flatMap(({ owner, content }): CalendarSource[] => (content === undefined ? [] : [{ owner, content }]))
      .toSorted((a, b) => order(a.content.id, b.content.id) || order(a.owner, b.owner));
    const unreadable = sources.flatMap(({ owner, content }) => {
      const fault = whyUnreadable(content.schedule);
      return fault === undefined ? [] : [{ activity: content.id, owner, reason: fault.reason }];
    });
    const { taken: rows, truncated } = await this.#take(rowsOf(shard, calendarRows(sources, { nowMs, untilMs })));
    return { kind: "ok", changed: false, value: { fromMs: nowMs, untilMs, rows, truncated, unreadable } };
  }

  async dryRun({ schedule, days, owner }: ScheduleDryRun): Promise<AdminResult<SchedulePreview>> {
    const { nowMs, untilMs } = this.#time(days);
    const issues = checkSchedule(schedule, nowMs);
    if (issues.length > 0) {
      const count = issues.length === 1 ? "1 fault" : `${issues.length} faults`;
      return { kind: "invalid", detail: `Cannot follow schedule: ${count}`, issues };
    }
    const time = { fromMs: nowMs, untilMs };
    if (schedule.kind === "shard_day") {
      const known = await this.#shards.list(owner);
      if (known.kind !== "ok") return known;
      const { cohorts, without } = shardWindows(schedule, known.value.shards);
      const windows = cohorts
        .filter(({ window }) => window.closesAtMs > nowMs && window.opensAtMs <= untilMs)
        .map(({ window, shards }) => ({ ...window, shards }));
      const rows = { windows: windows.slice(0, CALENDAR_ROWS_MAX), truncated: windows.length > CALENDAR_ROWS_MAX };
      return { kind: "ok", changed: false, value: { ...time, ...rows, without } };
    }
    const { taken: windows, truncated } = await this.#take(windowsUntil(schedule, { nowMs, untilMs }));
    return { kind: "ok", changed: false, value: { ...time, windows, truncated, without: [] } };
  }

  #time(days: number): { readonly nowMs: number; readonly untilMs: number } {
    const nowMs = Math.trunc(this.#node.mesh.time.nowMs());
    return { nowMs, untilMs: nowMs + days * DAY_MS };
  }

  async #take<T extends Pick<CalendarRow, "shards">>(
    rows: Iterable<T>,
  ): Promise<{ readonly taken: readonly T[]; readonly truncated: boolean }> {
    const taken: T[] = [];
    let shardCount = 0;
    for (const row of rows) {
      shardCount += row.shards === "all" ? 0 : row.shards.length;
      if (taken.length === CALENDAR_ROWS_MAX || shardCount > CALENDAR_SHARDS_MAX) return { taken, truncated: true };
      taken.push(row);
      if (taken.length % CALENDAR_SLICE === 0) await this.#node.polled();
    }
    return { taken, truncated: false };
  }
}

/** Those that a shard takes part in, as far as it is known. */
function* rowsOf(shard: number | undefined, rows: Iterable<CalendarRow>): Generator<CalendarRow> {
  for (const row of rows) {
    if (shard === undefined || row.shards === "all" || row.shards.includes(shard)) yield row;
  }
}

/** What is open now, and all that open until then. */
function* windowsUntil(
  schedule: Schedule,
  { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
): Generator<SchedulePreview["windows"][number]> {
  const fromMs = (windowAt(schedule, nowMs)?.opensAtMs ?? nowMs + 1) - 1;
  for (const window of windowsAfter(schedule, fromMs)) {
    if (window.opensAtMs > untilMs) return;
    yield { ...window, shards: "all" };
  }
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
