import { describe, expect, test } from "#test";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { TimerWheel, WHEEL_TICK_MS } from "#rpc/timer_wheel.ts";
import { FakeClock } from "../mesh/harness.ts";

interface Fired {
  readonly entry: number;
  readonly atMs: number;
}

function wheel(options: { capacity?: number; startMs?: number; onFire?: (entry: number) => void } = {}): {
  wheel: TimerWheel;
  clock: FakeClock;
  fired: Fired[];
} {
  const clock = new FakeClock(options.startMs ?? 0);
  const fired: Fired[] = [];
  const made = new TimerWheel({
    clock,
    capacity: options.capacity ?? 16,
    fire: (entry) => {
      fired.push({ entry, atMs: clock.nowMs() });
      options.onFire?.(entry);
    },
  });
  return { wheel: made, clock, fired };
}

describe("TimerWheel", () => {
  test("fires not before the time and less than a tick after it, wherever the clock stood", () => {
    for (let startMs = 0; startMs < 20; startMs += 0.7) {
      for (const delayMs of [0.1, 1, 9.9, 10, 11, 25, 95.5]) {
        const { wheel: timers, clock, fired } = wheel({ startMs });
        timers.set(3, startMs + delayMs);
        clock.advance(200);
        expect(fired.map(({ entry }) => entry)).toEqual([3]);
        const lateMs = (fired[0]?.atMs ?? 0) - (startMs + delayMs);
        expect([startMs, delayMs, lateMs >= -1e-9 && lateMs <= WHEEL_TICK_MS + 1e-6, lateMs]).toEqual([
          startMs,
          delayMs,
          true,
          lateMs,
        ]);
      }
    }
  });

  test("fires a time that is over at the next tick", () => {
    const { wheel: timers, clock, fired } = wheel({ startMs: 1000 });
    timers.set(0, 10);
    clock.advance(WHEEL_TICK_MS);
    expect(fired).toEqual([{ entry: 0, atMs: 1010 }]);
  });

  test("never fires what was cleared, and the entry can be set again", () => {
    const { wheel: timers, clock, fired } = wheel();
    timers.set(1, 50);
    timers.set(2, 50);
    timers.clear(1);
    timers.clear(1);
    timers.set(1, 90);
    clock.advance(200);
    expect(fired).toEqual([
      { entry: 2, atMs: 50 },
      { entry: 1, atMs: 90 },
    ]);
  });

  test("an entry cannot be set twice", () => {
    const { wheel: timers } = wheel();
    timers.set(1, 50);
    expect(() => timers.set(1, 60)).toThrow("timer wheel: entry is set already");
  });

  test("keeps the times of one bucket apart that are turns away", () => {
    const turnMs = 512 * WHEEL_TICK_MS;
    const { wheel: timers, clock, fired } = wheel();
    for (const turns of [3, 0, 2, 1]) timers.set(turns, 100 + turns * turnMs);
    clock.advance(4 * turnMs);
    expect(fired).toEqual([0, 1, 2, 3].map((turns) => ({ entry: turns, atMs: 100 + turns * turnMs })));
  });

  test("after a pause of many turns everything that is due fires at once, in one go, and nothing else", () => {
    const { wheel: timers, clock, fired } = wheel({ capacity: 4 });
    timers.set(0, 20);
    timers.set(1, 5000);
    timers.set(2, 60_000);
    timers.set(3, 90_000);
    clock.freeze(70_000);
    clock.advance(0);
    expect(fired.toSorted((a, b) => a.entry - b.entry)).toEqual([
      { entry: 0, atMs: 70_000 },
      { entry: 1, atMs: 70_000 },
      { entry: 2, atMs: 70_000 },
    ]);
    clock.advance(20_000);
    expect(fired.at(-1)).toEqual({ entry: 3, atMs: 90_000 });
  });

  test("an entry set after a long idle time is not taken for an old one", () => {
    const { wheel: timers, clock, fired } = wheel();
    timers.set(0, 10);
    clock.advance(100);
    clock.advance(3_600_000);
    timers.set(0, 3_600_150);
    clock.advance(40);
    expect(fired.length).toEqual(1);
    clock.advance(10);
    expect(fired.at(-1)).toEqual({ entry: 0, atMs: 3_600_150 });
  });

  test("runs a timer only while there are entries", () => {
    const { wheel: timers, clock } = wheel();
    expect(clock.pending).toEqual(0);
    timers.set(0, 1000);
    timers.set(1, 2000);
    expect(clock.pending).toEqual(1);
    timers.clear(0);
    timers.clear(1);
    clock.advance(WHEEL_TICK_MS);
    expect(clock.pending).toEqual(0);
  });

  test("growing keeps what is set", () => {
    const { wheel: timers, clock, fired } = wheel({ capacity: 2 });
    timers.set(0, 30);
    timers.set(1, 6000);
    timers.grow(64);
    timers.set(63, 30);
    timers.clear(0);
    clock.advance(6000);
    expect(fired).toEqual([
      { entry: 63, atMs: 30 },
      { entry: 1, atMs: 6000 },
    ]);
  });

  test("what fires may clear its neighbours and set new ones", () => {
    const holder: { timers?: TimerWheel } = {};
    const {
      wheel: timers,
      clock,
      fired,
    } = wheel({
      onFire: (entry) => {
        if (entry < 2) holder.timers?.clear(1 - entry);
        if (entry < 2) holder.timers?.set(5, 0);
      },
    });
    holder.timers = timers;
    timers.set(0, 50);
    timers.set(1, 50);
    clock.advance(100);
    expect(fired.length).toEqual(2);
    expect(fired[1]).toEqual({ entry: 5, atMs: 60 });
  });

  test("a stopped one fires nothing", () => {
    const { wheel: timers, clock, fired } = wheel();
    timers.set(0, 50);
    timers.stop();
    clock.advance(1000);
    expect(fired).toEqual([]);
    expect(clock.pending).toEqual(0);
  });

  test("does what a naive list does, under random sequences with pauses", () => {
    for (let seed = 1; seed <= 60; seed += 1) naive(seededRandom(seed), seed);
  });
});

/** Against a list that is searched each time: when each entry is due, and when it has to have fired. */
function naive(random: Random, seed: number): void {
  const due = new Map<number, { readonly atMs: number; readonly byMs: number }>();
  const { wheel: timers, clock } = wheel({
    capacity: 32,
    startMs: random.unit() * 10_000,
    onFire: (entry) => {
      const times = due.get(entry);
      expect([seed, entry, times !== undefined && clock.nowMs() >= times.atMs]).toEqual([seed, entry, true]);
      due.delete(entry);
    },
  });
  let size = 32;
  for (let step = 0; step < 400; step += 1) {
    const entry = randomIndex(random, size);
    const chance = random.unit();
    if (chance < 0.45) {
      if (due.has(entry)) continue;
      const atMs = clock.nowMs() + random.unit() * (random.unit() < 0.1 ? 30_000 : 300) - 20;
      due.set(entry, { atMs, byMs: Math.max(atMs, clock.nowMs()) + WHEEL_TICK_MS });
      timers.set(entry, atMs);
    } else if (chance < 0.6) {
      due.delete(entry);
      timers.clear(entry);
    } else if (chance < 0.62) {
      size += 16;
      timers.grow(size);
    } else {
      if (chance > 0.97) clock.freeze(random.unit() * 20_000);
      clock.advance(random.unit() * 60);
      for (const [late, { byMs }] of due) {
        expect([seed, late, byMs + 1e-6 >= clock.nowMs()]).toEqual([seed, late, true]);
      }
    }
  }
  clock.advance(40_000);
  expect([seed, due.size]).toEqual([seed, 0]);
}
