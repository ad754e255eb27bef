import { describe, expect, test } from "#test";
import { Flusher } from "#link/flusher.ts";
import { HOLD_MS_MAX, HOLD_SIZE_MAX, HOLD_SLICES_MAX, SLICE_SIZE, Stages, TURN_MS_MAX } from "#link/stages.ts";
import type { Conn, ConnHandler } from "#link/transport.ts";
import { FakeClock } from "./fake_clock.ts";

const CHUNK_SIZE = 8 * SLICE_SIZE;

/** Time that passes while a handler works. */
class WorkClock extends FakeClock {
  workedMs = 0;
  override nowMs(): number {
    return super.nowMs() + this.workedMs;
  }
}

function ground(costMs: number) {
  const clock = new WorkClock();
  const said: string[] = [];
  const bytes: number[] = [];
  let yieldCount = 0;
  const conn: Conn = {
    remote: "10.0.0.1:1",
    write: (data) => data.length,
    shutdown: () => {},
    terminate: () => {},
    pause: () => said.push("pause"),
    resume: () => said.push("resume"),
  };
  const handler: ConnHandler = {
    data: (chunk) => {
      clock.workedMs += costMs;
      said.push(`data ${chunk.length / 1024}`);
      for (const byte of chunk) bytes.push(byte);
    },
    drained: () => said.push("drained"),
    ended: () => said.push("ended"),
    closed: (reason) => said.push(`closed ${reason}`),
  };
  const flusher = new Flusher(clock);
  const budget = { usedSize: 0 };
  const stages = new Stages(handler, { conn, clock, flusher, budget, yielded: () => (yieldCount += 1) });
  return { clock, said, bytes, stages, flusher, budget, handler, yields: () => yieldCount };
}

/** Every byte says where it is. */
function chunkOf(size: number, from = 0): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (from + index) % 251);
}

describe("Stages: a chunk", () => {
  test("of one slice is handed on as it is, whatever it costs", () => {
    const { stages, said, yields } = ground(1_000);
    stages.data(chunkOf(SLICE_SIZE));
    stages.data(chunkOf(10));
    expect(said).toEqual(["data 16", `data ${10 / 1024}`]);
    expect(yields()).toBe(0);
  });

  test("that costs little is handed on in one turn, and the conn is not paused", () => {
    const { stages, clock, said, yields } = ground(1);
    stages.data(chunkOf(CHUNK_SIZE));
    clock.run(0);
    expect(said).toEqual(Array.from({ length: 8 }, () => "data 16"));
    expect(yields()).toBe(0);
  });

  test("that costs much waits for the next turn with the conn paused, whole and in order", () => {
    const { stages, clock, said, bytes, yields } = ground(TURN_MS_MAX / 2);
    clock.polls = false;
    stages.data(chunkOf(CHUNK_SIZE));
    clock.run(0);
    expect(said).toEqual(["data 16", "data 16", "pause"]);
    // Read before the conn was paused: it comes behind what waits.
    stages.data(chunkOf(100, CHUNK_SIZE));
    expect(said.length).toBe(3);
    clock.polls = true;
    clock.run(0);
    expect(said.slice(3)).toEqual([...Array.from({ length: 6 }, () => "data 16"), `data ${100 / 1024}`, "resume"]);
    expect(bytes).toEqual([...chunkOf(CHUNK_SIZE + 100)]);
    expect(yields()).toBe(1);
  });

  test("has one turn together with the others that come before the next poll", () => {
    const { stages, clock, said } = ground(TURN_MS_MAX / 2);
    clock.polls = false;
    stages.data(chunkOf(SLICE_SIZE + 1));
    clock.run(0);
    stages.data(chunkOf(CHUNK_SIZE));
    clock.run(0);
    expect(said).toEqual(["data 16", `data ${1 / 1024}`, "data 16", "pause"]);
  });

  test("is handed on to its end before the end of the conn is told", () => {
    for (const end of ["ended", "closed"] as const) {
      const { stages, clock, said, bytes } = ground(TURN_MS_MAX);
      clock.polls = false;
      stages.data(chunkOf(CHUNK_SIZE));
      clock.run(0);
      if (end === "ended") stages.ended();
      else stages.closed("reset");
      expect(said.at(-1)).toBe(end === "ended" ? "ended" : "closed reset");
      expect(bytes.length).toBe(CHUNK_SIZE);
      clock.polls = true;
      clock.run(0);
      expect(bytes.length).toBe(CHUNK_SIZE);
    }
  });

  test("goes to the stage that is current when its slice comes", () => {
    const { stages, clock, said } = ground(TURN_MS_MAX);
    clock.polls = false;
    stages.data(chunkOf(SLICE_SIZE * 3));
    const heard: number[] = [];
    stages.become({ data: (chunk) => heard.push(chunk.length), drained: () => {}, ended: () => {}, closed: () => {} });
    clock.polls = true;
    clock.run(0);
    expect(said).toEqual(["data 16", "pause", "resume"]);
    expect(heard).toEqual([SLICE_SIZE, SLICE_SIZE]);
  });
});

describe("Stages: what the slices of a chunk queue", () => {
  /** Each slice queues something, and so does a microtask behind it. */
  function writing(costMs: number) {
    const on = ground(costMs);
    const { clock, flusher, handler, said } = on;
    const out = { flushWaits: false, flush: () => said.push("flush") };
    const data = handler.data.bind(handler);
    handler.data = (chunk) => {
      flusher.enter();
      data(chunk);
      flusher.mark(out);
      flusher.leave();
      clock.soon(() => flusher.mark(out));
    };
    return on;
  }

  const LONG = SLICE_SIZE * 4 * HOLD_SLICES_MAX;

  test("of a short one is written after each", () => {
    const { stages, clock, said } = writing(0);
    stages.data(chunkOf(SLICE_SIZE * 2));
    clock.run(0);
    expect(said).toEqual(["data 16", "flush", "data 16", "flush", "flush"]);
  });

  test("of a long one is written together, with what their microtasks have queued", () => {
    const { stages, clock, said } = writing(0);
    stages.data(chunkOf(LONG));
    clock.run(0);
    const part = ["data 16", "data 16", "data 16", "flush"];
    expect(said).toEqual([...part, ...part, ...part, ...part, "flush"]);
  });

  test("waits for the microtasks of the last one", () => {
    const { stages, clock, said } = writing(0);
    stages.data(chunkOf(LONG + SLICE_SIZE));
    clock.run(0);
    expect(said.slice(-2)).toEqual(["data 16", "flush"]);
  });

  test("is not held back for longer than HOLD_MS_MAX", () => {
    const { stages, clock, said } = writing(HOLD_MS_MAX / 2);
    stages.data(chunkOf(LONG));
    clock.run(0);
    expect(said.slice(0, 6)).toEqual(["data 16", "data 16", "flush", "data 16", "data 16", "flush"]);
  });

  test("is written after each slice while much waits in the process", () => {
    const { stages, clock, said, budget } = writing(0);
    budget.usedSize = HOLD_SIZE_MAX + 1;
    stages.data(chunkOf(LONG));
    clock.run(0);
    expect(said.slice(0, 4)).toEqual(["data 16", "flush", "data 16", "flush"]);
  });

  test("is written before the rest waits for the next turn", () => {
    const { stages, clock, said } = writing(TURN_MS_MAX);
    clock.polls = false;
    stages.data(chunkOf(SLICE_SIZE * 2));
    expect(said).toEqual(["data 16", "flush", "pause"]);
  });

  test("is written though the conn ends between two slices", () => {
    const { stages, clock, said } = writing(0);
    stages.data(chunkOf(LONG));
    stages.closed("reset");
    expect(said.at(-1)).toBe("closed reset");
    clock.run(0);
    expect(said[said.indexOf("closed reset") + 1]).toBe("flush");
  });
});
