/**
 * What waits to be written on one conn, in three classes that are served at frame boundaries in this order:
 * control (handshake, ping, pong), sync (pulled one message at a time, so that it never piles up), data. One
 * `last` frame may follow everything. Decides nothing about closing: it answers what happened.
 *
 * Invariant: `out` is what the transport is taking now, whole frames with their first `outAt` bytes taken;
 * nothing else is begun before it is wholly taken. A data segment that became `out` is never appended to.
 */

import { assert } from "#base/assert.ts";
import { frameSize } from "#wire/header.ts";
import { FRAME_SIZE_MAX, HEADER_SIZE, SIZE_FIELD_SIZE } from "#wire/limits.ts";
import type { SendClass } from "./link_port.ts";
import type { Segment, SegmentPool } from "./segment_pool.ts";
import { SEGMENT_SIZE } from "./segment_pool.ts";
import type { SendBudget } from "./send_budget.ts";
import { markQueued, takeOffWaiting } from "./waiting_time.ts";

/** Data that waits: `may` frames are refused beyond the first, the link is closed beyond the second. */
export const DATA_SIZE_MAX_MAY = 8 * 1024 * 1024;
export const DATA_SIZE_MAX = 32 * 1024 * 1024;
/** Control frames that wait: a peer that pings without reading gets no further. */
export const CONTROL_SIZE_MAX = 64 * 1024;

/** `full`: the link must close, its other end reads too slowly. */
export type QueueResult = "ok" | "overloaded" | "full" | "closed";
export type FlushResult = "drained" | "blocked" | "closed";

export interface FlushTarget {
  /** As Conn.write. */
  write(bytes: Uint8Array): number;
  /** The next whole sync frame, or undefined. May close the queue. */
  nextSync(): Uint8Array | undefined;
}

const NOTHING = new Uint8Array(0);

export class SendQueue {
  readonly #pool: SegmentPool;
  readonly #budget: SendBudget;
  readonly #nowMs: () => number;
  readonly #control: Uint8Array[] = [];
  #controlSize = 0;
  readonly #segments: Segment[] = [];
  #last: Uint8Array | undefined;
  #syncWanted = false;
  #out: Uint8Array = NOTHING;
  #outAt = 0;
  #outEnd = 0;
  #outSegment: Segment | undefined;
  #blocked = false;
  #open = true;
  #accepting = true;
  #dataQueuedSize = 0;
  #dataWrittenSize = 0;
  #dataPromisedSize = 0;
  #takenSize = 0;
  #queuedSize = 0;

  constructor(options: {
    readonly pool: SegmentPool;
    readonly budget: SendBudget;
    /** Monotonic. Asked only while something waits. */
    readonly nowMs: () => number;
  }) {
    this.#pool = options.pool;
    this.#budget = options.budget;
    this.#nowMs = options.nowMs;
  }

  /** Bytes of all classes that wait. */
  get queuedSize(): number {
    return this.#queuedSize;
  }
  /** Bytes of all classes that the transport has taken. */
  get takenSize(): number {
    return this.#takenSize;
  }
  get dataQueuedSize(): number {
    return this.#dataQueuedSize;
  }
  /** Of the data, what the transport has taken or, after `finish`, may still take. */
  get dataWrittenSize(): number {
    return Math.max(this.#dataWrittenSize, this.#dataPromisedSize);
  }

  /** Keeps the frame, which must not change any more. */
  pushControl(frame: Uint8Array): QueueResult {
    if (!this.#accepting) return "closed";
    if (this.#controlSize + frame.length > CONTROL_SIZE_MAX) return "full";
    this.#control.push(frame);
    this.#controlSize += frame.length;
    return this.#charge(frame.length);
  }

  /** Copies the whole frame that begins at `offset`. */
  pushData(buffer: Uint8Array, offset: number, as: SendClass): QueueResult {
    const size = frameSize(buffer, offset);
    assert(
      size >= HEADER_SIZE && size <= FRAME_SIZE_MAX + SIZE_FIELD_SIZE,
      "frame size is within the limits of the wire",
    );
    assert(offset + size <= buffer.length, "the whole frame is there");
    const refusal = this.#refusal(size, as);
    if (refusal !== undefined) return refusal;
    const segment = this.#room(size);
    this.#pool.append(segment, buffer, offset, size);
    return this.#pushed(segment, size);
  }

  /** As `pushData`, of a frame whose header is in one buffer and whose body is another one. */
  pushParts(header: Uint8Array, body: Uint8Array, as: SendClass): QueueResult {
    const size = HEADER_SIZE + body.length;
    assert(size <= FRAME_SIZE_MAX + SIZE_FIELD_SIZE, "frame size is within the limits of the wire");
    assert(size === frameSize(header, 0), "the header is of this body");
    const refusal = this.#refusal(size, as);
    if (refusal !== undefined) return refusal;
    const segment = this.#room(size);
    this.#pool.append(segment, header, 0, HEADER_SIZE);
    segment.bytes.set(body, segment.size);
    segment.size += body.length;
    return this.#pushed(segment, size);
  }

  /** `nextSync` is to be asked again. */
  wantSync(): void {
    this.#syncWanted = true;
  }

  /** Accepts no more; `last` goes out after what waits, or, without that, after the frame that is under way. */
  finish(last: Uint8Array, options: { readonly keepWaiting: boolean }): void {
    if (!this.#accepting) return;
    this.#accepting = false;
    this.#syncWanted = false;
    const underWay = this.#outSegment === undefined ? 0 : this.#outEnd - this.#outAt;
    this.#dataPromisedSize = options.keepWaiting ? this.#dataQueuedSize : this.#dataWrittenSize + underWay;
    if (!options.keepWaiting) this.#dropWaiting();
    this.#last = last;
    this.#charge(last.length);
  }

  /** There is room again. */
  drained(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    if (this.#outSegment !== undefined) takeOffWaiting(this.#outSegment, this.#outAt, this.#nowMs());
  }

  /** Writes until nothing waits or the transport is full. */
  flush(target: FlushTarget): FlushResult {
    if (!this.#open) return "closed";
    if (this.#blocked) return "blocked";
    for (;;) {
      const picked = this.#outEnd > 0 || this.#pick(target);
      if (!this.#open) return "closed";
      if (!picked) return "drained";
      const wanted = this.#outEnd - this.#outAt;
      const taken = target.write(this.#out.subarray(this.#outAt, this.#outEnd));
      if (!this.#open || taken < 0) return "closed";
      this.#took(taken);
      if (taken < wanted) {
        this.#blocked = true;
        this.#markWaiting();
        return "blocked";
      }
    }
  }

  /** Drops everything, for good. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#accepting = false;
    this.#dropWaiting();
    if (this.#outSegment !== undefined) this.#pool.give(this.#outSegment);
    this.#outSegment = undefined;
    this.#out = NOTHING;
    this.#last = undefined;
    this.#release(this.#queuedSize);
  }

  #refusal(size: number, as: SendClass): QueueResult | undefined {
    if (!this.#accepting) return "closed";
    const waiting = this.#dataQueuedSize - this.#dataWrittenSize + size;
    if (waiting > DATA_SIZE_MAX_MAY && as === "may") return "overloaded";
    return waiting > DATA_SIZE_MAX ? "full" : undefined;
  }

  /** The segment that takes the next frame. */
  #room(size: number): Segment {
    const last = this.#segments[this.#segments.length - 1];
    if (last !== undefined && last.size + size <= SEGMENT_SIZE) return last;
    const segment = this.#pool.take(size);
    this.#segments.push(segment);
    return segment;
  }

  #pushed(segment: Segment, size: number): QueueResult {
    if (this.#blocked) markQueued(segment, this.#nowMs());
    this.#dataQueuedSize += size;
    return this.#charge(size);
  }

  /** Makes the next thing to write `out`; false when there is none. */
  #pick(target: FlushTarget): boolean {
    const control = this.#control.shift();
    if (control !== undefined) {
      this.#controlSize -= control.length;
      return this.#begin(control, control.length);
    }
    if (this.#syncWanted) {
      const sync = target.nextSync();
      if (!this.#accepting) return this.#open && this.#pick(target);
      if (sync !== undefined) {
        this.#begin(sync, sync.length);
        return this.#charge(sync.length) === "ok";
      }
      this.#syncWanted = false;
      // The handler may have queued control frames.
      if (this.#control.length > 0) return this.#pick(target);
    }
    const segment = this.#segments.shift();
    if (segment !== undefined) {
      if (segment.marks.length > 0) takeOffWaiting(segment, 0, this.#nowMs());
      this.#outSegment = segment;
      return this.#begin(segment.bytes, segment.size);
    }
    const last = this.#last;
    this.#last = undefined;
    return last !== undefined && this.#begin(last, last.length);
  }

  /** From now on it waits, whatever was queued until now. */
  #markWaiting(): void {
    const nowMs = this.#nowMs();
    if (this.#outSegment !== undefined) markQueued(this.#outSegment, nowMs);
    for (const segment of this.#segments) markQueued(segment, nowMs);
  }

  #begin(bytes: Uint8Array, size: number): true {
    this.#out = bytes;
    this.#outAt = 0;
    this.#outEnd = size;
    return true;
  }

  #took(count: number): void {
    this.#outAt += count;
    this.#takenSize += count;
    if (this.#outSegment !== undefined) this.#dataWrittenSize += count;
    this.#release(count);
    if (this.#outAt < this.#outEnd) return;
    if (this.#outSegment !== undefined) this.#pool.give(this.#outSegment);
    this.#outSegment = undefined;
    this.#out = NOTHING;
    this.#outAt = 0;
    this.#outEnd = 0;
  }

  #dropWaiting(): void {
    for (const segment of this.#segments) this.#pool.give(segment);
    this.#segments.length = 0;
    this.#control.length = 0;
    this.#controlSize = 0;
    this.#release(this.#queuedSize - (this.#outEnd - this.#outAt));
  }

  /** The budget may close this very queue. */
  #charge(size: number): QueueResult {
    this.#queuedSize += size;
    this.#budget.charge(size);
    return this.#open ? "ok" : "closed";
  }

  #release(size: number): void {
    this.#queuedSize -= size;
    this.#budget.release(size);
  }
}
