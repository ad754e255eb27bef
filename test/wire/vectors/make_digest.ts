/**
 * Vectors of the digest of state topics: the sum modulo 2^64 of the first 8 bytes of SHA-256 of each list entry.
 * Computed here from the rule itself, by another way than src/sync does.
 */

import { toHex } from "#base/digest.ts";
import type { ListEntry } from "#wire/sync_message.ts";
import { digest } from "../digest.ts";

export interface DigestVector {
  readonly name: string;
  readonly entries: readonly ListEntry[];
  /** What each entry adds: 16 hex digits. */
  readonly hashes: readonly string[];
  readonly digest: string;
}

export interface ContentVector {
  readonly name: string;
  /** Bytes of a state topic. */
  readonly bytes: string;
  /** The hash of a version. */
  readonly hash: string;
}

export interface DigestVectors {
  readonly contents: readonly ContentVector[];
  readonly digests: readonly DigestVector[];
}

const ENCODER = new TextEncoder();
const number32 = (value: number): string => value.toString(16).padStart(8, "0");
const prefix = (hex: string): string => toHex(digest.sha256(Buffer.from(hex, "hex")).subarray(0, 8));

function entryHash({ topic, version }: ListEntry): string {
  const name = ENCODER.encode(topic);
  const length = name.length.toString(16).padStart(2, "0");
  return prefix(length + toHex(name) + number32(version.epoch) + number32(version.revision) + version.hash);
}

export function digestVectors(): DigestVectors {
  const contents = [
    { name: "no bytes: a tombstone", bytes: "" },
    { name: "one byte", bytes: "c0" },
    { name: "a body", bytes: "81a5706861736581a46f70656e" },
  ].map((one) => ({ ...one, hash: prefix(one.bytes) }));
  const entry = (topic: string, epoch: number, revision: number, content: number): ListEntry => ({
    topic,
    version: { epoch, revision, hash: contents[content]?.hash ?? "" },
  });
  const boss = entry("activity/cross_center:1/world_boss", 1, 1, 2);
  const arena = entry("activity/cross_center:1/arena", 7, 0, 1);
  const gone = entry("activity/cross_center:2/old", 0xffff_ffff, 0xffff_ffff, 0);
  const vector = (name: string, entries: readonly ListEntry[]): DigestVector => {
    const hashes = entries.map(entryHash);
    const sum = hashes.reduce((total, hash) => BigInt.asUintN(64, total + BigInt(`0x${hash}`)), 0n);
    return { name, entries, hashes, digest: sum.toString(16).padStart(16, "0") };
  };
  return {
    contents,
    digests: [
      vector("nothing", []),
      vector("one topic", [boss]),
      vector("three topics, a tombstone among them", [boss, arena, gone]),
      vector("the same in another order", [gone, boss, arena]),
      vector("another revision", [{ ...boss, version: { ...boss.version, revision: 2 } }]),
    ],
  };
}
