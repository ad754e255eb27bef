/**
 * fanOut: order, bound, failure.
 */

import { FAN_OUT_MAX, fanOut } from "#admin/fan_out.ts";
import { describe, expect, test } from "#test";

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

describe("fanOut()", () => {
  test("keeps the order of what was asked, whoever answers first", async () => {
    const answers = new Map<number, () => void>();
    const asked = fanOut([1, 2, 3], (item) => new Promise<number>((done) => answers.set(item, () => done(item * 10))));
    for (const item of [3, 1, 2]) answers.get(item)?.();
    expect(await asked).toEqual([10, 20, 30]);
  });

  test("asks everybody once, and never more than its limit at a time", async () => {
    const items = Array.from({ length: 3 * FAN_OUT_MAX + 1 }, (_, index) => index);
    const waiting: (() => void)[] = [];
    const seen: number[] = [];
    let most = 0;
    const asked = fanOut(items, (item) => {
      seen.push(item);
      return new Promise<void>((done) => {
        waiting.push(done);
        most = Math.max(most, waiting.length);
      });
    });
    for (let turn = 0; turn < items.length; turn += 1) {
      waiting.shift()?.();
      await settle();
    }
    expect((await asked).length).toBe(items.length);
    expect(seen).toEqual(items);
    expect(most).toBe(FAN_OUT_MAX);
  });

  test("asks nobody for nothing", async () => {
    expect(await fanOut([], () => Promise.reject(new Error("was asked")))).toEqual([]);
  });

  test("fails as the first that fails, and leaves no rejection behind", async () => {
    const fails: ((error: Error) => void)[] = [];
    const asked = fanOut([1, 2], () => new Promise<never>((_, fail) => fails.push(fail)));
    const outcome = asked.catch((error: unknown) => (error as Error).message);
    fails[1]?.(new Error("second"));
    fails[0]?.(new Error("first"));
    expect(await outcome).toBe("second");
  });
});
