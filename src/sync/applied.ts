/**
 * Body of `applied/<gateway>`: the digest of the state topics that the gateway holds, and those of its nodes whose
 * own digest differs.
 *
 *   digest u64, count u16, then per exception: role u16, number u32, digest u64, sinceMs u64
 */

import { assert } from "#base/assert.ts";
import { ByteReader, ByteWriter } from "#wire/bytes.ts";
import { ATTACHED_MAX } from "#wire/limits.ts";
import type { NodeKey } from "#wire/role.ts";
import { numberOfKey, roleNumberOfKey, wireKey } from "#wire/role.ts";

export interface AppliedException {
  readonly node: NodeKey;
  /** 0: it holds nothing, or has not said yet. */
  readonly digest: bigint;
  /** Wall clock of the gateway since when it differs. */
  readonly sinceMs: number;
}

export interface Applied {
  readonly digest: bigint;
  readonly exceptions: readonly AppliedException[];
}

export function encodeApplied(applied: Applied): Uint8Array {
  assert(applied.exceptions.length <= ATTACHED_MAX, "at most ATTACHED_MAX exceptions");
  const writer = new ByteWriter().u64(applied.digest).u16(applied.exceptions.length);
  for (const { node, digest, sinceMs } of applied.exceptions) {
    writer.u16(roleNumberOfKey(node)).u32(numberOfKey(node)).u64(digest).ms(sinceMs);
  }
  return writer.finish();
}

/** Undefined when it is not such a body. */
export function decodeApplied(bytes: Uint8Array): Applied | undefined {
  const reader = new ByteReader(bytes);
  const digest = reader.u64();
  const count = reader.u16();
  if (count > ATTACHED_MAX) return undefined;
  const exceptions: AppliedException[] = [];
  for (let index = 0; index < count && reader.ok; index += 1) {
    exceptions.push({ node: wireKey(reader.u16(), reader.u32()), digest: reader.u64(), sinceMs: reader.ms() });
  }
  return reader.done ? { digest, exceptions } : undefined;
}
