/**
 * The time that calls have spent in a send queue, taken off their deadlines before they are written: a call that
 * waited has less left. Only for segments that really wait: what is written at once is never looked at.
 *
 * Marks say when the frames of a segment were queued: ascending ends, each for the frames from the last end to its own.
 */

import { Kind, Offset, frameKind, frameSize, readU32, writeU32 } from "#wire/header.ts";

export interface Mark {
  end: number;
  readonly ms: number;
}

/** What this needs of a segment. */
interface Marked {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly marks: Mark[];
}

/** All that is in the segment and has no mark yet was queued now. */
export function markQueued(segment: Marked, nowMs: number): void {
  const last = segment.marks.at(-1);
  if (last !== undefined && last.end >= segment.size) return;
  const ms = Math.floor(nowMs);
  if (last !== undefined && last.ms === ms) last.end = segment.size;
  else segment.marks.push({ end: segment.size, ms });
}

/** Takes off the deadlines of the calls that begin at `from` or later what they have waited, once. */
export function takeOffWaiting(segment: Marked, from: number, nowMs: number): void {
  const { marks, bytes, size } = segment;
  const now = Math.floor(nowMs);
  let index = 0;
  let at = 0;
  while (at < size) {
    while (index < marks.length && (marks[index]?.end ?? 0) <= at) index += 1;
    const mark = marks[index];
    if (mark === undefined) break;
    if (at >= from && mark.ms < now && frameKind(bytes, at) === Kind.call) {
      const leftMs = readU32(bytes, at + Offset.deadlineMs);
      writeU32(bytes, at + Offset.deadlineMs, Math.max(0, leftMs - (now - mark.ms)));
    }
    at += frameSize(bytes, at);
  }
  marks.length = 0;
  if (size > 0) marks.push({ end: size, ms: now });
}
