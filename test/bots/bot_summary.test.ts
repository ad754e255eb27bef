import { describe, expect, test } from "#test";
import { BotFigures, countCode } from "#bots/bot_figures.ts";
import { summaryOf, summaryText } from "#bots/bot_summary.ts";

const RUN = { bots: 3, seed: 9, durationMs: 12_345.6 };

describe("summaryOf() and summaryText()", () => {
  test("give all counts, errors by code, and percentiles", () => {
    const figures = new BotFigures();
    Object.assign(figures, { logins: 4, loginsAfterLoss: 1, resumes: 2, cuts: 2, logouts: 1, pushes: 7 });
    Object.assign(figures, { requests: 106, replies: 101, carried: 1, unanswered: 1 });
    for (const code of ["NO_ROUTE", "DEADLINE", "DEADLINE", "OVERLOADED"]) countCode(figures.errors, code);
    countCode(figures.ends, "full");
    for (let ms = 1; ms <= 100; ms += 1) figures.request.record(ms / 10);
    figures.login.record(2);
    const summary = summaryOf(figures, RUN);
    const nothing = { count: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 };
    expect(summary).toEqual({
      ...RUN,
      durationMs: 12_346,
      ...{ logins: 4, loginsAfterLoss: 1, resumes: 2, cuts: 2, logouts: 1, pushes: 7 },
      ...{ requests: 106, replies: 101, carried: 1, unanswered: 1 },
      errors: { DEADLINE: 2, NO_ROUTE: 1, OVERLOADED: 1 },
      ends: { full: 1 },
      login: { count: 1, p50Ms: 2, p90Ms: 2, p99Ms: 2, p999Ms: 2, maxMs: 2 },
      resume: nothing,
      request: expect.objectContaining({ count: 100, maxMs: 10 }),
    });
    expect(Object.keys(summary.errors)).toEqual(["DEADLINE", "NO_ROUTE", "OVERLOADED"]);
    expect(summaryText(summary)).toBe(
      [
        "3 bots, 12.3 s, seed 9",
        "  logins 4, of them after a loss 1; logouts 1; cuts 2; resumes 2",
        "  requests 106: replies 101, of them after a cut 1; errors 4; unanswered 1",
        "  pushes 7",
        "  errors by code: DEADLINE 2, NO_ROUTE 1, OVERLOADED 1",
        "  connections ended by others: full 1",
        "  ms           count       p50       p90       p99     p99.9       max",
        "  login            1       2.0       2.0       2.0       2.0       2.0",
        "  resume           0         -         -         -         -         -",
        "  request        100       5.0       9.0       9.9      10.0      10.0",
      ].join("\n"),
    );
  });

  test("say that there were no errors", () => {
    const lines = summaryText(summaryOf(new BotFigures(), RUN)).split("\n");
    expect(lines.slice(4, 6)).toEqual(["  errors by code: none", "  connections ended by others: none"]);
  });
});
