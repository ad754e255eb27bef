/**
 * The audit trail as an argument: who asked for which change, from where, and what came of it.
 * The node that serves the API writes it to its store. Changes that were refused for the caller's role are
 * in it too; requests without a valid token are not, so that strangers cannot fill a disk.
 */

export type AuditVerb = "activity.create" | "activity.open" | "activity.close" | "activity.delete";

/**
 * `unknown`: the request left this node and no answer came back, so it may have been done.
 * `refused`: the caller's role does not allow it.
 */
export type AuditOutcome =
  "done" | "unchanged" | "refused" | "not_found" | "conflict" | "invalid" | "unavailable" | "failed" | "unknown";

export interface AuditEntry {
  /** Wall clock. */
  readonly atMs: number;
  /** Name of the token, never the token. */
  readonly who: string;
  readonly remote: string;
  readonly verb: AuditVerb;
  /** Id of the activity; empty when a create was refused before its body was read. */
  readonly subject: string;
  readonly outcome: AuditOutcome;
}

export interface Audit {
  /** Resolves when the entry is kept. The answer to the change waits for it, within a bound. */
  record(entry: AuditEntry): Promise<void>;
}
