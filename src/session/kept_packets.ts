/**
 * Numbered packets that may be asked for again: at most `countMax`, and `sizeMax` bytes, of the newest. The newest one is
 * kept however large it is. Numbers grow by one.
 */

export class KeptPackets {
  readonly #countMax: number;
  readonly #sizeMax: number;
  readonly #packets = new Map<number, Uint8Array>();
  #size = 0;
  #droppedUpTo = 0;

  constructor(bounds: { readonly countMax: number; readonly sizeMax: number }) {
    this.#countMax = bounds.countMax;
    this.#sizeMax = bounds.sizeMax;
  }

  /** The highest number that fell out because of a bound; 0: none. */
  get droppedUpTo(): number {
    return this.#droppedUpTo;
  }

  get(seq: number): Uint8Array | undefined {
    return this.#packets.get(seq);
  }

  /** In order. */
  all(): Uint8Array[] {
    return [...this.#packets.values()];
  }

  add(seq: number, bytes: Uint8Array): void {
    this.#packets.set(seq, bytes);
    this.#size += bytes.length;
    for (const [oldest, { length }] of this.#packets) {
      if (oldest === seq || (this.#packets.size <= this.#countMax && this.#size <= this.#sizeMax)) return;
      this.#packets.delete(oldest);
      this.#size -= length;
      this.#droppedUpTo = oldest;
    }
  }

  /** Nobody will ask for these any more: all up to `seq`. */
  forget(seq: number): void {
    for (const [oldest, { length }] of this.#packets) {
      if (oldest > seq) return;
      this.#packets.delete(oldest);
      this.#size -= length;
    }
  }
}
