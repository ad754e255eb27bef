/**
 * Versions of state topics: order, clash, and the two hashes that are taken of them.
 * Epoch before revision; the hash does not order, it only tells two contents of one version apart.
 */

import type { Digest } from "#base/digest.ts";
import { toHex } from "#base/digest.ts";
import type { Version } from "#wire/sync_message.ts";

const HASH_SIZE = 8;

/** Negative: a is older. Zero: the same epoch and revision, whatever the hashes. */
export function compareOrder(a: Version, b: Version): number {
  return a.epoch === b.epoch ? a.revision - b.revision : a.epoch - b.epoch;
}

export function isNewer(a: Version, b: Version): boolean {
  return compareOrder(a, b) > 0;
}

export function isSame(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && a.revision === b.revision && a.hash === b.hash;
}

/** One version with two contents: somebody else spoke as the owner. */
export function isClash(a: Version, b: Version): boolean {
  return compareOrder(a, b) === 0 && a.hash !== b.hash;
}

/** The first 8 bytes of SHA-256 of the topic's bytes, as 16 hex digits. */
export function hashOf(digest: Digest, bytes: Uint8Array): string {
  return toHex(digest.sha256(bytes).subarray(0, HASH_SIZE));
}

/** For people and for the admin API: `epoch.revision.hash`. */
export function versionText(version: Version): string {
  return `${version.epoch}.${version.revision}.${version.hash}`;
}

/** Undefined for what is no such text. */
export function parseVersionText(text: string): Version | undefined {
  const [, epoch, revision, hash] = /^([0-9]{1,10})\.([0-9]{1,16})\.([0-9a-f]{16})$/.exec(text) ?? [];
  if (epoch === undefined || revision === undefined || hash === undefined) return undefined;
  return { epoch: Number(epoch), revision: Number(revision), hash };
}
