import { describe, expect, test } from "#test";
import { BotFigures, countCode } from "#bots/bot_figures.ts";
import { LiveLine } from "#bots/live_line.ts";

describe("LiveLine", () => {
  test("says where the bots are, and what happened since the line before", () => {
    const figures = new BotFigures();
    const line = new LiveLine(figures, 1_000);
    for (let bot = 0; bot < 10; bot += 1) figures.moved(undefined, "resting");
    for (let bot = 0; bot < 6; bot += 1) figures.moved("resting", "online");
    figures.moved("resting", "queued");
    figures.moved("online", "resuming");
    figures.logins = 6;
    figures.replies = 40;
    for (let reply = 1; reply <= 40; reply += 1) figures.recent.record(reply);
    countCode(figures.errors, "DEADLINE");
    countCode(figures.errors, "DEADLINE");
    expect(line.next(3_000)).toBe(
      "2 s  online 5  queued 1  resuming 1  logins/s 3  requests/s 21  p50 20.1 ms  p99 40.0 ms  errors/s 1",
    );
    figures.replies = 45;
    figures.recent.record(7);
    expect(line.next(4_000)).toBe(
      "3 s  online 5  queued 1  resuming 1  logins/s 0  requests/s 5  p50 7.0 ms  p99 7.0 ms  errors/s 0",
    );
    expect(line.next(4_000)).toBe(
      "3 s  online 5  queued 1  resuming 1  logins/s 0  requests/s 0  p50 -  p99 -  errors/s 0",
    );
  });
});
