/**
 * The audit trail as an argument: who asked for which change, from where, and what came of it.
 * The node that serves the API writes it to its store. Changes that were refused for the caller's role are
 * in it too; requests without a valid token are not, so that strangers cannot fill a disk.
 */

import type { AuditPage } from "#store/audit_log.ts";

export type AuditVerb =
  | "activity.create"
  | "activity.edit"
  | "activity.preview"
  | "activity.open"
  | "activity.extend"
  | "activity.next"
  | "activity.close"
  | "activity.recall"
  | "activity.reopen"
  | "activity.delete"
  | "activity.adopt"
  | "activity.cancel"
  | "activity.resume"
  | "rewards.resend"
  | "rewards.release"
  | "player.kick"
  | "player.change"
  | "maintenance";

/**
 * `unknown`: the request left this node and no answer came back, so it may have been done.
 * `refused`: the caller's role does not allow it. `dry_run`: it would have been done.
 */
export type AuditOutcome =
  | "done"
  | "dry_run"
  | "unchanged"
  | "refused"
  | "not_found"
  | "conflict"
  | "invalid"
  | "unavailable"
  | "failed"
  | "unknown";

export interface AuditEntry {
  /** Wall clock. */
  readonly atMs: number;
  /** Name of the token, never the token. */
  readonly who: string;
  readonly remote: string;
  readonly verb: AuditVerb;
  /** Of rewards `activity/term`, with the player where one was named; of a player's change `shard/player/key`. Else the id of the activity, after its owner where the caller named one: `cross_center:1/boss`. Empty when a create was refused before its body was read. */
  readonly subject: string;
  readonly outcome: AuditOutcome;
  /** The reason that was given; empty when none was. */
  readonly why: string;
}

export interface Audit {
  /** Resolves when the entry is kept. The answer to the change waits for it, within a bound. */
  record(entry: AuditEntry): Promise<void>;
  /** The trail of the node that serves, the newest first; `limit` and what it has bound the page. */
  page(options: { readonly before?: number | undefined; readonly limit?: number | undefined }): Promise<AuditPage>;
}

/** A trail that is a thing of its own, not a part of a node's store. */
export interface Trail extends Audit {
  /** Resolves when all that was recorded is kept. */
  close(): Promise<void>;
}

/** A trail cannot be opened, or an entry not kept. */
export class TrailError extends Error {
  override readonly name = "TrailError";
  readonly code = "TRAIL_FAILED";
}
