/**
 * Buffers that send queues fill with whole frames and write in one piece. A pool keeps a few for reuse, so that
 * a busy link allocates nothing and an idle one holds nothing.
 *
 * Invariant: a segment holds whole frames, [0, size) of bytes, and belongs to one queue or to the pool.
 */

import type { Mark } from "./waiting_time.ts";

export const SEGMENT_SIZE = 64 * 1024;
const POOL_COUNT_MAX = 64;
/** Up to here four bytes at a time beat a view and a block copy, and allocate nothing. */
const SMALL_COPY_SIZE = 160;

export interface Segment {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  size: number;
  /** When its frames were queued, for those that wait (waiting_time.ts). */
  readonly marks: Mark[];
}

function newSegment(size: number): Segment {
  const bytes = new Uint8Array(size);
  return { bytes, view: new DataView(bytes.buffer), size: 0, marks: [] };
}

export class SegmentPool {
  readonly #free: Segment[] = [];
  #sourceBuffer: Uint8Array | undefined;
  #sourceView: DataView = new DataView(new ArrayBuffer(0));

  /** An empty segment with room for `size` bytes at least. */
  take(size: number): Segment {
    if (size > SEGMENT_SIZE) return newSegment(size);
    return this.#free.pop() ?? newSegment(SEGMENT_SIZE);
  }

  give(segment: Segment): void {
    if (segment.bytes.length !== SEGMENT_SIZE || this.#free.length >= POOL_COUNT_MAX) return;
    segment.size = 0;
    segment.marks.length = 0;
    this.#free.push(segment);
  }

  /** Copies a frame of `size` bytes to the segment's end, where there is room for it. */
  append(segment: Segment, buffer: Uint8Array, offset: number, size: number): void {
    const at = segment.size;
    segment.size = at + size;
    if (size > SMALL_COPY_SIZE) {
      segment.bytes.set(buffer.subarray(offset, offset + size), at);
      return;
    }
    // The frames of one chunk share its buffer: one view serves them all.
    if (buffer !== this.#sourceBuffer) {
      this.#sourceBuffer = buffer;
      this.#sourceView = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    }
    const from = this.#sourceView;
    const to = segment.view;
    const wordsEnd = size - (size % 4);
    let index = 0;
    for (; index < wordsEnd; index += 4) to.setInt32(at + index, from.getInt32(offset + index));
    for (; index < size; index += 1) to.setUint8(at + index, from.getUint8(offset + index));
  }
}
