import { describe, expect, test } from "#test";
import { Pace, REQUESTS_BURST, REQUESTS_PER_S, REQUEST_SIZE_BURST, REQUEST_SIZE_PER_S } from "#client/pace.ts";

describe("Pace", () => {
  test("says exactly when the next may go, and lets it go then", () => {
    const pace = new Pace();
    pace.reset(0);
    for (let count = 0; count < REQUESTS_BURST; count += 1) expect(pace.take(10, 0)).toBe(true);
    let nowMs = 0;
    for (let count = 0; count < 1_000; count += 1) {
      expect(pace.take(10, nowMs)).toBe(false);
      nowMs = pace.readyAtMs(10);
      expect(pace.take(10, nowMs)).toBe(true);
    }
    expect(Math.round(nowMs)).toBe((1_000 / REQUESTS_PER_S) * 1_000);
  });

  test("bytes have a bound of their own", () => {
    const pace = new Pace();
    pace.reset(0);
    expect(pace.take(REQUEST_SIZE_BURST, 0)).toBe(true);
    expect(pace.readyAtMs(REQUEST_SIZE_PER_S)).toBe(1_000);
  });

  test("a rest fills no more than a burst", () => {
    const pace = new Pace();
    pace.reset(0);
    let count = 0;
    while (pace.take(1, 3_600_000)) count += 1;
    expect(count).toBe(REQUESTS_BURST);
  });
});
