/**
 * What the sync tests share: a real digest, node identities, versions, and short names for topics.
 */

import { createHash, createHmac } from "node:crypto";
import type { Digest } from "#base/digest.ts";
import { hashOf } from "#sync/version.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import type { Role } from "#wire/role.ts";
import type { Snapshot, Version } from "#wire/sync_message.ts";

export const digest: Digest = {
  sha256: (...parts) => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },
  hmacSha256: (key, ...parts) => {
    const hash = createHmac("sha256", key);
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },
};

export function node(role: Role, number: number, boot = 1): Identity {
  const shard =
    role === "gateway" || role === "center" ? number : role === "user" || role === "map" ? Math.floor(number / 100) : 0;
  return identity({ role, number, shard, boot: boot.toString(16).padStart(32, "0"), startedAtMs: 1000 });
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A version of which the hash is that of `text`. */
export function version(epoch: number, revision: number, text = "x"): Version {
  return { epoch, revision, hash: hashOf(digest, bytesOf(text)) };
}

/** A snapshot with honest hash; a tombstone when the text is empty. */
export function snapshot(topic: string, epoch: number, revision: number, text = "x"): Snapshot {
  return { topic, version: version(epoch, revision, text), tombstone: text === "", bytes: bytesOf(text) };
}
