/**
 * Phases of an activity: which change follows which, and what it makes of the content. Pure: a content in, the next
 * one out. What a person may ask for in which phase is verbs.ts.
 *
 *   scheduled -> preview -> signup -> open -> settling -> reward -> show -> closed -> (the next term) preview ...
 *   preview, signup, open, settling -> cancelled                         preview, signup -> scheduled (recalled)
 *
 * A kind uses a subset, and then the next phase is the next one that it uses. Never backwards within a term.
 */

import type { ActivityBase, ActivityContent } from "./content.ts";
import { HISTORY_MAX } from "./content.ts";
import type { Window } from "./schedule/schedule.ts";
import { nextWindow, windowAt } from "./schedule/windows.ts";
import type {
  CancelledTerm,
  ClosedTerm,
  HistoryEntry,
  OpenTerm,
  PendingTerm,
  PlannedPhase,
  TermGroup,
  TermPhase,
} from "./term.ts";
import { beginsAtMs, closesAtMs, planOfWindow, plannedAtMs } from "./term_plan.ts";

/** The next change that time alone brings. */
export type DueStep =
  /** A term begins, for a window of the schedule. */
  | { readonly kind: "begin"; readonly window: Window; readonly atMs: number }
  | { readonly kind: "enter"; readonly phase: TermPhase; readonly atMs: number };

/** In a term that goes on by itself or by verbs: neither before one nor after one. */
export function isRunning(content: ActivityContent): boolean {
  return content.phase !== "scheduled" && content.phase !== "closed" && content.phase !== "cancelled";
}

/** The phase that follows in its term; undefined where none does. */
export function nextPhase(content: ActivityContent): TermPhase | undefined {
  if (!isRunning(content)) return undefined;
  return content.phases[content.phases.indexOf(content.phase as TermPhase) + 1];
}

/** What comes next by itself and when, due or not. Undefined: nothing, until somebody asks for it. */
export function dueStep(content: ActivityContent): DueStep | undefined {
  if (content.phase === "cancelled") return undefined;
  if (content.phase === "scheduled" || content.phase === "closed") {
    const window = nextWindow(content.schedule, content.cursorMs);
    if (window === undefined) return undefined;
    return { kind: "begin", window, atMs: Math.max(beginsAtMs(content, window.opensAtMs), lastChangeMs(content)) };
  }
  const phase = nextPhase(content);
  if (phase === undefined) return undefined;
  const atMs = content.phase === "open" ? openEndsAtMs(content) : plannedAtMs(content.term.plan, phase);
  if (atMs === undefined) return undefined;
  return { kind: "enter", phase, atMs: Math.max(atMs, lastChangeMs(content)) };
}

/** The cursor of an activity that follows its schedule from `nowMs` on: a window that is open then counts. */
export function cursorAt(schedule: ActivityBase["schedule"], nowMs: number): number {
  const window = windowAt(schedule, nowMs);
  return window === undefined ? nowMs : Math.max(0, window.opensAtMs - 1);
}

/** A scheduled, closed or cancelled activity with a new term, in the first phase of its plan. */
export function beginTerm(
  content: ActivityContent,
  start: {
    readonly term: string;
    readonly plan: readonly PlannedPhase[];
    /** Undefined: every shard meets every other. */
    readonly groups?: readonly TermGroup[] | undefined;
    readonly atMs: number;
    /** Windows up to here have had their term. */
    readonly cursorMs?: number;
  },
): ActivityContent {
  const number = content.termCount + 1;
  const first = start.plan[0]?.phase ?? "open";
  const base = baseOf(content);
  const pending: PendingTerm = { id: start.term, number, plan: start.plan, groups: start.groups };
  const next: ActivityBase = {
    ...base,
    termCount: number,
    cursorMs: Math.max(base.cursorMs, start.cursorMs ?? 0),
    history: extended(base.history, { term: start.term, number, phase: first, atMs: start.atMs }),
  };
  if (first === "open") return { ...next, phase: "open", term: { ...pending, openedAtMs: start.atMs } };
  if (first === "preview" || first === "signup") return { ...next, phase: first, term: pending };
  throw new Error(`Cannot begin a term in ${first}`);
}

/** The term of a window of its schedule. */
export function beginWindow(
  content: ActivityContent,
  start: {
    readonly term: string;
    readonly window: Window;
    readonly groups?: readonly TermGroup[] | undefined;
    readonly atMs: number;
  },
): ActivityContent {
  const { term, window, groups, atMs } = start;
  return beginTerm(content, { term, plan: planOfWindow(content, window), groups, atMs, cursorMs: window.opensAtMs });
}

/** A running term in a later phase. A clock that went back changes nothing before what was. */
export function enterPhase(
  content: ActivityContent,
  enter: { readonly phase: TermPhase | "cancelled"; readonly atMs: number; readonly plan?: readonly PlannedPhase[] },
): ActivityContent {
  const { phase } = enter;
  if (content.phase === "scheduled" || !isRunning(content))
    throw new Error(`Cannot enter ${phase} from ${content.phase}`);
  const atMs = Math.max(enter.atMs, lastChangeMs(content));
  const { id, number, groups } = content.term;
  const plan = enter.plan ?? content.term.plan;
  const base = { ...baseOf(content), history: extended(content.history, { term: id, number, phase, atMs }) };
  const openedAtMs = "openedAtMs" in content.term ? content.term.openedAtMs : undefined;
  switch (phase) {
    case "preview":
    case "signup":
      return { ...base, phase, term: { id, number, plan, groups } };
    case "open": {
      const term: OpenTerm = { id, number, plan, groups, openedAtMs: atMs };
      return { ...base, phase, term };
    }
    case "cancelled": {
      const closed = "closedAtMs" in content.term ? content.term.closedAtMs : atMs;
      const term: CancelledTerm = { id, number, plan, groups, openedAtMs, closedAtMs: closed };
      return { ...base, phase, term };
    }
    default: {
      const closed = "closedAtMs" in content.term ? content.term.closedAtMs : atMs;
      const term: ClosedTerm = { id, number, plan, groups, openedAtMs: openedAtMs ?? atMs, closedAtMs: closed };
      return { ...base, phase, term };
    }
  }
}

/** A term that has not opened, taken back: the activity may be edited again. Its window has had its chance. */
export function recallTerm(content: ActivityContent): ActivityContent {
  return { ...baseOf(content), phase: "scheduled", term: undefined };
}

/** True for an open activity whose time is over. */
export function isPastDue(content: ActivityContent, nowMs: number): boolean {
  const endsAtMs = openEndsAtMs(content);
  return endsAtMs !== undefined && endsAtMs <= nowMs;
}

/** The planned end of what is open; undefined when it is not open or has no end. */
export function openEndsAtMs(content: ActivityContent): number | undefined {
  if (content.phase !== "open") return undefined;
  return closesAtMs(content.term.plan) ?? content.endsAtMs;
}

/** The activity without its phase and term. */
export function baseOf(content: ActivityContent): ActivityBase {
  const { phase: _phase, term: _term, ...base } = content;
  return base;
}

function lastChangeMs(content: ActivityContent): number {
  return content.history.at(-1)?.atMs ?? 0;
}

function extended(history: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] {
  return [...history, entry].slice(-HISTORY_MAX);
}
