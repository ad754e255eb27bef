import { describe, expect, test } from "#test";
import { SLICE_SIZE, Stages, TURN_MS_MAX } from "#link/stages.ts";
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
  const stages = new Stages(handler, { conn, clock, yielded: () => (yieldCount += 1) });
  return { clock, said, bytes, stages, yields: () => yieldCount };
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
