/**
 * Cursors over bytes for the fixed layouts of the wire: a writer that grows, a reader that answers undefined
 * instead of reading past the end. Integers are big-endian, text is UTF-8 behind a length.
 */

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true });

export class ByteWriter {
  #buffer = new Uint8Array(256);
  #view = new DataView(this.#buffer.buffer);
  #size = 0;

  #room(count: number): number {
    const at = this.#size;
    if (at + count > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(at + count, this.#buffer.length * 2));
      grown.set(this.#buffer);
      this.#buffer = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#size = at + count;
    return at;
  }

  u8(value: number): this {
    this.#view.setUint8(this.#room(1), value);
    return this;
  }
  u16(value: number): this {
    this.#view.setUint16(this.#room(2), value);
    return this;
  }
  u32(value: number): this {
    this.#view.setUint32(this.#room(4), value);
    return this;
  }
  u64(value: bigint): this {
    this.#view.setBigUint64(this.#room(8), value);
    return this;
  }
  /** A non-negative safe integer as u64: milliseconds. */
  ms(value: number): this {
    return this.u64(BigInt(Math.max(0, Math.trunc(value))));
  }
  bytes(value: Uint8Array): this {
    this.#buffer.set(value, this.#room(value.length));
    return this;
  }
  /** Text behind a u8 length. */
  text8(value: string): this {
    const bytes = ENCODER.encode(value);
    return this.u8(bytes.length).bytes(bytes);
  }
  /** Text behind a u16 length. */
  text16(value: string): this {
    const bytes = ENCODER.encode(value);
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
  readonly #view: DataView;
  #at = 0;
  #failed = false;

  constructor(buffer: Uint8Array) {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
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
    return at < 0 ? 0 : this.#view.getUint8(at);
  }
  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : this.#view.getUint16(at);
  }
  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getUint32(at);
  }
  u64(): bigint {
    const at = this.#take(8);
    return at < 0 ? 0n : this.#view.getBigUint64(at);
  }
  ms(): number {
    return Number(this.u64());
  }
  /** A copy, so that it outlives the frame. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return at < 0 ? new Uint8Array(0) : this.#buffer.slice(at, at + count);
  }
  #text(size: number): string {
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
    return this.#text(this.u8());
  }
  text16(): string {
    return this.#text(this.u16());
  }

  /** True while nothing was read past the end and all text was UTF-8. */
  get ok(): boolean {
    return !this.#failed;
  }
  /** True when in addition nothing is left over. */
  get done(): boolean {
    return !this.#failed && this.#at === this.#buffer.length;
  }
}
