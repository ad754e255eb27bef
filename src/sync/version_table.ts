/**
 * Versions by topic with their digest: the sum modulo 2^64 of H(name, version). H is the first 8 bytes of SHA-256
 * over a list entry as the wire has it (name behind its u8 length, epoch u32, revision u32, hash).
 * The sum is kept, not recomputed; equal tables have equal digests in whatever order they were filled.
 */

import type { Digest } from "#base/digest.ts";
import { fromHex, prefix64 } from "#base/digest.ts";
import { ByteWriter } from "#wire/bytes.ts";
import { TOPICS_MAX } from "#wire/limits.ts";
import type { Version } from "#wire/sync_message.ts";
import { isSame } from "./version.ts";

/** Topics whose last hash is remembered; beyond it the cache starts anew. */
const CACHED_MAX = TOPICS_MAX * 2;

/** H(name, version), remembered for the last version asked of each topic. One for a whole node. */
export class VersionHashes {
  readonly #digest: Digest;
  readonly #cache = new Map<string, { readonly version: Version; readonly hash: bigint }>();

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  of(topic: string, version: Version): bigint {
    const known = this.#cache.get(topic);
    if (known !== undefined && isSame(known.version, version)) return known.hash;
    const entry = new ByteWriter().text8(topic).u32(version.epoch).u32(version.revision).bytes(fromHex(version.hash));
    const hash = prefix64(this.#digest.sha256(entry.finish()));
    if (this.#cache.size >= CACHED_MAX) this.#cache.clear();
    this.#cache.set(topic, { version, hash });
    return hash;
  }
}

export class VersionTable<Row extends { readonly version: Version }> {
  readonly #hashes: VersionHashes;
  readonly #rows = new Map<string, { readonly row: Row; readonly hash: bigint }>();
  #digest = 0n;

  constructor(hashes: VersionHashes) {
    this.#hashes = hashes;
  }

  get digest(): bigint {
    return this.#digest;
  }
  get size(): number {
    return this.#rows.size;
  }

  get(topic: string): Row | undefined {
    return this.#rows.get(topic)?.row;
  }

  set(topic: string, row: Row): void {
    const old = this.#rows.get(topic);
    const hash = this.#hashes.of(topic, row.version);
    this.#digest = BigInt.asUintN(64, this.#digest - (old?.hash ?? 0n) + hash);
    this.#rows.set(topic, { row, hash });
  }

  delete(topic: string): boolean {
    const old = this.#rows.get(topic);
    if (old === undefined) return false;
    this.#digest = BigInt.asUintN(64, this.#digest - old.hash);
    return this.#rows.delete(topic);
  }

  /** By name, so that what is done for each is done in the same order everywhere. */
  topics(): string[] {
    return [...this.#rows.keys()].toSorted();
  }

  *entries(): Generator<readonly [string, Row]> {
    for (const [topic, { row }] of this.#rows) yield [topic, row];
  }
}
