import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { LatencyHistogram } from "#bots/latency_histogram.ts";

const PERCENTS = [0, 1, 50, 90, 99, 99.9, 100];

/** The nearest rank of the values themselves. */
function exact(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1] ?? Number.NaN;
}

describe("LatencyHistogram", () => {
  test("says 0 of nothing, and forgets when it is cleared", () => {
    const histogram = new LatencyHistogram();
    const empty = [0, 0, 0];
    expect([histogram.count, histogram.maxMs, histogram.percentileMs(50)]).toEqual(empty);
    histogram.record(12);
    histogram.clear();
    expect([histogram.count, histogram.maxMs, histogram.percentileMs(50)]).toEqual(empty);
    histogram.record(3);
    expect([histogram.count, histogram.maxMs, histogram.percentileMs(50)]).toEqual([1, 3, 3]);
  });

  test("is exact to the microsecond below 256 of them, and for the greatest", () => {
    const histogram = new LatencyHistogram();
    for (let microseconds = 1; microseconds <= 200; microseconds += 1) histogram.record(microseconds / 1000);
    expect(PERCENTS.map((percent) => histogram.percentileMs(percent))).toEqual([
      0.001, 0.002, 0.1, 0.18, 0.198, 0.2, 0.2,
    ]);
    histogram.record(123.456);
    expect([histogram.maxMs, histogram.percentileMs(100)]).toEqual([123.456, 123.456]);
  });

  test("is never below and at most 1 part in 128 above, over eight powers of ten", () => {
    const random = seededRandom(7);
    const histogram = new LatencyHistogram();
    const values: number[] = [];
    for (let index = 0; index < 20_000; index += 1) {
      const durationMs = Math.round(10 ** (random.unit() * 8)) / 1000;
      values.push(durationMs);
      histogram.record(durationMs);
    }
    values.sort((a, b) => a - b);
    const bad = PERCENTS.map((percent) => ({
      percent,
      said: histogram.percentileMs(percent),
      is: exact(values, percent),
    })).filter(({ said, is }) => said < is || said > is * (1 + 1 / 128));
    expect(bad).toEqual([]);
  });

  test("has a bucket for every power of two, its neighbours, and what is beyond the greatest", () => {
    for (let power = 0; power <= 32; power += 1) {
      for (const microseconds of [2 ** power - 1, 2 ** power, 2 ** power + 1]) {
        const histogram = new LatencyHistogram();
        histogram.record(microseconds / 1000);
        const kept = Math.min(microseconds, 2 ** 32 - 1) / 1000;
        expect([microseconds, histogram.percentileMs(50)]).toEqual([microseconds, kept]);
      }
    }
  });

  test("takes a clock that went backwards for no time at all", () => {
    const histogram = new LatencyHistogram();
    histogram.record(-5);
    expect([histogram.count, histogram.maxMs]).toEqual([1, 0]);
  });
});
