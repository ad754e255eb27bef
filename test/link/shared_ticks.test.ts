/** Ticks of many links: who shares a timer with whom, and when each comes. */

import { describe, expect, test } from "#test";
import { GROUP_SIZE_MAX, JOIN_PART, SharedTicks } from "#link/shared_ticks.ts";
import { FakeClock } from "./fake_clock.ts";

const INTERVAL_MS = 1_000;

describe("SharedTicks", () => {
  test("ticks once in every interval, until it is cancelled", () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    const timer = new SharedTicks(clock).every(INTERVAL_MS, () => seen.push(clock.nowMs()));
    clock.run(3_500);
    timer.cancel();
    clock.run(3_000);
    expect(seen).toEqual([1_000, 2_000, 3_000]);
    expect(clock.timerCount).toBe(0);
  });

  test("those that begin shortly after each other share a timer, later ones and other intervals do not", () => {
    const clock = new FakeClock();
    const ticks = new SharedTicks(clock);
    const seen: [string, number][] = [];
    const begin = (name: string, intervalMs = INTERVAL_MS) =>
      ticks.every(intervalMs, () => seen.push([name, clock.nowMs()]));
    begin("first");
    begin("slow", 2 * INTERVAL_MS);
    clock.run(INTERVAL_MS * JOIN_PART);
    begin("joins");
    clock.run(1);
    begin("too late");
    expect(ticks.groupCount).toBe(3);
    clock.run(INTERVAL_MS * (1 - JOIN_PART) + 500);
    const late = INTERVAL_MS * (1 + JOIN_PART) + 1;
    expect(seen).toEqual([
      ["first", INTERVAL_MS],
      ["joins", INTERVAL_MS],
      ["too late", late],
    ]);
  });

  test("a group takes GROUP_SIZE_MAX, the next one begins another", () => {
    const ticks = new SharedTicks(new FakeClock());
    for (let index = 0; index < GROUP_SIZE_MAX; index += 1) ticks.every(INTERVAL_MS, () => {});
    expect(ticks.groupCount).toBe(1);
    ticks.every(INTERVAL_MS, () => {});
    expect(ticks.groupCount).toBe(2);
  });

  test("waits for a poll, and the next tick comes an interval after that", () => {
    const clock = new FakeClock();
    const seen: number[] = [];
    new SharedTicks(clock).every(INTERVAL_MS, () => seen.push(clock.nowMs()));
    clock.polls = false;
    clock.run(1_700);
    expect(seen).toEqual([]);
    clock.polls = true;
    clock.run(1_000);
    expect(seen).toEqual([1_700, 2_700]);
  });

  test("who is cancelled by another of the same turn does not tick; who begins in it waits for the next", () => {
    const clock = new FakeClock();
    const ticks = new SharedTicks(clock);
    const seen: string[] = [];
    ticks.every(INTERVAL_MS, () => {
      seen.push("first");
      if (seen.length > 1) return;
      second.cancel();
      ticks.every(INTERVAL_MS, () => seen.push("third"));
    });
    const second = ticks.every(INTERVAL_MS, () => seen.push("second"));
    clock.run(INTERVAL_MS);
    expect(seen).toEqual(["first"]);
    clock.run(INTERVAL_MS);
    expect(seen.toSorted()).toEqual(["first", "first", "third"]);
  });

  test("the last one that is cancelled from inside its tick takes the timer along", () => {
    const clock = new FakeClock();
    const ticks = new SharedTicks(clock);
    const only = ticks.every(INTERVAL_MS, () => only.cancel());
    clock.run(INTERVAL_MS);
    expect([ticks.groupCount, clock.timerCount]).toEqual([0, 0]);
  });
});
