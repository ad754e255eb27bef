/**
 * What will happen: the terms that run and the windows that are to come, of many activities, in the order of their
 * openings. Pure: contents in, rows out, one at a time, so that who asks may stop or pause. Says nothing of a window
 * that is over, whether it has had its term or not.
 */

import type { NodeId } from "#wire/role.ts";
import type { ActivityContent } from "./content.ts";
import { cursorAt, isRunning, openEndsAtMs } from "./phases.ts";
import type { GroupRule } from "./groups/groups_rule.ts";
import type { Window } from "./schedule/schedule.ts";
import { windowsAfter } from "./schedule/windows.ts";
import type { PlannedPhase } from "./term.ts";
import { closesAtMs, planOfWindow, plannedAtMs } from "./term_plan.ts";

export interface CalendarSource {
  readonly owner: NodeId;
  readonly content: ActivityContent;
}

export interface CalendarRow {
  readonly activity: string;
  readonly kind: string;
  readonly owner: NodeId;
  /** The id of the term that runs; undefined: it is to come. */
  readonly term: string | undefined;
  /** Undefined: it runs, and when it opens has not been said. */
  readonly opensAtMs: number | undefined;
  /** Undefined: nobody has said when. */
  readonly closesAtMs: number | undefined;
  /** In order, those that have passed included. */
  readonly phases: readonly PlannedPhase[];
  /** By number. `all`: everybody, or whom a rule names when the term begins. */
  readonly shards: "all" | readonly number[];
}

/** The next row of a source, and where the one after it comes from. */
interface Waiting {
  readonly atMs: number;
  readonly row: CalendarRow;
  readonly source: CalendarSource;
  readonly more: Iterator<Window> | undefined;
}

/** Terms that run, and all that open up to `untilMs`. Rows of one time are in the order of the sources. */
export function* calendarRows(
  sources: readonly CalendarSource[],
  time: { readonly nowMs: number; readonly untilMs: number },
): Generator<CalendarRow, void, undefined> {
  const waiting: Waiting[] = [];
  const follow = (source: CalendarSource, more: Iterator<Window>): void => {
    const next = more.next();
    if (next.done === true || next.value.opensAtMs > time.untilMs) return;
    const window = next.value;
    put(waiting, { atMs: window.opensAtMs, row: rowOfWindow(source, window), source, more });
  };
  for (const source of sources) {
    const { content } = source;
    const running = runningRow(source);
    if (running !== undefined) {
      const atMs = running.opensAtMs ?? running.phases[0]?.atMs ?? time.nowMs;
      if (atMs <= time.untilMs) put(waiting, { atMs, row: running, source, more: undefined });
    }
    if (content.phase === "cancelled") continue;
    const fromMs = Math.max(content.cursorMs, cursorAt(content.schedule, time.nowMs));
    follow(source, windowsAfter(content.schedule, fromMs));
  }
  for (let first = waiting.pop(); first !== undefined; first = waiting.pop()) {
    yield first.row;
    if (first.more !== undefined) follow(first.source, first.more);
  }
}

function runningRow({ owner, content }: CalendarSource): CalendarRow | undefined {
  const { term } = content;
  if (term === undefined || !isRunning(content)) return undefined;
  return {
    activity: content.id,
    kind: content.kind,
    owner,
    term: term.id,
    opensAtMs: ("openedAtMs" in term ? term.openedAtMs : undefined) ?? plannedAtMs(term.plan, "open"),
    closesAtMs: ("closedAtMs" in term ? term.closedAtMs : openEndsAtMs(content)) ?? closesAtMs(term.plan),
    phases: term.plan,
    shards: term.groups === undefined ? "all" : sorted(term.groups.flatMap((group) => group.shards)),
  };
}

function rowOfWindow({ owner, content }: CalendarSource, window: Window): CalendarRow {
  const { id: activity, kind } = content;
  const phases = planOfWindow(content, window);
  return { activity, kind, owner, term: undefined, ...window, phases, shards: namedIn(content.groups) };
}

/** Only a list says before the term who is in it. */
function namedIn(rule: GroupRule): CalendarRow["shards"] {
  return rule.kind === "lists" ? sorted(rule.groups.flatMap(({ shards }) => shards)) : "all";
}

function sorted(shards: readonly number[]): readonly number[] {
  return shards.toSorted((a, b) => a - b);
}

/** Keeps the latest first; what is equal comes out in the order in which it was put. */
function put(waiting: Waiting[], item: Waiting): void {
  let [low, high] = [0, waiting.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = waiting[middle];
    if (other !== undefined && other.atMs > item.atMs) low = middle + 1;
    else high = middle;
  }
  waiting.splice(low, 0, item);
}
