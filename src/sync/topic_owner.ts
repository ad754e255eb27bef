/**
 * The owner's side of reports: which epoch it speaks in, and what to do when somebody holds more than it has said.
 * Pure: the caller persists an epoch before it publishes with it, publishes, raises alarms.
 *
 * A new epoch at each start keeps an old process from speaking over a new one; a higher one on a report takes the
 * topic back from whoever spoke before the owner lost its memory. The fourth time within a minute it is no memory
 * that was lost: there are two owners, and one that goes on publishing would only feed the other.
 */

import type { Version } from "#wire/sync_message.ts";
import { isAhead, isEpochJump } from "./topic_judge.ts";
import { compareOrder } from "./version.ts";

export const BUMPS_MAX = 3;
export const BUMPS_WINDOW_MS = 60_000;
/** Epochs are 32 bits on the wire. */
const EPOCH_MAX = 0xffff_ffff;

export type OwnerVerdict =
  /** Nothing new, or a bump for it is under way. */
  | { readonly kind: "ignore" }
  /** Persist this epoch, then publish the topic again with it. */
  | { readonly kind: "bump"; readonly epoch: number }
  /** Stop publishing this topic and raise an alarm. `claim` is the highest of what was reported. */
  | { readonly kind: "two_owners"; readonly claim: Version }
  /** We do not have it. Never published, never deleted: alarm; adopt or cancel is for people. */
  | { readonly kind: "orphan"; readonly claim: Version }
  /** No owner in its right mind can have taken that epoch. */
  | { readonly kind: "epoch_jump"; readonly claim: Version };

interface Bumped {
  readonly epoch: number;
  readonly atMs: readonly number[];
}

export class TopicOwner {
  #epoch = 0;
  /** Topics with a bump in the last minute or under way. */
  readonly #bumped = new Map<string, Bumped>();
  readonly #halted = new Set<string>();

  /** The epoch of this life: persist it before anything is published. 0: there was none before. */
  start(persistedEpoch: number): number {
    this.#epoch = persistedEpoch + 1;
    return this.#epoch;
  }

  /** What to publish new revisions with. Revisions of a topic grow within an epoch and may begin anew in the next. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Two owners speak for it: not to be published until `resume`. */
  isHalted(topic: string): boolean {
    return this.#halted.has(topic);
  }

  /** An operator says that the other owner is gone. */
  resume(topic: string): void {
    this.#halted.delete(topic);
    this.#bumped.delete(topic);
  }

  /** On a report; `held` is what was published last, `nowMs` monotonic. */
  judge(
    topic: string,
    seen: { readonly held: Version | undefined; readonly claims: readonly Version[] },
    nowMs: number,
  ): OwnerVerdict {
    const claim = seen.claims.toSorted(compareOrder).at(-1);
    if (claim === undefined || !isAhead(seen.claims, seen.held)) return { kind: "ignore" };
    if (claim.epoch >= EPOCH_MAX || isEpochJump(claim, this.#epoch)) return { kind: "epoch_jump", claim };
    if (seen.held === undefined) return { kind: "orphan", claim };
    if (this.#halted.has(topic)) return { kind: "two_owners", claim };
    const last = this.#bumped.get(topic);
    // Reported again before the new epoch was published: it is higher than this claim.
    if (last !== undefined && last.epoch > claim.epoch) return { kind: "ignore" };
    const recent = (last?.atMs ?? []).filter((atMs) => nowMs - atMs < BUMPS_WINDOW_MS);
    if (recent.length >= BUMPS_MAX) {
      this.#halted.add(topic);
      return { kind: "two_owners", claim };
    }
    this.#epoch = Math.max(this.#epoch, claim.epoch + 1);
    this.#bumped.set(topic, { epoch: this.#epoch, atMs: [...recent, nowMs] });
    return { kind: "bump", epoch: this.#epoch };
  }

  /** The topic is no more: its past is of no interest. */
  forget(topic: string): void {
    this.resume(topic);
  }
}
