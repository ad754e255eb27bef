/**
 * Cursors over bytes for the fixed layouts of the wire: a writer that grows, a reader that answers undefined
 * instead of reading past the end. Integers are big-endian, text is UTF-8 behind a length. A value that does not
 * fit its field is a bug of the writer and fails an assertion: it must never go out as another one.
 */

import { assert } from "#base/assert.ts";
import { readU16, readU32, writeU16, writeU32 } from "./header.ts";

const ENCODER = new TextEncoder();
/** A byte order mark is text like any other: what is passed on must keep its bytes. */
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const U32_COUNT = 0x1_0000_0000;
/** One for all: a view on each buffer costs more than what is read with it. Holds nothing between two calls. */
const U64 = new Uint8Array(8);
const U64_VIEW = new DataView(U64.buffer);

/** The message is made only when it is needed: these are written for every heartbeat of every link. */
function assertFits(value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  assert(false, `${value} does not fit a field of 0 to ${max}`);
}

export class ByteWriter {
  #buffer = new Uint8Array(256);
  #size = 0;

  /** Room for `count` more bytes. May replace the buffer: call it before naming that. */
  #room(count: number): number {
    const at = this.#size;
    if (at + count > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(at + count, this.#buffer.length * 2));
      grown.set(this.#buffer);
      this.#buffer = grown;
    }
    this.#size = at + count;
    return at;
  }

  u8(value: number): this {
    assertFits(value, 0xff);
    const at = this.#room(1);
    this.#buffer[at] = value;
    return this;
  }
  u16(value: number): this {
    assertFits(value, 0xffff);
    const at = this.#room(2);
    writeU16(this.#buffer, at, value);
    return this;
  }
  u32(value: number): this {
    assertFits(value, 0xffff_ffff);
    const at = this.#room(4);
    writeU32(this.#buffer, at, value);
    return this;
  }
  u64(value: bigint): this {
    const at = this.#room(8);
    U64_VIEW.setBigUint64(0, value);
    this.#buffer.set(U64, at);
    return this;
  }
  /** A non-negative safe integer as u64: milliseconds. */
  ms(value: number): this {
    const whole = Math.max(0, Math.trunc(value));
    assertFits(whole, Number.MAX_SAFE_INTEGER);
    return this.u32(Math.floor(whole / U32_COUNT)).u32(whole % U32_COUNT);
  }
  bytes(value: Uint8Array): this {
    const at = this.#room(value.length);
    this.#buffer.set(value, at);
    return this;
  }
  /** Bytes of a field whose size the layout fixes. */
  fixed(value: Uint8Array, size: number): this {
    assert(value.length === size, `a field of ${size} bytes got ${value.length}`);
    return this.bytes(value);
  }
  /** Text behind a u8 length. */
  text8(value: string): this {
    const bytes = ENCODER.encode(value);
    assert(bytes.length <= 0xff, "text of at most 255 bytes");
    return this.u8(bytes.length).bytes(bytes);
  }
  /** Text behind a u16 length. */
  text16(value: string): this {
    const bytes = ENCODER.encode(value);
    assert(bytes.length <= 0xffff, "text of at most 65535 bytes");
    return this.u16(bytes.length).bytes(bytes);
  }

  get size(): number {
    return this.#size;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#size);
  }
}

/** Reading past the end sets `failed` and answers zeros; check `ok` once at the end. */
export class ByteReader {
  readonly #buffer: Uint8Array;
  #at = 0;
  #failed = false;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
  }

  #take(count: number): number {
    if (this.#failed || this.#at + count > this.#buffer.length) {
      this.#failed = true;
      return -1;
    }
    const at = this.#at;
    this.#at += count;
    return at;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : (this.#buffer[at] as number);
  }
  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : readU16(this.#buffer, at);
  }
  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : readU32(this.#buffer, at);
  }
  u64(): bigint {
    const at = this.#take(8);
    if (at < 0) return 0n;
    for (let index = 0; index < 8; index += 1) U64[index] = this.#buffer[at + index] as number;
    return U64_VIEW.getBigUint64(0);
  }
  /** Milliseconds; a value that no safe integer holds fails, since it would come back as another one. */
  ms(): number {
    const value = this.u32() * U32_COUNT + this.u32();
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    this.#failed = true;
    return 0;
  }
  /** A copy, so that it outlives the frame. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return at < 0 ? new Uint8Array(0) : this.#buffer.slice(at, at + count);
  }
  /** UTF-8 of `size` bytes. */
  text(size: number): string {
    const at = this.#take(size);
    if (at < 0) return "";
    try {
      return DECODER.decode(this.#buffer.subarray(at, at + size));
    } catch {
      this.#failed = true;
      return "";
    }
  }
  text8(): string {
    return this.text(this.u8());
  }
  text16(): string {
    return this.text(this.u16());
  }

  /** The caller found a value that the layout does not allow. */
  fail(): void {
    this.#failed = true;
  }

  /** True while nothing was read past the end and every value was one that its layout allows. */
  get ok(): boolean {
    return !this.#failed;
  }
  /** True when in addition nothing is left over. */
  get done(): boolean {
    return !this.#failed && this.#at === this.#buffer.length;
  }
}
