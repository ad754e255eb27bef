import { describe, expect, test } from "#test";
import { Histogram, binned, median, peakOverMean, percentile } from "./stats.ts";

describe("median", () => {
  test("is the middle one whatever the order, and half way between two", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 1, 2, 4])).toBe(3);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });

  test("leaves what it was given as it was", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("percentile", () => {
  test("goes from the least to the largest, linear in between", () => {
    const values = [40, 10, 30, 20];
    expect(percentile(values, 0)).toBe(10);
    expect(percentile(values, 100)).toBe(40);
    expect(percentile(values, 50)).toBe(25);
    expect(percentile(values, 90)).toBeCloseTo(37, 9);
  });
});

describe("Histogram", () => {
  test("answers the time that so many samples do not exceed", () => {
    const histogram = new Histogram();
    for (let time = 1; time <= 100; time += 1) histogram.add(time + 0.5);
    expect(histogram.count).toBe(100);
    expect(histogram.percentile(50)).toBe(50);
    expect(histogram.percentile(99)).toBe(99);
    expect(histogram.percentile(100)).toBe(100);
    expect(histogram.percentile(0)).toBe(1);
  });

  test("keeps what is too large in its last bin, and knows nothing of nothing", () => {
    const histogram = new Histogram();
    expect(histogram.percentile(50)).toBeNaN();
    histogram.add(1e9);
    histogram.add(-1);
    expect(histogram.percentile(100)).toBe((1 << 18) - 1);
    expect(histogram.percentile(50)).toBe(0);
  });
});

describe("binned", () => {
  test("counts per interval, empty ones too, and leaves out what is outside", () => {
    const times = [999, 1000, 1999, 2000, 4500, 5000];
    expect(binned(times, { fromMs: 1000, toMs: 4600, binMs: 1000 })).toEqual([2, 1, 0, 1]);
  });

  test("peakOverMean compares the largest with the mean", () => {
    expect(peakOverMean([2, 1, 0, 1])).toBe(2);
    expect(peakOverMean([])).toBeNaN();
  });
});
