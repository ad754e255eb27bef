/** The small pure machines of time: silence, standing still, whose turn it is to ping, ping times, backoff, log limit. */

import { describe, expect, test } from "#test";
import type { LogData } from "#base/log.ts";
import { attemptsAfterUp, backoffMs, connectLimitMs } from "#link/backoff.ts";
import { PINGS_SPARED_MAX, PingTurn, SilenceWatch, StallWatch } from "#link/heartbeat.ts";
import { LogLimit } from "#link/log_limit.ts";
import { PingTimes } from "#link/ping_times.ts";
import type { Heartbeat } from "#wire/heartbeat.ts";
import { FakeClock } from "./fake_clock.ts";

describe("SilenceWatch", () => {
  test("is silent after two ticks in a row without a byte", () => {
    const table: readonly (readonly [number[], string[]])[] = [
      [
        [10, 10],
        ["quiet", "silent"],
      ],
      [
        [11, 12, 13],
        ["alive", "alive", "alive"],
      ],
      [
        [10, 11, 11, 12, 12, 12],
        ["quiet", "alive", "quiet", "alive", "quiet", "silent"],
      ],
    ];
    for (const [sizes, wish] of table) {
      const watch = new SilenceWatch(10);
      expect(sizes.map((size) => watch.tick(size))).toEqual(wish as ("alive" | "quiet" | "silent")[]);
    }
  });
});

describe("StallWatch", () => {
  test("is true when bytes wait and none was taken for 10 s of ticks", () => {
    const watch = new StallWatch(1_000);
    expect(watch.tick(100, 5)).toBe(false);
    expect(Array.from({ length: 10 }, () => watch.tick(100, 5))).toEqual([
      ...Array.from({ length: 9 }, () => false),
      true,
    ]);
  });

  test("starts again with every byte that is taken and when nothing waits", () => {
    const watch = new StallWatch(1_000);
    for (let index = 0; index < 9; index += 1) watch.tick(100, 5);
    expect(watch.tick(101, 4)).toBe(false);
    for (let index = 0; index < 9; index += 1) expect(watch.tick(101, 4)).toBe(false);
    expect(watch.tick(101, 0)).toBe(false);
    for (let index = 0; index < 9; index += 1) expect(watch.tick(101, 4)).toBe(false);
    expect(watch.tick(101, 4)).toBe(true);
  });
});

describe("PingTurn", () => {
  test("of an end that may not spare any pings at every tick", () => {
    const turn = new PingTurn({ maySpare: false });
    turn.answered();
    expect([turn.tick(), turn.tick()]).toEqual(["ping", "ping"]);
  });

  test("of an end that may spares the tick after a ping that it answered, and no other", () => {
    const turn = new PingTurn({ maySpare: true });
    const seen: string[] = [turn.tick()];
    turn.answered();
    turn.answered();
    seen.push(turn.tick(), turn.tick());
    turn.answered();
    seen.push(turn.tick());
    expect(seen).toEqual(["ping", "spare", "ping", "spare"]);
  });

  test("pings at least once in PINGS_SPARED_MAX + 1 ticks", () => {
    const turn = new PingTurn({ maySpare: true });
    const seen = Array.from({ length: 2 * PINGS_SPARED_MAX + 2 }, () => {
      turn.answered();
      return turn.tick();
    });
    const round = [...Array.from({ length: PINGS_SPARED_MAX }, () => "spare" as const), "ping" as const];
    expect(seen).toEqual([...round, ...round]);
  });
});

describe("PingTimes", () => {
  const pong = (sequence: number, clusterMs: number): Heartbeat => ({
    sequence,
    clusterMs,
    echoMs: 0,
    saidDigest: 0n,
    appliedDigest: 0n,
  });

  test("gives round trip and offset, half of the way assumed for each direction", () => {
    const times = new PingTimes(1_000);
    expect([times.rttMs, times.offsetMs]).toEqual([undefined, undefined]);
    const sequence = times.sent(100);
    times.answered(pong(sequence, 5_000), 140);
    expect([times.rttMs, times.offsetMs]).toEqual([40, 4_880]);
  });

  test("ignores answers to nothing, second answers and very late ones", () => {
    const times = new PingTimes(1_000);
    times.answered(pong(1, 5_000), 1);
    times.answered(pong(0xffff_ffff, 5_000), 1);
    expect(times.rttMs).toBeUndefined();
    const first = times.sent(100);
    times.answered(pong(first, 5_000), 110);
    times.answered(pong(first, 5_000), 900);
    expect(times.rttMs).toBe(10);
    const early = times.sent(1_000);
    for (let index = 0; index < 8; index += 1) times.sent(2_000);
    times.answered(pong(early, 5_000), 3_000);
    expect(times.rttMs).toBe(10);
  });

  test("believes the fastest of the last eight answers about the clock, and follows a clock that was set", () => {
    const times = new PingTimes(1_000);
    times.answered(pong(times.sent(0), 5_000), 400);
    expect(times.offsetMs).toBe(4_800);
    times.answered(pong(times.sent(1_000), 6_000), 1_002);
    expect(times.offsetMs).toBe(4_999);
    const set: (number | undefined)[] = [];
    for (let index = 0; index < 8; index += 1) {
      const sentMs = 2_000 + index * 1_000;
      times.answered(pong(times.sent(sentMs), sentMs + 60_000), sentMs + 50);
      set.push(times.offsetMs);
    }
    expect(set).toEqual([...Array.from({ length: 7 }, () => 4_999), 59_975]);
  });

  test("does not believe a clock that was asked across a pause", () => {
    const times = new PingTimes(1_000);
    times.answered(pong(times.sent(0), 1_000), 10);
    const { offsetMs } = times;
    times.answered(pong(times.sent(1_000), 2_000), 9_000);
    expect([times.rttMs, times.offsetMs]).toEqual([8_000, offsetMs]);
  });
});

describe("Backoff", () => {
  test("doubles its bound from 50 ms to 1 s and draws from all of it", () => {
    const bounds = [1, 2, 3, 4, 5, 6, 7, 1_000_000].map((attempt) =>
      backoffMs({ attempt, unit: 1, hurryMs: undefined }),
    );
    expect(bounds).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
    expect(backoffMs({ attempt: 3, unit: 0, hurryMs: undefined })).toBe(0);
    expect(backoffMs({ attempt: 3, unit: 0.25, hurryMs: undefined })).toBe(50);
  });

  test("is the pace at most in a hurry, and so is the time to connect at first", () => {
    expect(backoffMs({ attempt: 20, unit: 1, hurryMs: 250 })).toBe(250);
    expect(backoffMs({ attempt: 20, unit: 0, hurryMs: 250 })).toBe(125);
    expect([
      connectLimitMs(3_000, { hurryMs: undefined, attempt: 0 }),
      connectLimitMs(3_000, { hurryMs: 250, attempt: 0 }),
      connectLimitMs(3_000, { hurryMs: 25, attempt: 0 }),
      connectLimitMs(3_000, { hurryMs: 15_000, attempt: 0 }),
    ]).toEqual([3_000, 250, 50, 3_000]);
  });

  test("gives a hurried connection twice the time at each attempt up to four paces, so that a long way is no death", () => {
    const limits = [0, 1, 2, 3, 4, 1_000_000].map((attempt) => connectLimitMs(3_000, { hurryMs: 250, attempt }));
    expect(limits).toEqual([250, 500, 1_000, 1_000, 1_000, 1_000]);
  });

  test("starts again after a link that was up for 10 s, not after one that flapped", () => {
    expect([attemptsAfterUp(7, 9_999), attemptsAfterUp(7, 10_000)]).toEqual([7, 0]);
  });
});

describe("LogLimit", () => {
  test("says one line per reason in 10 s and how many it left out", () => {
    const clock = new FakeClock();
    const lines: LogData[] = [];
    const nothing = (): void => {};
    const limit = new LogLimit({
      clock,
      log: { debug: nothing, info: nothing, error: nothing, warn: (_phrase, data = {}) => lines.push(data) },
    });
    for (let index = 0; index < 5; index += 1) limit.warn("conn refused", { reason: "bad_magic" });
    limit.warn("conn refused", { reason: "bad_size" });
    clock.run(10_000);
    limit.warn("conn refused", { reason: "bad_magic" });
    expect(lines).toEqual([{ reason: "bad_magic" }, { reason: "bad_size" }, { reason: "bad_magic", leftOut: 4 }]);
  });
});
