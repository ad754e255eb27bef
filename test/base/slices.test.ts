import { SLICE_MS, Slices } from "#base/slices.ts";
import { describe, expect, test } from "#test";
import { ManualClock } from "../store/manual_clock.ts";

describe("Slices", () => {
  test("waits for a poll when a slice is over, and not before", async () => {
    const clock = new ManualClock();
    clock.holdsPolls = true;
    const slices = new Slices(clock);
    clock.advance(SLICE_MS - 1);
    await slices.pause();
    expect(clock.waitingForPoll).toBe(0);
    clock.advance(1);
    let isOver = false;
    const paused = slices.pause().then(() => {
      isOver = true;
    });
    await Promise.resolve();
    expect([isOver, clock.waitingForPoll]).toEqual([false, 1]);
    clock.poll();
    await paused;
    await slices.pause();
    expect(clock.waitingForPoll).toBe(0);
  });
});
