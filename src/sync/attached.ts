/**
 * Body of `attached/<gateway>`: the nodes that are attached to it, itself first.
 *
 *   count u16, then per node: role u16, number u32, shard u32, boot 16, startedAtMs u64
 *
 * Roles that this release does not know are skipped when read.
 */

import { assert } from "#base/assert.ts";
import { fromHex, toHex } from "#base/digest.ts";
import { ByteReader, ByteWriter } from "#wire/bytes.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import { ATTACHED_MAX } from "#wire/limits.ts";
import { ROLE_NUMBERS, roleOfNumber } from "#wire/role.ts";

const BOOT_SIZE = 16;

/** The first is the gateway itself. At most ATTACHED_MAX. */
export function encodeAttached(nodes: readonly Identity[]): Uint8Array {
  assert(nodes.length >= 1 && nodes.length <= ATTACHED_MAX, "the gateway and at most ATTACHED_MAX nodes in all");
  const writer = new ByteWriter().u16(nodes.length);
  for (const node of nodes) {
    writer.u16(ROLE_NUMBERS[node.role]).u32(node.number).u32(node.shard).bytes(fromHex(node.boot)).ms(node.startedAtMs);
  }
  return writer.finish();
}

/** Undefined when it is not such a body, or its first node is of a role that is unknown here. */
export function decodeAttached(bytes: Uint8Array): readonly Identity[] | undefined {
  const reader = new ByteReader(bytes);
  const count = reader.u16();
  if (count < 1 || count > ATTACHED_MAX) return undefined;
  const nodes: Identity[] = [];
  for (let index = 0; index < count && reader.ok; index += 1) {
    const role = roleOfNumber(reader.u16());
    const rest = {
      number: reader.u32(),
      shard: reader.u32(),
      boot: toHex(reader.bytes(BOOT_SIZE)),
      startedAtMs: reader.ms(),
    };
    if (role !== undefined) nodes.push(identity({ role, ...rest }));
    else if (index === 0) return undefined;
  }
  return reader.done ? nodes : undefined;
}
