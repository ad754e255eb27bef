/**
 * The judgements of state sync, as functions: what to answer to a version that was heard, whether a snapshot may be
 * taken, and whether what is reported is news to the owner.
 */

import type { Digest } from "#base/digest.ts";
import { EPOCH_JUMP_MAX, TOPIC_SIZE_MAX } from "#wire/limits.ts";
import type { Snapshot, Version } from "#wire/sync_message.ts";
import type { StateRefusal } from "./state_types.ts";
import { hashOf, isClash, isNewer, isSame } from "./version.ts";

/**
 * `want`: it is newer. `report`: ours is ahead or differs. `epoch_jump`: newer by more epochs than an owner that
 * is in its right mind can have taken. With nothing held any epoch is believed: a fresh node must be able to join
 * an old cluster.
 */
export function judgeHeard(heard: Version, held: Version | undefined): "equal" | "want" | "report" | "epoch_jump" {
  if (held === undefined) return "want";
  if (isSame(heard, held)) return "equal";
  if (!isNewer(heard, held)) return "report";
  return isEpochJump(heard, held.epoch) ? "epoch_jump" : "want";
}

export function isEpochJump(version: Version, fromEpoch: number): boolean {
  return version.epoch - fromEpoch > EPOCH_JUMP_MAX;
}

/** Why a newer snapshot must not be taken, or undefined. */
export function faultOf(snapshot: Snapshot, held: Version | undefined, digest: Digest): StateRefusal | undefined {
  if (snapshot.bytes.length > TOPIC_SIZE_MAX) return "too_large";
  if (snapshot.tombstone !== (snapshot.bytes.length === 0)) return "bad_shape";
  if (hashOf(digest, snapshot.bytes) !== snapshot.version.hash) return "bad_hash";
  return held !== undefined && isEpochJump(snapshot.version, held.epoch) ? "epoch_jump" : undefined;
}

/** Does one of the claims say something that the holder of `held` has not said, or not like this? */
export function isAhead(claims: readonly Version[], held: Version | undefined): boolean {
  return claims.some((claim) => held === undefined || isNewer(claim, held) || isClash(claim, held));
}
