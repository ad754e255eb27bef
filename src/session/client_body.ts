/**
 * A body that was packed ahead of its packet: a push to ten thousand players is packed once, and a request that is sent
 * again is the same bytes even if the caller changed the value meanwhile.
 */

import { BODY_DEPTH_MAX, BodyError, packBody } from "#wire/body.ts";
import { faultOfPlain } from "#wire/plain_value.ts";

/** Containers within a body: the packet is one around it. */
export const PACKET_BODY_DEPTH_MAX = BODY_DEPTH_MAX - 1;

export class PackedBody {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Throws BodyError when the value is not plain or too deep. No value at all is packed as null. */
export function packPacketBody(value: unknown): PackedBody {
  const fault = faultOfPlain(value, PACKET_BODY_DEPTH_MAX);
  if (fault !== undefined) throw new BodyError(`Cannot encode body of packet: ${fault}`);
  // The packer may use its memory again.
  return new PackedBody(packBody(value ?? null).slice());
}

/** An array of `head` and the body behind it, at most 15 items together. */
export function joinPacket(head: readonly unknown[], body: PackedBody): Uint8Array {
  const start = packBody(head);
  const out = new Uint8Array(start.length + body.bytes.length);
  out.set(start);
  // A fixarray: the count is in the low bits of the first byte.
  out[0] = 0x90 | (head.length + 1);
  out.set(body.bytes, start.length);
  return out;
}
