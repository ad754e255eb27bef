/** When queued bytes are written: once per chunk that came in, else once per microtask. */

import { describe, expect, test } from "#test";
import type { Flushable } from "#link/flusher.ts";
import { Flusher } from "#link/flusher.ts";
import { FakeClock } from "./fake_clock.ts";

class Counting implements Flushable {
  flushWaits = false;
  flushCount = 0;
  behind: (() => void) | undefined;
  flush(): void {
    this.flushCount += 1;
    const { behind } = this;
    this.behind = undefined;
    behind?.();
  }
}

describe("Flusher", () => {
  test("flushes each once in a microtask, however often it was marked", () => {
    const clock = new FakeClock();
    const flusher = new Flusher(clock);
    const [a, b] = [new Counting(), new Counting()];
    for (let index = 0; index < 5; index += 1) {
      flusher.mark(a);
      flusher.mark(b);
    }
    expect([a.flushCount, b.flushCount]).toEqual([0, 0]);
    clock.run(0);
    expect([a.flushCount, b.flushCount]).toEqual([1, 1]);
    flusher.mark(a);
    clock.run(0);
    expect([a.flushCount, b.flushCount]).toEqual([2, 1]);
  });

  test("flushes at the end of the outermost chunk, without a microtask", () => {
    const clock = new FakeClock();
    const flusher = new Flusher(clock);
    const one = new Counting();
    flusher.enter();
    flusher.mark(one);
    flusher.enter();
    flusher.mark(one);
    flusher.leave();
    expect(one.flushCount).toBe(0);
    flusher.leave();
    expect(one.flushCount).toBe(1);
    clock.run(0);
    expect(one.flushCount).toBe(1);
  });

  test("takes in who is marked while it flushes, itself included", () => {
    const clock = new FakeClock();
    const flusher = new Flusher(clock);
    const [a, b] = [new Counting(), new Counting()];
    a.behind = () => {
      flusher.mark(b);
      flusher.mark(a);
    };
    flusher.mark(a);
    clock.run(0);
    expect([a.flushCount, b.flushCount]).toEqual([2, 1]);
  });

  test("waits for who has entered while it flushes", () => {
    const clock = new FakeClock();
    const flusher = new Flusher(clock);
    const [a, b] = [new Counting(), new Counting()];
    a.behind = () => flusher.enter();
    flusher.mark(a);
    clock.run(0);
    flusher.mark(b);
    clock.run(0);
    expect([a.flushCount, b.flushCount]).toEqual([1, 0]);
    flusher.leave();
    expect(b.flushCount).toBe(1);
  });
});
