/**
 * The time that calls wait in a send queue comes off their deadlines.
 */

import { describe, expect, test } from "#test";
import { SegmentPool } from "#link/segment_pool.ts";
import { SendBudget } from "#link/send_budget.ts";
import { SendQueue } from "#link/send_queue.ts";
import { Decoder } from "#wire/decoder.ts";
import { Kind, Offset, encodeFrame, frameKind, readU32 } from "#wire/header.ts";
import { nodeKey } from "#wire/role.ts";

const SOURCE = nodeKey("center", 1);
const TARGET = nodeKey("user", 101);
const BODY_SIZE = 1000;

function frame(kind: Kind, deadlineMs: number): Uint8Array {
  return encodeFrame({ kind, source: SOURCE, target: TARGET, deadlineMs }, new Uint8Array(BODY_SIZE));
}

/** A queue on a transport that takes `room` bytes until it is given more, at a time that the test sets. */
function setUp(room: number) {
  const state = { room, nowMs: 1000.4, taken: [] as number[] };
  const queue = new SendQueue({ pool: new SegmentPool(), budget: new SendBudget(), nowMs: () => state.nowMs });
  const target = {
    nextSync: () => undefined,
    write: (bytes: Uint8Array) => {
      const count = Math.min(state.room, bytes.length);
      state.room -= count;
      state.taken.push(...bytes.subarray(0, count));
      return count;
    },
  };
  return {
    queue,
    flush: () => queue.flush(target),
    give: (more: number, atMs: number) => {
      state.room = more;
      state.nowMs = atMs;
      queue.drained();
      return queue.flush(target);
    },
    at: (nowMs: number) => {
      state.nowMs = nowMs;
    },
    deadlines: () => {
      const out: string[] = [];
      const decoder = new Decoder();
      decoder.setReady();
      decoder.push(new Uint8Array(state.taken), (buffer, offset) => {
        const kind = frameKind(buffer, offset) === Kind.call ? "call" : "other";
        out.push(`${kind} ${readU32(buffer, offset + Offset.deadlineMs)}`);
        return true;
      });
      return out;
    },
  };
}

describe("Waiting in a send queue", () => {
  test("takes nothing off what is written at once", () => {
    const { queue, flush, deadlines } = setUp(1_000_000);
    queue.pushData(frame(Kind.call, 5000), 0, "may");
    expect(flush()).toBe("drained");
    expect(deadlines()).toEqual(["call 5000"]);
  });

  test("takes off each call what it has waited itself, and nothing off other kinds", () => {
    const { queue, flush, give, at, deadlines } = setUp(0);
    queue.pushData(frame(Kind.call, 5000), 0, "may");
    queue.pushData(frame(Kind.cast, 5000), 0, "may");
    expect(flush()).toBe("blocked");
    at(1200.4);
    queue.pushData(frame(Kind.call, 4000), 0, "may");
    at(1300.4);
    queue.pushData(frame(Kind.reply, 3000), 0, "must");
    queue.pushData(frame(Kind.call, 100), 0, "may");
    expect(give(1_000_000, 1500.4)).toBe("drained");
    expect(deadlines()).toEqual(["call 4500", "other 5000", "call 3700", "other 3000", "call 0"]);
  });

  test("takes it off once, however often the transport is full", () => {
    const { queue, flush, give, deadlines } = setUp(500);
    for (let count = 0; count < 4; count += 1) queue.pushData(frame(Kind.call, 5000), 0, "may");
    expect(flush()).toBe("blocked");
    expect(give(1500, 1100.4)).toBe("blocked");
    expect(give(10, 1200.4)).toBe("blocked");
    expect(give(1_000_000, 1400.4)).toBe("drained");
    // The first had begun before; the second was begun at 1100, the others at 1400.
    expect(deadlines()).toEqual(["call 5000", "call 4900", "call 4600", "call 4600"]);
  });

  test("leaves calls that come into a segment which has been written before as they are", () => {
    const { queue, flush, give, deadlines } = setUp(0);
    queue.pushData(frame(Kind.call, 5000), 0, "may");
    expect(flush()).toBe("blocked");
    expect(give(1_000_000, 2000.4)).toBe("drained");
    queue.pushData(frame(Kind.call, 5000), 0, "may");
    expect(flush()).toBe("drained");
    expect(deadlines()).toEqual(["call 4000", "call 5000"]);
  });
});
