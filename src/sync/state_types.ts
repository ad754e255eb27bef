/**
 * What StateTopics keeps, takes and tells: copies, messages, effects, reasons of refusal, and how often it looks
 * again. One tick is one heartbeat interval of the link.
 */

import type { NodeKey } from "#wire/role.ts";
import type { Report, Snapshot, SyncMessage } from "#wire/sync_message.ts";

/** The same difference of digests is taken up at most this often. */
export const DISPUTE_TICKS = 10;
/** A want is repeated after 1, 2, 4 … full ticks and at most this many: contents are large, links may be slow. */
export const WANT_TICKS_MAX = 8;
/** What a whole list lacks is reported when it was lacking for this long, and again every ABSENT_TICKS. */
export const ABSENT_GRACE_TICKS = 2;
export const ABSENT_TICKS = 10;

export type StateMessage = Exclude<SyncMessage, { readonly kind: "route" } | { readonly kind: "withdraw" }>;

export interface Copy extends Snapshot {
  readonly owner: NodeKey;
  /** Wall clock of when it was accepted or published here. */
  readonly atMs: number;
}

/**
 * Why something was not taken. `not_offered`: the other end may not say, want or report this topic. `bad_shape`: a
 * tombstone with bytes, or none without.
 */
export type StateRefusal = "bad_hash" | "bad_shape" | "not_offered" | "epoch_jump" | "too_many_topics" | "too_large";

/** Called when the machine is consistent again, so they may call it. They must not throw. */
export interface StateEffects {
  /** This link has something for `next`. */
  ready(serial: number): void;
  /** A newer copy came in. Not called for what this node publishes. */
  accepted(copy: Copy): void;
  /** A tombstone is gone: its owner has forgotten it. */
  dropped(topic: string): void;
  /** Owner only: somebody holds what this node has not said, or not like that. See TopicOwner. */
  reported(report: Report): void;
  refused(reason: StateRefusal): void;
}
