/**
 * Phases of an activity and the changes that may be asked for. Pure: a content in, the next one out.
 *
 *   scheduled --open--> open --close--> closed --open--> open, with a new term
 *   scheduled, closed --delete--> gone
 */

import type { ActivityContent, ClosedTerm, HistoryEntry, OpenTerm, Phase } from "./content.ts";
import { HISTORY_MAX } from "./content.ts";

export type ActivityVerb = "open" | "close" | "delete";

export type Step = "go" | "already" | "refused";

const STEPS: Readonly<Record<Phase, Readonly<Record<ActivityVerb, Step>>>> = {
  scheduled: { open: "go", close: "refused", delete: "go" },
  open: { open: "already", close: "go", delete: "refused" },
  closed: { open: "go", close: "already", delete: "go" },
};

export function stepOf(phase: Phase, verb: ActivityVerb): Step {
  return STEPS[phase][verb];
}

/** The verbs that would do something, in a fixed order. */
export function allowedVerbs(phase: Phase): readonly ActivityVerb[] {
  return (["open", "close", "delete"] as const).filter((verb) => stepOf(phase, verb) === "go");
}

/** A scheduled or closed activity with a new term. */
export function openTerm(
  content: ActivityContent,
  start: { readonly term: string; readonly atMs: number },
): ActivityContent {
  const term: OpenTerm = { id: start.term, number: (content.term?.number ?? 0) + 1, openedAtMs: start.atMs };
  return { ...content, phase: "open", term, history: extended(content.history, entryOf(term, "open", start.atMs)) };
}

/** An open activity without its term. A clock that went back does not close a term before it opened. */
export function closeTerm(content: ActivityContent & { readonly phase: "open" }, atMs: number): ActivityContent {
  const term: ClosedTerm = { ...content.term, closedAtMs: Math.max(atMs, content.term.openedAtMs) };
  const history = extended(content.history, entryOf(term, "closed", term.closedAtMs));
  return { ...content, phase: "closed", term, history };
}

/** True for an open activity whose time is over. */
export function isPastDue(content: ActivityContent, nowMs: number): boolean {
  return content.phase === "open" && content.endsAtMs !== undefined && content.endsAtMs <= nowMs;
}

/** Closed at its end when that is past, else the same object. */
export function closedIfPastDue(content: ActivityContent, nowMs: number): ActivityContent {
  if (content.phase !== "open" || !isPastDue(content, nowMs)) return content;
  return closeTerm(content, content.endsAtMs ?? nowMs);
}

function entryOf(term: OpenTerm, phase: HistoryEntry["phase"], atMs: number): HistoryEntry {
  return { term: term.id, number: term.number, phase, atMs };
}

function extended(history: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] {
  return [...history, entry].slice(-HISTORY_MAX);
}
