import { describe, expect, test } from "#test";
import { Lanes, LANES_AT_ONCE_MAX } from "#delivery/lanes.ts";

const DONE = { kind: "went", left: { pending: false, comparing: "no" }, nowMs: 50 } as const;

function lanesOf(count: number): Lanes {
  const lanes = new Lanes();
  for (let home = 1; home <= count; home += 1) {
    lanes.event(home, { kind: "found", nowMs: 0 });
    lanes.event(home, { kind: "reachable", boot: `b${home}`, nowMs: count - home });
  }
  return lanes;
}

describe("Lanes", () => {
  test("gives turns to the longest due first, at most so many at once", () => {
    const lanes = lanesOf(LANES_AT_ONCE_MAX + 2);
    const first = lanes.take(100).map(({ home }) => home);
    expect([first.length, first[0], first.includes(2)]).toEqual([LANES_AT_ONCE_MAX, LANES_AT_ONCE_MAX + 2, false]);
    expect([lanes.take(100), lanes.nextMs()]).toEqual([[], undefined]);
    lanes.event(first[0] ?? 0, DONE);
    expect(lanes.nextMs()).toBe(LANES_AT_ONCE_MAX);
    expect(lanes.take(100)).toEqual([{ home: 2, work: { pending: true, comparing: "first" } }]);
  });

  test("one that has more goes behind the others that are due", () => {
    const lanes = lanesOf(LANES_AT_ONCE_MAX + 1);
    lanes.take(100);
    lanes.event(5, { kind: "went", left: { pending: true, comparing: "no" }, nowMs: 100 });
    expect(lanes.take(100).map(({ home }) => home)).toEqual([1]);
    lanes.event(6, DONE);
    expect(lanes.take(100)).toEqual([{ home: 5, work: { pending: true, comparing: "no" } }]);
  });

  test("one that backs off has its turn when that is over", () => {
    const lanes = lanesOf(1);
    lanes.take(0);
    lanes.event(1, { kind: "failed", error: "x", unit: 0.5, nowMs: 1_000 });
    expect([lanes.nextMs(), lanes.take(1_099), lanes.take(1_100).length]).toEqual([1_100, [], 1]);
  });

  test("knows those that wait for their center; a lane nobody has spoken of is idle", () => {
    const lanes = lanesOf(2);
    lanes.event(2, { kind: "unreachable", nowMs: 1 });
    lanes.event(9, { kind: "found", nowMs: 1 });
    expect([lanes.unreachable(), lanes.lane(3).state]).toEqual([[2, 9], { kind: "idle" }]);
  });
});
