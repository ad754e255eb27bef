import { describe, expect, test } from "#test";
import {
  ASK_EVERY_MS,
  ASK_JITTER_MS,
  ASK_TRIES_MAX,
  ASKS_AT_ONCE_MAX,
  GATEWAYS_ASKED_MAX,
  RETRY_FIRST_MS,
  ShardAsks,
} from "#activity/shards/shard_asks.ts";
import type { Identity } from "#wire/identity.ts";
import { node } from "../../mesh/harness.ts";

function ids(gateways: readonly Identity[]): string[] {
  return gateways.map(({ id }) => id);
}

describe("ShardAsks", () => {
  test("a gateway is asked when it becomes reachable, and not again until long after its answer", () => {
    const asks = new ShardAsks();
    const one = node("gateway:1");
    expect([asks.nextMs(), asks.take(0)]).toEqual([undefined, []]);
    asks.reachable(one, 100);
    expect([asks.nextMs(), ids(asks.take(100)), ids(asks.take(1e9)), asks.nextMs()]).toEqual([
      100,
      ["gateway:1"],
      [],
      undefined,
    ]);
    asks.ended(one, "answered", { nowMs: 200, unit: 0.5 });
    const nextMs = 200 + ASK_EVERY_MS + ASK_JITTER_MS / 2;
    expect([asks.nextMs(), ids(asks.take(nextMs - 1)), ids(asks.take(nextMs))]).toEqual([nextMs, [], ["gateway:1"]]);
  });

  test("a failure is tried again, later each time, a bounded number of times; an answer forgets it", () => {
    const asks = new ShardAsks();
    const one = node("gateway:1");
    asks.reachable(one, 0);
    const delays: number[] = [];
    let nowMs = 0;
    for (let time = 0; time < ASK_TRIES_MAX + 1; time += 1) {
      asks.take(nowMs);
      asks.ended(one, "failed", { nowMs, unit: 0 });
      delays.push((asks.nextMs() ?? 0) - nowMs);
      nowMs = asks.nextMs() ?? 0;
    }
    expect(delays).toEqual([...[1, 2, 4, 8].map((times) => times * RETRY_FIRST_MS), ASK_EVERY_MS, RETRY_FIRST_MS]);
    asks.take(nowMs);
    asks.ended(one, "answered", { nowMs, unit: 0 });
    nowMs = asks.nextMs() ?? 0;
    asks.take(nowMs);
    asks.ended(one, "failed", { nowMs, unit: 0 });
    expect(asks.nextMs()).toBe(nowMs + RETRY_FIRST_MS);
  });

  test("no more than so many are asked at once; the others follow, the longest due first", () => {
    const asks = new ShardAsks();
    const all = Array.from({ length: ASKS_AT_ONCE_MAX + 2 }, (_, index) => node(`gateway:${index + 1}`));
    for (const [index, gateway] of all.entries()) asks.reachable(gateway, 100 - index);
    const first = asks.take(100);
    expect([first.length, asks.take(100), asks.nextMs()]).toEqual([ASKS_AT_ONCE_MAX, [], undefined]);
    asks.ended(first[0] ?? node("gateway:1"), "answered", { nowMs: 100, unit: 0 });
    expect(ids(asks.take(100))).toEqual(["gateway:2"]);
  });

  test("who is gone is not asked, and whoever comes back is asked at once", () => {
    const asks = new ShardAsks();
    const before = node("gateway:1", { boot: "aa".repeat(16) });
    const after = node("gateway:1", { boot: "bb".repeat(16) });
    asks.reachable(before, 0);
    asks.take(0);
    asks.unreachable(before);
    expect(asks.nextMs()).toBe(undefined);
    asks.reachable(after, 50);
    // What the old process says or does no longer counts.
    asks.ended(before, "answered", { nowMs: 60, unit: 0 });
    asks.unreachable(before);
    expect([asks.nextMs(), asks.take(60)]).toEqual([50, [after]]);
  });

  test("questions to those who are gone still count until they have ended", () => {
    const asks = new ShardAsks();
    const all = Array.from({ length: ASKS_AT_ONCE_MAX }, (_, index) => node(`gateway:${index + 1}`));
    for (const gateway of all) asks.reachable(gateway, 0);
    asks.take(0);
    for (const gateway of all) asks.unreachable(gateway);
    asks.reachable(node("gateway:99"), 0);
    expect(asks.take(0)).toEqual([]);
    for (const gateway of all) asks.ended(gateway, "failed", { nowMs: 0, unit: 0 });
    expect(ids(asks.take(0))).toEqual(["gateway:99"]);
  });

  test("beyond its bound a gateway is not taken", () => {
    const asks = new ShardAsks();
    const taken = Array.from({ length: GATEWAYS_ASKED_MAX + 1 }, (_, index) =>
      asks.reachable(node(`gateway:${index + 1}`), 0),
    );
    expect(taken.filter((one) => !one).length).toBe(1);
    expect(asks.reachable(node("gateway:1"), 0)).toBe(true);
  });
});
