/**
 * What reports and joins take and what comes of them. Everyday outcomes; a failure of the store is thrown as StoreError.
 */

import type { Issue } from "../issue.ts";
import type { Phase, TermPhase } from "../term.ts";

/** Encoded size of a report's body: as many of them wait as there may be reports. */
export const REPORT_BODY_SIZE_MAX = 8 * 1024;

/** Phases in which a term takes reports, and joins. */
export const REPORT_PHASES: readonly TermPhase[] = ["open"];
export const JOIN_PHASES: readonly TermPhase[] = ["signup", "open"];

export interface JoinRequest {
  readonly activity: string;
  /** Undefined: the term that runs. */
  readonly term?: string | undefined;
  readonly player: string;
}

export interface ReportRequest extends JoinRequest {
  /** The same key again is answered as it was, and nothing is done twice. */
  readonly key: string;
  readonly body?: unknown;
}

/** Where a player stands in one ranking of its group. 1 is the first place. */
export interface Standing {
  readonly ranking: string;
  readonly score: number;
  readonly place: number;
}

export type ReportOutcome =
  | {
      readonly kind: "ok";
      /** What the hook has returned. */
      readonly reply: unknown;
      readonly group: string;
      /** In every ranking that the player is in, when the batch was committed that it was in. */
      readonly standings: readonly Standing[];
    }
  | { readonly kind: "not_open"; readonly phase: Phase; readonly allowed: readonly Phase[] }
  /** The kind has failed; nothing is taken until an operator has done something. */
  | { readonly kind: "stopped"; readonly detail: string }
  | { readonly kind: "not_joined"; readonly detail: string }
  | { readonly kind: "no_group"; readonly detail: string }
  /** The kind itself says no. */
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "invalid"; readonly detail: string; readonly issues: readonly Issue[] }
  | { readonly kind: "not_found"; readonly detail: string }
  /** Not done; to be tried again later. */
  | { readonly kind: "overloaded"; readonly detail: string };

export function invalidReport(path: string, message: string): ReportOutcome {
  return { kind: "invalid", detail: `Cannot take report: ${path}: ${message}`, issues: [{ path, message }] };
}
