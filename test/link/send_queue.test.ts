/** The send queue against a transport that takes as much as the test says. */

import { describe, expect, test } from "#test";
import { equalBytes } from "#base/digest.ts";
import { seededRandom } from "#base/random.ts";
import { SEGMENT_SIZE, SegmentPool } from "#link/segment_pool.ts";
import type { BudgetMember } from "#link/send_budget.ts";
import { SendBudget } from "#link/send_budget.ts";
import type { FlushTarget } from "#link/send_queue.ts";
import { CONTROL_SIZE_MAX, DATA_SIZE_MAX, DATA_SIZE_MAX_MAY, SendQueue } from "#link/send_queue.ts";
import { Decoder } from "#wire/decoder.ts";
import { Kind, encodeFrame, frameBody, frameKind } from "#wire/header.ts";
import { HEADER_SIZE } from "#wire/limits.ts";
import { GATEWAY, cast, castOfSize, joined } from "./harness.ts";

class Pipe implements FlushTarget {
  room: number;
  readonly sync: Uint8Array[] = [];
  readonly writes: Uint8Array[] = [];
  writeCount = 0;

  constructor(room: number) {
    this.room = room;
  }
  write(bytes: Uint8Array): number {
    this.writeCount += 1;
    if (this.room < 0) return -1;
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    if (taken > 0) this.writes.push(bytes.slice(0, taken));
    return taken;
  }
  nextSync(): Uint8Array | undefined {
    return this.sync.shift();
  }
  get bytes(): Uint8Array {
    return joined(...this.writes);
  }
  /** What a receiver would make of it. */
  frames(): string[] {
    const out: string[] = [];
    const decoder = new Decoder();
    decoder.setReady();
    const fault = decoder.push(this.bytes, (buffer, offset) => {
      const text = new TextDecoder().decode(frameBody(buffer, offset)).slice(0, 20);
      out.push(`${frameKind(buffer, offset)} ${text}`);
      return true;
    });
    expect(fault).toBeUndefined();
    return out;
  }
}

function control(text: string): Uint8Array {
  return encodeFrame({ kind: Kind.ping, source: GATEWAY, target: GATEWAY, hops: 1 }, new TextEncoder().encode(text));
}
function sync(text: string): Uint8Array {
  return encodeFrame({ kind: Kind.sync, source: GATEWAY, target: GATEWAY, hops: 1 }, new TextEncoder().encode(text));
}

function queueOf(budget = new SendBudget(), nowMs = (): number => 0): SendQueue {
  return new SendQueue({ pool: new SegmentPool(), budget, nowMs });
}

describe("SendQueue", () => {
  test("writes control, then sync, then data, then the last frame", () => {
    const queue = queueOf();
    const pipe = new Pipe(1_000_000);
    queue.pushData(cast("data 1"), 0, "may");
    queue.pushData(cast("data 2"), 0, "must");
    queue.wantSync();
    pipe.sync.push(sync("sync 1"), sync("sync 2"));
    queue.pushControl(control("ping 1"));
    expect(queue.flush(pipe)).toBe("drained");
    expect(pipe.frames()).toEqual(["6 ping 1", "16 sync 1", "16 sync 2", "32 data 1", "32 data 2"]);
    queue.pushData(cast("data 3"), 0, "may");
    queue.finish(control("last"), { keepWaiting: true });
    expect([queue.pushControl(control("late")), queue.pushData(cast("late"), 0, "must")]).toEqual(["closed", "closed"]);
    queue.flush(pipe);
    expect(pipe.frames().slice(5)).toEqual(["32 data 3", "6 last"]);
    expect(queue.queuedSize).toBe(0);
  });

  test("keeps frames whole and in order at every point where the transport stops taking", () => {
    const build = (): { queue: SendQueue; pipe: Pipe } => {
      const queue = queueOf();
      const pipe = new Pipe(0);
      queue.pushData(cast("data 1"), 0, "may");
      queue.wantSync();
      pipe.sync.push(sync("sync 1"));
      return { queue, pipe };
    };
    const whole = build();
    whole.pipe.room = 1_000_000;
    whole.queue.flush(whole.pipe);
    const total = whole.pipe.bytes.length;
    for (let cut = 0; cut < total; cut += 1) {
      const { queue, pipe } = build();
      pipe.room = cut;
      expect(queue.flush(pipe)).toBe("blocked");
      // A ping that comes now goes in at the next boundary, in front of what has not begun.
      queue.pushControl(control("ping"));
      expect(queue.flush(pipe)).toBe("blocked");
      pipe.room = 1_000_000;
      queue.drained();
      expect(queue.flush(pipe)).toBe("drained");
      // The sync frame (46 bytes) is first; what the transport was offered is ended first.
      const wish = cut < 46 ? ["16 sync 1", "6 ping", "32 data 1"] : ["16 sync 1", "32 data 1", "6 ping"];
      expect({ cut, frames: pipe.frames() }).toEqual({ cut, frames: wish });
      expect(queue.queuedSize).toBe(0);
    }
  });

  test("does not try to write again before there is room", () => {
    const queue = queueOf();
    const pipe = new Pipe(10);
    queue.pushData(cast("x"), 0, "may");
    queue.flush(pipe);
    queue.pushData(cast("y"), 0, "may");
    queue.flush(pipe);
    expect(pipe.writeCount).toBe(1);
  });

  test("does not forget what became due for sync while the transport was full", () => {
    const queue = queueOf();
    const pipe = new Pipe(10);
    queue.pushData(cast("x"), 0, "may");
    expect(queue.flush(pipe)).toBe("blocked");
    pipe.sync.push(sync("sync 1"));
    queue.wantSync();
    expect(queue.flush(pipe)).toBe("blocked");
    pipe.room = 1_000;
    queue.drained();
    expect(queue.flush(pipe)).toBe("drained");
    expect(pipe.frames()).toEqual(["32 x", "16 sync 1"]);
  });

  test("joins small frames into one write and gives a large one a write of its own", () => {
    const queue = queueOf();
    const pipe = new Pipe(10_000_000);
    for (let index = 0; index < 100; index += 1) queue.pushData(castOfSize(60), 0, "may");
    queue.flush(pipe);
    expect(pipe.writes.map((bytes) => bytes.length)).toEqual([10_000]);
    queue.pushData(castOfSize(60), 0, "may");
    queue.pushData(castOfSize(SEGMENT_SIZE), 0, "may");
    queue.pushData(castOfSize(60), 0, "may");
    queue.flush(pipe);
    expect(pipe.writes.slice(1).map((bytes) => bytes.length)).toEqual([100, SEGMENT_SIZE + 40, 100]);
  });

  test("passes any sequence of frames through any sequence of partial writes unchanged", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = seededRandom(seed);
      const queue = queueOf();
      const pipe = new Pipe(0);
      const sent: Uint8Array[] = [];
      for (let round = 0; round < 60; round += 1) {
        const padding = new Uint8Array(Math.floor(random.unit() * 20));
        const frame = encodeFrame(
          { kind: Kind.cast, source: GATEWAY, target: GATEWAY },
          random.bytes(Math.floor(random.unit() ** 4 * 90_000)),
        );
        // Anywhere in a larger buffer, as a view into a chunk is, or in its two parts.
        if (random.unit() < 0.5) queue.pushData(joined(padding, frame, padding), padding.length, "may");
        else queue.pushParts(frame.slice(0, HEADER_SIZE), frame.subarray(HEADER_SIZE), "may");
        sent.push(frame);
        pipe.room = Math.floor(random.unit() * 60_000);
        queue.drained();
        queue.flush(pipe);
      }
      pipe.room = Number.MAX_SAFE_INTEGER;
      queue.drained();
      expect(queue.flush(pipe)).toBe("drained");
      expect(equalBytes(pipe.bytes, joined(...sent))).toBe(true);
      expect(queue.dataWrittenSize).toBe(queue.dataQueuedSize);
    }
  });

  test("counts what was queued and what was taken", () => {
    const queue = queueOf();
    const pipe = new Pipe(70);
    queue.pushData(castOfSize(10), 0, "may");
    expect(queue.dataQueuedSize).toBe(50);
    queue.pushData(castOfSize(10), 0, "may");
    queue.flush(pipe);
    expect([queue.dataQueuedSize, queue.dataWrittenSize, queue.queuedSize, queue.takenSize]).toEqual([100, 70, 30, 70]);
  });

  test("refuses `may` at 8 MiB and everything at 32", () => {
    const queue = queueOf();
    const frame = castOfSize(1024 * 1024 - 40);
    const may = Array.from({ length: 9 }, () => queue.pushData(frame, 0, "may"));
    expect(may).toEqual([...Array.from({ length: 8 }, () => "ok" as const), "overloaded"]);
    expect(queue.queuedSize).toBe(DATA_SIZE_MAX_MAY);
    const must = Array.from({ length: 25 }, () => queue.pushData(frame, 0, "must"));
    expect(must).toEqual([...Array.from({ length: 24 }, () => "ok" as const), "full"]);
    expect(queue.queuedSize).toBe(DATA_SIZE_MAX);
  });

  test("bounds frames in two parts as it bounds whole ones", () => {
    const queue = queueOf();
    const frame = castOfSize(1024 * 1024 - 40);
    const [header, body] = [frame.slice(0, HEADER_SIZE), frame.subarray(HEADER_SIZE)];
    const may = Array.from({ length: 9 }, () => queue.pushParts(header, body, "may"));
    expect(may).toEqual([...Array.from({ length: 8 }, () => "ok" as const), "overloaded"]);
    const must = Array.from({ length: 25 }, () => queue.pushParts(header, body, "must"));
    expect(must).toEqual([...Array.from({ length: 24 }, () => "ok" as const), "full"]);
    expect(queue.queuedSize).toBe(DATA_SIZE_MAX);
    expect(() => queue.pushParts(header, body.subarray(1), "may")).toThrow();
    queue.close();
    expect(queue.pushParts(header, body, "may")).toBe("closed");
  });

  test("bounds control frames", () => {
    const queue = queueOf();
    let count = 0;
    while (queue.pushControl(control("0123456789012345678901")) === "ok") count += 1;
    expect(count).toBe(Math.floor(CONTROL_SIZE_MAX / 62));
  });

  test("drops what waits when it finishes without it, but ends the frame that is under way", () => {
    const queue = queueOf();
    const pipe = new Pipe(20);
    queue.pushData(cast("begun"), 0, "may");
    queue.flush(pipe);
    queue.pushData(cast("waits"), 0, "may");
    queue.pushControl(control("waits"));
    queue.finish(control("last"), { keepWaiting: false });
    pipe.room = 1_000;
    queue.drained();
    expect(queue.flush(pipe)).toBe("drained");
    expect(pipe.frames()).toEqual(["32 begun", "6 last"]);
    expect(queue.queuedSize).toBe(0);
  });

  test("counts as written, once it finishes, what may still go out", () => {
    const start = (): SendQueue => {
      const queue = queueOf();
      queue.pushData(castOfSize(60), 0, "may");
      queue.flush(new Pipe(20));
      queue.pushData(castOfSize(60), 0, "may");
      return queue;
    };
    const keeping = start();
    keeping.finish(control("last"), { keepWaiting: true });
    const dropping = start();
    dropping.finish(control("last"), { keepWaiting: false });
    const closing = start();
    closing.close();
    expect([keeping, dropping, closing].map((queue) => queue.dataWrittenSize)).toEqual([200, 100, 20]);
  });

  test("says closed when the transport is, and after close, and gives its bytes back", () => {
    const budget = new SendBudget();
    const queue = queueOf(budget);
    queue.pushData(cast("x"), 0, "may");
    queue.pushControl(control("y"));
    expect(budget.usedSize).toBe(queue.queuedSize);
    expect(queue.flush(new Pipe(-1))).toBe("closed");
    queue.close();
    expect([queue.flush(new Pipe(100)), queue.pushData(cast("x"), 0, "may"), queue.pushControl(control("y"))]).toEqual([
      "closed",
      "closed",
      "closed",
    ]);
    expect([queue.queuedSize, budget.usedSize]).toEqual([0, 0]);
  });

  test("may be closed from within nextSync and from within a write", () => {
    const inSync = queueOf();
    inSync.wantSync();
    inSync.pushData(cast("x"), 0, "may");
    const pipe = new Pipe(1_000);
    pipe.nextSync = () => {
      inSync.close();
      return sync("late");
    };
    expect(inSync.flush(pipe)).toBe("closed");
    expect(pipe.writes).toEqual([]);
    const inWrite = queueOf();
    inWrite.pushData(cast("x"), 0, "may");
    const closing = new Pipe(1_000);
    closing.write = (bytes) => {
      inWrite.close();
      return bytes.length;
    };
    expect(inWrite.flush(closing)).toBe("closed");
    expect([inSync.queuedSize, inWrite.queuedSize]).toEqual([0, 0]);
  });

  test("refuses a frame that is larger than the wire allows, or cut short, as a bug", () => {
    const queue = queueOf();
    expect(() => queue.pushData(castOfSize(1024 * 1024), 0, "may")).toThrow(
      "frame size is within the limits of the wire",
    );
    expect(() => queue.pushData(cast("x").subarray(0, 40), 0, "may")).toThrow("the whole frame is there");
  });
});

describe("SendBudget", () => {
  class Member implements BudgetMember {
    queuedSize = 0;
    wasOver = false;
    readonly #budget: SendBudget;
    constructor(budget: SendBudget) {
      this.#budget = budget;
      budget.join(this);
    }
    add(size: number): void {
      this.queuedSize += size;
      this.#budget.charge(size);
    }
    overBudget(): void {
      this.wasOver = true;
      this.#budget.release(this.queuedSize);
      this.queuedSize = 0;
    }
  }

  test("ends the largest members, as many as it takes", () => {
    const budget = new SendBudget(100);
    const members = [30, 40, 25].map((size) => {
      const member = new Member(budget);
      member.add(size);
      return member;
    });
    expect(members.map((member) => member.wasOver)).toEqual([false, false, false]);
    members[0]?.add(90);
    expect(members.map((member) => member.wasOver)).toEqual([true, false, false]);
    expect(budget.usedSize).toBe(65);
    const huge = new Member(budget);
    huge.add(101);
    expect([huge.wasOver, budget.usedSize]).toEqual([true, 65]);
  });

  test("stands a member that is too large and cannot be ended", () => {
    const budget = new SendBudget(100);
    budget.charge(500);
    expect(budget.usedSize).toBe(500);
  });
});
