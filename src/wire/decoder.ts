/**
 * Frame decoder: a byte stream in, whole frames out.
 * Pure: no sockets, no timers, no logging. A frame is a view, valid until the callback returns: into the
 * chunk itself when it lies whole in it, else into the carry buffer. No byte is copied more than once
 * into the carry (which doubles, so amortised) and no header is checked twice, however the bytes are cut.
 *
 * Invariant: carry holds the beginning of one frame, fewer bytes than that frame has.
 */

import { FLAGS_CRITICAL, FLAGS_CRITICAL_KNOWN, Offset, kindName, readU16, readU32 } from "./header.ts";
import {
  FRAME_SIZE_MAX,
  FRAME_SIZE_MAX_HANDSHAKE,
  FRAME_SIZE_MIN,
  HEADER_SIZE,
  MAGIC,
  PROTOCOL_MIN,
  PROTOCOL_VERSION,
  SIZE_FIELD_SIZE,
} from "./limits.ts";

export type DecodeFault =
  | { readonly code: "bad_magic"; readonly found: number }
  | { readonly code: "bad_size"; readonly found: number; readonly min: number; readonly max: number }
  | { readonly code: "bad_protocol"; readonly found: number }
  | { readonly code: "bad_kind"; readonly found: number }
  | { readonly code: "bad_flags"; readonly found: number };

/** Gets each frame; answers false to stop decoding for good (the link has closed). */
export type FrameSink = (buffer: Uint8Array, offset: number) => boolean;

/** Bytes that are needed before anything can be judged: size and magic. */
const PREFIX_SIZE = Offset.magic + 2;
const CARRY_SIZE_MIN = 256;

export class Decoder {
  #carry: Uint8Array = new Uint8Array(0);
  #carrySize = 0;
  /** Whole size of the frame in the carry once its header has been checked, else 0. */
  #expectedSize = 0;
  #ready = false;
  #stopped = false;

  /** From now on frames may be FRAME_SIZE_MAX and of any protocol version in range. */
  setReady(): void {
    this.#ready = true;
  }

  /** Bytes held for a frame that is not whole yet. */
  get carriedSize(): number {
    return this.#carrySize;
  }

  /** Feeds a chunk. A fault ends the decoder: the stream cannot be followed any further. */
  push(chunk: Uint8Array, sink: FrameSink): DecodeFault | undefined {
    let at = 0;
    while (!this.#stopped) {
      if (this.#carrySize > 0) {
        const step = this.#fillCarry(chunk, at);
        if (typeof step !== "number") return this.#fail(step);
        at = step;
        if (this.#expectedSize === 0 || this.#carrySize < this.#expectedSize) return undefined;
        const frame = this.#carry;
        this.#carrySize = 0;
        this.#expectedSize = 0;
        if (frame.length > CARRY_SIZE_MIN) this.#carry = new Uint8Array(0);
        if (!sink(frame, 0)) this.#stopped = true;
        continue;
      }
      const left = chunk.length - at;
      if (left === 0) return undefined;
      const fault = this.#check(chunk, at, left);
      if (fault !== undefined) return this.#fail(fault);
      const size = left < HEADER_SIZE ? 0 : readU32(chunk, at) + SIZE_FIELD_SIZE;
      if (size === 0 || left < size) {
        this.#expectedSize = size;
        this.#startCarry(chunk, at);
        return undefined;
      }
      if (!sink(chunk, at)) this.#stopped = true;
      at += size;
    }
    return undefined;
  }

  #fail(fault: DecodeFault): DecodeFault {
    this.#stopped = true;
    this.#carry = new Uint8Array(0);
    this.#carrySize = 0;
    return fault;
  }

  #startCarry(chunk: Uint8Array, at: number): void {
    const rest = chunk.length - at;
    if (this.#carry.length < rest) this.#carry = new Uint8Array(Math.max(CARRY_SIZE_MIN, rest));
    this.#carry.set(chunk.subarray(at), 0);
    this.#carrySize = rest;
  }

  /** Moves bytes to the carry, first up to a header, then up to the frame's end; returns where the chunk goes on. */
  #fillCarry(chunk: Uint8Array, from: number): number | DecodeFault {
    let at = from;
    if (this.#expectedSize === 0) {
      at = this.#copy(chunk, at, HEADER_SIZE);
      const fault = this.#check(this.#carry, 0, this.#carrySize);
      if (fault !== undefined) return fault;
      if (this.#carrySize < HEADER_SIZE) return at;
      this.#expectedSize = readU32(this.#carry, 0) + SIZE_FIELD_SIZE;
    }
    return this.#copy(chunk, at, this.#expectedSize);
  }

  #copy(chunk: Uint8Array, at: number, untilSize: number): number {
    const count = Math.min(untilSize - this.#carrySize, chunk.length - at);
    const needed = this.#carrySize + count;
    if (this.#carry.length < needed) {
      // Doubling, so that a frame that trickles in costs what one in a single piece costs; never the whole
      // announced size at once, so that a header alone cannot make us allocate.
      const grown = new Uint8Array(Math.min(untilSize, Math.max(needed, this.#carry.length * 2, CARRY_SIZE_MIN)));
      grown.set(this.#carry.subarray(0, this.#carrySize));
      this.#carry = grown;
    }
    this.#carry.set(chunk.subarray(at, at + count), this.#carrySize);
    this.#carrySize = needed;
    return at + count;
  }

  /** Judges as much of a header as is there: magic before size, the rest once all of it has arrived. */
  #check(buffer: Uint8Array, at: number, available: number): DecodeFault | undefined {
    if (available < PREFIX_SIZE) return undefined;
    const magic = readU16(buffer, at + Offset.magic);
    if (magic !== MAGIC) return { code: "bad_magic", found: magic };
    const size = readU32(buffer, at);
    const max = this.#ready ? FRAME_SIZE_MAX : FRAME_SIZE_MAX_HANDSHAKE;
    if (size < FRAME_SIZE_MIN || size > max) return { code: "bad_size", found: size, min: FRAME_SIZE_MIN, max };
    if (available < HEADER_SIZE) return undefined;
    const protocol = buffer[at + Offset.protocol] as number;
    // Before ready the handshake itself judges the range, so that a later version can be told why.
    if (this.#ready && (protocol < PROTOCOL_MIN || protocol > PROTOCOL_VERSION)) {
      return { code: "bad_protocol", found: protocol };
    }
    const kind = buffer[at + Offset.kind] as number;
    if (kindName(kind) === undefined) return { code: "bad_kind", found: kind };
    const flags = buffer[at + Offset.flags] as number;
    if ((flags & FLAGS_CRITICAL & ~FLAGS_CRITICAL_KNOWN) !== 0) return { code: "bad_flags", found: flags };
    return undefined;
  }
}

/** For people: what was found and what is allowed. */
export function faultText(fault: DecodeFault): string {
  switch (fault.code) {
    case "bad_magic":
      return `Cannot decode frame: magic is 0x${fault.found.toString(16)}, wish is 0x4b46`;
    case "bad_size":
      return `Cannot decode frame: size is ${fault.found}, allowed is ${fault.min} to ${fault.max}`;
    case "bad_protocol":
      return `Cannot decode frame: protocol is ${fault.found}, allowed is ${PROTOCOL_MIN} to ${PROTOCOL_VERSION}`;
    case "bad_kind":
      return `Cannot decode frame: kind is ${fault.found}, which this release does not know`;
    case "bad_flags":
      return `Cannot decode frame: flags are 0x${fault.found.toString(16)}, and an unknown critical one is set`;
  }
}
