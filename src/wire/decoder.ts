/**
 * Frame decoder: a byte stream in, whole frames out.
 * Pure: no sockets, no timers, no logging. A frame is a view, valid until the callback returns: into the
 * chunk itself when it lies whole in it, else into the carry, where a frame that was cut is put together.
 *
 * However the bytes are cut: no byte of a body is copied more than once, none of a header more than twice, and
 * each header is judged once. The carry takes a frame's whole size as soon as that size has been judged, so
 * one decoder never holds more than the largest frame of its state.
 *
 * Invariant: the carry holds the beginning of one frame, fewer bytes than that frame has.
 */

import { FLAGS_CRITICAL, FLAGS_CRITICAL_KNOWN, Offset, frameSize, kindName, readU16, readU32 } from "./header.ts";
import {
  FRAME_SIZE_MAX,
  FRAME_SIZE_MAX_HANDSHAKE,
  FRAME_SIZE_MIN,
  HEADER_SIZE,
  MAGIC,
  PROTOCOL_MIN,
  PROTOCOL_VERSION,
} from "./limits.ts";

export type DecodeFault =
  | { readonly code: "bad_magic"; readonly found: number }
  | { readonly code: "bad_size"; readonly found: number; readonly min: number; readonly max: number }
  | { readonly code: "bad_protocol"; readonly found: number }
  | { readonly code: "bad_kind"; readonly found: number }
  | { readonly code: "bad_flags"; readonly found: number };

/** Gets each frame; answers false to stop decoding for good (the link has closed). Must not call push(). */
export type FrameSink = (buffer: Uint8Array, offset: number) => boolean;

/** Bytes that are needed before anything can be judged: size and magic. */
const PREFIX_SIZE = Offset.magic + 2;
/** The least that a carry takes, and the most that is kept for the next frame that is cut. */
const CARRY_SIZE_MIN = 256;
const NOTHING = new Uint8Array(0);

export class Decoder {
  #carry: Uint8Array = NOTHING;
  #carrySize = 0;
  /** What the carry is being filled up to: a prefix, a header, then the whole frame. */
  #wantedSize = PREFIX_SIZE;
  /** The carried header has been judged, and #wantedSize is its frame's. */
  #judged = false;
  #copiedSize = 0;
  #ready = false;
  #stopped = false;

  /** From now on frames may be FRAME_SIZE_MAX, and must be of a protocol version in range. */
  setReady(): void {
    this.#ready = true;
  }

  /** Bytes held for a frame that is not whole yet. */
  get carriedSize(): number {
    return this.#carrySize;
  }

  /** Bytes of memory that the carry takes. */
  get carryCapacity(): number {
    return this.#carry.length;
  }

  /** Bytes copied so far: none for frames that arrived in one piece. */
  get copiedSize(): number {
    return this.#copiedSize;
  }

  /** Feeds a chunk. A fault ends the decoder: the stream cannot be followed any further. */
  push(chunk: Uint8Array, sink: FrameSink): DecodeFault | undefined {
    let at = 0;
    while (!this.#stopped && at < chunk.length) {
      const left = chunk.length - at;
      if (this.#carrySize === 0 && left >= HEADER_SIZE) {
        const fault = this.#judgePrefix(chunk, at) ?? this.#judgeHeader(chunk, at);
        if (fault !== undefined) return this.#fail(fault);
        const size = frameSize(chunk, at);
        if (left >= size) {
          if (!sink(chunk, at)) this.#stop();
          at += size;
          continue;
        }
        this.#judged = true;
        this.#wantedSize = size;
      }
      at = this.#copy(chunk, at);
      if (this.#carrySize < this.#wantedSize) return undefined;
      const fault = this.#advance(sink);
      if (fault !== undefined) return this.#fail(fault);
    }
    return undefined;
  }

  /** The carry has what was wanted: judges it and wants more, or hands the frame out. */
  #advance(sink: FrameSink): DecodeFault | undefined {
    if (this.#wantedSize === PREFIX_SIZE) {
      this.#wantedSize = HEADER_SIZE;
      return this.#judgePrefix(this.#carry, 0);
    }
    if (!this.#judged) {
      const fault = this.#judgeHeader(this.#carry, 0);
      if (fault !== undefined) return fault;
      this.#judged = true;
      this.#wantedSize = frameSize(this.#carry, 0);
      if (this.#wantedSize > HEADER_SIZE) return undefined;
    }
    const frame = this.#carry;
    if (frame.length > CARRY_SIZE_MIN) this.#carry = NOTHING;
    this.#carrySize = 0;
    this.#judged = false;
    this.#wantedSize = PREFIX_SIZE;
    if (!sink(frame, 0)) this.#stop();
    return undefined;
  }

  #copy(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#wantedSize - this.#carrySize);
    if (this.#carry.length < this.#wantedSize) {
      const grown = new Uint8Array(Math.max(CARRY_SIZE_MIN, this.#wantedSize));
      grown.set(this.#carry.subarray(0, this.#carrySize));
      this.#copiedSize += this.#carrySize;
      this.#carry = grown;
    }
    this.#carry.set(chunk.subarray(at, end), this.#carrySize);
    this.#carrySize += end - at;
    this.#copiedSize += end - at;
    return end;
  }

  #stop(): void {
    this.#stopped = true;
    this.#carry = NOTHING;
    this.#carrySize = 0;
  }

  #fail(fault: DecodeFault): DecodeFault {
    this.#stop();
    return fault;
  }

  /** The magic is looked at before the size is believed. */
  #judgePrefix(buffer: Uint8Array, at: number): DecodeFault | undefined {
    const magic = readU16(buffer, at + Offset.magic);
    if (magic !== MAGIC) return { code: "bad_magic", found: magic };
    const size = readU32(buffer, at);
    const max = this.#ready ? FRAME_SIZE_MAX : FRAME_SIZE_MAX_HANDSHAKE;
    if (size < FRAME_SIZE_MIN || size > max) return { code: "bad_size", found: size, min: FRAME_SIZE_MIN, max };
    return undefined;
  }

  #judgeHeader(buffer: Uint8Array, at: number): DecodeFault | undefined {
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
