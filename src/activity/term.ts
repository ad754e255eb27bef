/**
 * Words of a term: its phases, in the order in which a term goes through them, and what is planned for when. A kind
 * uses a subset of them, always with `open` and `closed`. Types and constants only.
 */

/** In order. A term skips those that its kind does not use. */
export const TERM_PHASES = ["preview", "signup", "open", "settling", "reward", "show", "closed"] as const;
export type TermPhase = (typeof TERM_PHASES)[number];

/** `scheduled`: no term has begun, or it was recalled. `cancelled`: the term ended before its time, for good. */
export const PHASES = ["scheduled", ...TERM_PHASES, "cancelled"] as const;
export type Phase = (typeof PHASES)[number];

/** What a kind that says nothing uses. */
export const PHASES_DEFAULT: readonly TermPhase[] = ["open", "closed"];

/** How long the phases before and after `open` last, in milliseconds. */
export interface Timing {
  readonly previewMs: number;
  readonly signupMs: number;
  readonly showMs: number;
}

export const TIMING_NONE: Timing = { previewMs: 0, signupMs: 0, showMs: 0 };
/** One of the times in a Timing. */
export const TIMING_MAX_MS = 366 * 24 * 3600 * 1000;

/** When a phase begins, in cluster time. */
export interface PlannedPhase {
  readonly phase: TermPhase;
  readonly atMs: number;
}

/** Shards that meet in a term. */
export interface TermGroup {
  readonly name: string;
  /** By number. */
  readonly shards: readonly number[];
}

/** One run of an activity that has not been open yet. */
export interface PendingTerm {
  /** 128 random bits as 32 hex digits: a restored owner can't draw one again. */
  readonly id: string;
  /** 1 for the first term of the activity. */
  readonly number: number;
  /** In order; phases whose time is not known yet are left out. */
  readonly plan: readonly PlannedPhase[];
  /** As they were when the term began: they do not change in it. Undefined: every shard meets every other. */
  readonly groups: readonly TermGroup[] | undefined;
}

export interface OpenTerm extends PendingTerm {
  readonly openedAtMs: number;
}

export interface ClosedTerm extends OpenTerm {
  /** When it ceased to be open. */
  readonly closedAtMs: number;
}

export interface CancelledTerm extends PendingTerm {
  /** Undefined: it was cancelled before it opened. */
  readonly openedAtMs: number | undefined;
  readonly closedAtMs: number;
}

/** One phase change of one term. */
export interface HistoryEntry {
  /** Id of the term. */
  readonly term: string;
  readonly number: number;
  readonly phase: TermPhase | "cancelled";
  readonly atMs: number;
}

/** The phases that are `used`, in order. */
export function inOrder(used: Iterable<TermPhase>): readonly TermPhase[] {
  const wanted = new Set(used);
  return TERM_PHASES.filter((phase) => wanted.has(phase));
}
