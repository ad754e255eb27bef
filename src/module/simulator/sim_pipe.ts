/**
 * One direction of a simulated conn: bytes that the sender's kernel has taken and the receiver has not read. They
 * count against one finite buffer until they are read and, as far as the way back is whole, acknowledged.
 * Order is kept; how the bytes are cut into chunks is random.
 */

import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { SimProcess } from "./sim_process.ts";
import type { SimPath } from "./sim_path.ts";

/** What RUNTIME sockets hand over at most in one chunk. */
const CHUNK_SIZE_MAX = 512 * 1024;
/** TCP has backed off while the path was cut: the first try after the healing comes up to this much later. */
const RETRANSMIT_MAX_MS = 6000;

/** What is at either end. */
export interface PipeEnd {
  readonly serial: number;
  readonly process: SimProcess;
  readonly isClosed: boolean;
  readonly isPaused: boolean;
  hear(chunk: Uint8Array): void;
  hearEnd(): void;
  hearRoom(): void;
  closeBy(reason: string): void;
}

export interface PipeWorld {
  readonly nowMs: number;
  after(delayMs: number, fn: () => void): void;
}

interface Segment {
  readonly bytes: Uint8Array;
  arriveAtMs: number;
}

export class SimPipe {
  readonly from: PipeEnd;
  readonly to: PipeEnd;
  readonly path: SimPath;
  readonly back: SimPath;
  readonly #world: PipeWorld;
  readonly #random: Random;
  readonly #capacity: number;
  #segments: Segment[] = [];
  /** Bytes of the first segment that were read. */
  #readSize = 0;
  #queuedSize = 0;
  /** Read, but the acknowledgement is lost until the way back heals. */
  #heldSize = 0;
  #lastArriveMs = 0;
  #finAtMs: number | undefined;
  #isFinRead = false;
  /** An arrival is scheduled. */
  #isAwake = false;
  /** The writer was told "full". */
  #isBlocked = false;

  constructor(options: {
    from: PipeEnd;
    to: PipeEnd;
    path: SimPath;
    back: SimPath;
    world: PipeWorld;
    random: Random;
    capacity: number;
  }) {
    this.from = options.from;
    this.to = options.to;
    this.path = options.path;
    this.back = options.back;
    this.#world = options.world;
    this.#random = options.random;
    this.#capacity = options.capacity;
  }

  get nowMs(): number {
    return this.#world.nowMs;
  }

  /** Bytes that the sender's side holds. */
  get bufferedSize(): number {
    return this.#queuedSize + this.#heldSize;
  }

  /** Copies a prefix; returns how much. */
  take(bytes: Uint8Array): number {
    let count = Math.min(bytes.length, this.#capacity - this.bufferedSize);
    // Now and then less than there is room for, so that every writer meets a partial write.
    const isShort = count > 1 && this.#random.unit() < 0.01;
    if (isShort) count = randomIndex(this.#random, count);
    if (count > 0) {
      this.#segments.push({ bytes: bytes.slice(0, count), arriveAtMs: this.#nextArrivalMs() });
      this.#queuedSize += count;
      this.wake();
    }
    if (count < bytes.length) {
      this.#isBlocked = true;
      if (isShort) this.#world.after(this.#random.unit() * 2, () => this.#unblock());
    }
    return count;
  }

  /** The end of the stream, after all that was taken. */
  finish(): void {
    if (this.#finAtMs !== undefined) return;
    this.#finAtMs = this.#nextArrivalMs();
    this.wake();
  }

  /** What is still under way is lost; returns when a reset would arrive that follows what is not. */
  truncate(): number {
    if (this.#random.unit() < 0.5) {
      const kept = this.#segments.filter((segment) => segment.arriveAtMs <= this.#world.nowMs);
      if (kept.length === 0) this.#readSize = 0;
      this.#segments = kept;
    }
    return this.#nextArrivalMs();
  }

  /** The receiver has closed: what comes now is answered with a reset. */
  receiverGone(): void {
    this.#isAwake = false;
    this.wake();
  }

  /** The sender's machine is dark: nobody sends again what was lost. */
  senderDark(): void {
    const cutAtMs = this.path.cutAtMs;
    if (cutAtMs === undefined) return;
    this.#segments = this.#segments.filter((segment) => segment.arriveAtMs <= cutAtMs);
    if (this.#segments.length === 0) this.#readSize = 0;
    this.#finAtMs = undefined;
  }

  /** Looks when the next bytes arrive. Called whenever what was in their way may be gone. */
  wake(): void {
    if (this.#isAwake) return;
    const next = this.#segments[0]?.arriveAtMs ?? (this.#isFinRead ? undefined : this.#finAtMs);
    if (next === undefined || this.#isStopped(next)) return;
    this.#isAwake = true;
    this.#world.after(next - this.#world.nowMs, () => this.#arrive());
  }

  /** The path is whole again: what was lost comes once more. */
  healed(cutAtMs: number): void {
    const cutMs = this.#world.nowMs - cutAtMs;
    const againAtMs =
      this.#world.nowMs + this.path.delayMs() + this.#random.unit() * Math.min(cutMs, RETRANSMIT_MAX_MS);
    for (const segment of this.#segments) {
      if (segment.arriveAtMs > cutAtMs) segment.arriveAtMs = Math.max(segment.arriveAtMs, againAtMs);
    }
    if (this.#finAtMs !== undefined && this.#finAtMs > cutAtMs) this.#finAtMs = Math.max(this.#finAtMs, againAtMs);
    this.#lastArriveMs = Math.max(this.#lastArriveMs, againAtMs);
    this.wake();
  }

  /** The way back is whole again. */
  backHealed(): void {
    if (this.#heldSize === 0) return;
    this.#heldSize = 0;
    this.#world.after(this.back.delayMs(), () => this.#unblock());
  }

  #nextArrivalMs(): number {
    this.#lastArriveMs = Math.max(this.#lastArriveMs, this.#world.nowMs + this.path.delayMs());
    return this.#lastArriveMs;
  }

  #isStopped(arriveAtMs: number): boolean {
    if (!this.to.process.host.hasPower) return true;
    const cutAtMs = this.path.cutAtMs;
    return (cutAtMs !== undefined && arriveAtMs > cutAtMs) || (this.to.isPaused && !this.to.isClosed);
  }

  #arrive(): void {
    this.#isAwake = false;
    const next = this.#segments[0]?.arriveAtMs ?? (this.#isFinRead ? undefined : this.#finAtMs);
    if (next === undefined || this.#isStopped(next)) return;
    if (next > this.#world.nowMs) {
      this.wake();
      return;
    }
    if (this.to.isClosed) {
      this.#refuse();
      return;
    }
    // Stays awake meanwhile: a frozen receiver reads all of it once.
    this.#isAwake = true;
    this.to.process.deliver(() => {
      this.#isAwake = false;
      this.#read();
      this.wake();
    });
  }

  /** Bytes for an end that is closed: its kernel answers with a reset. */
  #refuse(): void {
    this.#segments = [];
    this.#readSize = 0;
    this.#queuedSize = 0;
    this.#finAtMs = undefined;
    const { from, back } = this;
    if (back.isCut || from.isClosed) return;
    this.#world.after(back.delayMs(), () => from.process.deliver(() => from.closeBy("reset")));
  }

  #read(): void {
    if (this.to.isClosed || this.to.isPaused) return;
    const chunk = this.#takeChunk();
    if (chunk !== undefined) {
      this.#acknowledge(chunk.length);
      this.to.hear(chunk);
    }
    if (this.#segments.length > 0 || this.#finAtMs === undefined || this.#isFinRead) return;
    if (this.#finAtMs > this.#world.nowMs || this.to.isClosed || this.to.isPaused) return;
    this.#isFinRead = true;
    this.to.hearEnd();
  }

  /** All that has arrived, or a part of it. */
  #takeChunk(): Uint8Array | undefined {
    const limitMs = Math.min(this.#world.nowMs, this.path.cutAtMs ?? Number.POSITIVE_INFINITY);
    const segments = this.#segments;
    let count = 0;
    let size = -this.#readSize;
    for (; count < segments.length && (segments[count] as Segment).arriveAtMs <= limitMs; count += 1) {
      size += (segments[count] as Segment).bytes.length;
    }
    if (count === 0) return undefined;
    if (count === 1 && this.#readSize === 0 && size <= CHUNK_SIZE_MAX && this.#random.unit() < 0.9) {
      this.#queuedSize -= size;
      return (segments.shift() as Segment).bytes;
    }
    const cutSize = this.#random.unit() < 0.7 ? size : 1 + randomIndex(this.#random, size);
    const out = new Uint8Array(Math.min(cutSize, CHUNK_SIZE_MAX));
    let at = 0;
    while (at < out.length) {
      const { bytes } = segments[0] as Segment;
      const part = bytes.subarray(this.#readSize, this.#readSize + out.length - at);
      out.set(part, at);
      at += part.length;
      this.#readSize += part.length;
      if (this.#readSize < bytes.length) break;
      segments.shift();
      this.#readSize = 0;
    }
    this.#queuedSize -= out.length;
    return out;
  }

  #acknowledge(size: number): void {
    if (this.back.isCut) {
      this.#heldSize += size;
    } else if (this.#isBlocked) {
      this.#world.after(this.back.delayMs(), () => this.#unblock());
    }
  }

  #unblock(): void {
    if (!this.#isBlocked || this.from.isClosed || this.bufferedSize >= this.#capacity) return;
    this.#isBlocked = false;
    this.from.process.deliver(() => this.from.hearRoom());
  }
}
