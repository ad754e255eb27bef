/**
 * Sums of keys: what two nodes compare instead of lists of keys. The sum modulo 2^64 of H(key) does not depend on the
 * order, and is changed by one addition per key. H is the first 8 bytes of SHA-256 over the key's parts as the JSON
 * text of an array. A sum is written and sent as 16 hex digits.
 */

import type { Digest } from "#base/digest.ts";
import { prefix64, toHex } from "#base/digest.ts";
import type { RewardKey } from "./reward.ts";

export const KEY_SUM_NONE = "0".repeat(16);

/** Bytes of a mail's id: with 128 bits of a hash no two keys have one. */
const MAIL_ID_SIZE = 16;
const ENCODER = new TextEncoder();

export interface KeyHash {
  /** What the key adds to a sum. */
  readonly part: bigint;
  /** The id of the mail that the key brings, wherever it is written. */
  readonly mailId: string;
}

export function hashOfKey(digest: Digest, key: RewardKey): KeyHash {
  const { activity, term, group, ranking, player, tier } = key;
  const hash = digest.sha256(ENCODER.encode(JSON.stringify([activity, term, group, ranking, player, tier])));
  return { part: prefix64(hash), mailId: toHex(hash.subarray(0, MAIL_ID_SIZE)) };
}

/** `by` may be negative. */
export function addToSum(sum: string, by: bigint): string {
  return BigInt.asUintN(64, BigInt(`0x${sum}`) + by)
    .toString(16)
    .padStart(16, "0");
}
