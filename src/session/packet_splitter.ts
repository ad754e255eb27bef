/**
 * Packets out of a byte stream, for clients on TCP: each is preceded by its size as u32, big-endian. Pure.
 * The cost is the same however the bytes are cut. Room is made for bytes that came, not for a size that was claimed.
 */

import type { PacketFault } from "./client_packets.ts";

export const PACKET_PREFIX_SIZE = 4;
const ROOM_MIN = 256;

export class PacketSplitter {
  /** Looked at for each packet as its size is read: it grows with the welcome. */
  sizeMax: number;
  readonly #prefix = new Uint8Array(PACKET_PREFIX_SIZE);
  #prefixHeld = 0;
  /** Of the packet whose prefix is complete. */
  #size = 0;
  #room = new Uint8Array(0);
  #held = 0;
  #ended = false;

  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
  }

  /**
   * Calls `take` for each packet that is complete: a view that is valid until `take` returns. When it answers false,
   * or after a fault, all that follows is passed over.
   */
  push(chunk: Uint8Array, take: (packet: Uint8Array) => boolean): PacketFault | undefined {
    let at = 0;
    while (!this.#ended && at < chunk.length) {
      if (this.#prefixHeld < PACKET_PREFIX_SIZE) {
        this.#prefix[this.#prefixHeld] = chunk[at] as number;
        this.#prefixHeld += 1;
        at += 1;
        if (this.#prefixHeld < PACKET_PREFIX_SIZE) continue;
        const fault = this.#readSize();
        if (fault !== undefined) return fault;
      }
      const missing = this.#size - this.#held;
      const end = Math.min(at + missing, chunk.length);
      const part = chunk.subarray(at, end);
      at = end;
      if (part.length === this.#size) this.#finish(part, take);
      else this.#hold(part, take);
    }
    return undefined;
  }

  #readSize(): PacketFault | undefined {
    this.#size = new DataView(this.#prefix.buffer).getUint32(0);
    if (this.#size >= 1 && this.#size <= this.sizeMax) return undefined;
    this.#ended = true;
    this.#room = new Uint8Array(0);
    const detail = `packet is ${this.#size} bytes, allowed is 1 to ${this.sizeMax}`;
    return { kind: "fault", code: this.#size === 0 ? "bad_packet" : "too_large", detail };
  }

  #hold(part: Uint8Array, take: (packet: Uint8Array) => boolean): void {
    const held = this.#held + part.length;
    if (held > this.#room.length) {
      const room = new Uint8Array(Math.min(this.#size, Math.max(ROOM_MIN, held, this.#room.length * 2)));
      room.set(this.#room.subarray(0, this.#held));
      this.#room = room;
    }
    this.#room.set(part, this.#held);
    this.#held = held;
    if (held < this.#size) return;
    const packet = this.#room.subarray(0, held);
    // A quiet connection holds no memory.
    this.#room = new Uint8Array(0);
    this.#finish(packet, take);
  }

  #finish(packet: Uint8Array, take: (packet: Uint8Array) => boolean): void {
    this.#prefixHeld = 0;
    this.#held = 0;
    if (!take(packet)) this.#ended = true;
  }
}

/** The packet with its prefix. */
export function prefixPacket(packet: Uint8Array): Uint8Array {
  const out = new Uint8Array(PACKET_PREFIX_SIZE + packet.length);
  new DataView(out.buffer).setUint32(0, packet.length);
  out.set(packet, PACKET_PREFIX_SIZE);
  return out;
}
