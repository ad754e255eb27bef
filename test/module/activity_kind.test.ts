import { describe, expect, test } from "#test";
import { highest } from "#activity/ranks/rank_order.ts";
import type { RewardAsk } from "#activity/kind_hooks.ts";
import { activity } from "#module/activity_kind.ts";
import { hooksOf, KIND_ISSUE_LENGTH_MAX, KIND_ISSUES_MAX } from "#module/kind_code.ts";
import * as v from "valibot";
import { opened, scheduled } from "../activity/fixture.ts";

const config = v.object({});
const REWARDING = ["open", "settling", "reward", "closed"] as const;
const TERM = "ab".repeat(16);

function faultOf(declare: () => unknown): string {
  try {
    declare();
    return "none";
  } catch (error) {
    return error instanceof TypeError ? error.message.replace("Cannot declare activity kind x: ", "") : "another";
  }
}

describe("activity()", () => {
  test("refuses hooks without what they need, and says what", () => {
    const rank = { damage: highest };
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`r${index}`, highest]));
    const reward = (): undefined => undefined;
    expect([
      faultOf(() => activity("x", { config, report: v.number() })),
      faultOf(() => activity("x", { config, onReport: () => undefined })),
      faultOf(() => activity("x", { config, rank: { "No name": highest } })),
      faultOf(() => activity("x", { config, rank: { damage: "desc" as never } })),
      faultOf(() => activity("x", { config, rank: many })),
      faultOf(() => activity("x", { config, phases: REWARDING, reward })),
      faultOf(() => activity("x", { config, phases: ["open", "reward", "closed"], rank, reward })),
      faultOf(() => activity("x", { config, rank, reward })),
      faultOf(() => activity("x", { config, phases: REWARDING, rank, reward })),
    ]).toEqual([
      "it has one of report and onReport, which need each other",
      "it has one of report and onReport, which need each other",
      'a ranking is called "No name", allowed is ^[a-z][a-z0-9_]{0,63}$',
      "the ranking damage has no order: give highest, lowest or a function",
      "it has 9 rankings, limit is 8",
      "reward needs a rank",
      "reward needs the phase settling",
      "reward needs the phase settling and reward",
      "none",
    ]);
  });
});

describe("hooksOf", () => {
  const content = opened(scheduled(), { term: TERM, atMs: 5 });
  const ranks = {
    ranking: () => {
      throw new TypeError("none");
    },
  };
  const at: RewardAsk = {
    subject: "ada",
    score: 3,
    atMs: 1,
    sequence: 1,
    shard: 2,
    group: "all",
    ranking: "r",
    place: 1,
  };

  test("a hook gets the term with its groups, and a place without what is the owner's own", () => {
    const seen: unknown[] = [];
    const kind = activity("x", {
      config,
      phases: REWARDING,
      rank: { r: highest },
      reward: (term, standing) => {
        const { activity: id, number, phase, groups } = term;
        seen.push({ id, number, phase, groups, of: term.groupOf(3) }, standing);
        return undefined;
      },
    });
    expect(hooksOf(kind).reward({ content, state: undefined, ranks, atMs: 0 }, at)).toEqual([]);
    expect(seen).toEqual([
      { id: "boss", number: 1, phase: "open", groups: [{ name: "all", shards: undefined }], of: "all" },
      { group: "all", ranking: "r", player: "ada", shard: 2, place: 1, score: 3 },
    ]);
  });

  test("one reward, several or none; without a mail it is held", () => {
    const mail = { title: "t", text: "", items: [] };
    const kind = activity("x", {
      config,
      phases: REWARDING,
      rank: { r: highest },
      reward: (_, { place }) => (place === 1 ? [{ tier: "a", mail }, { tier: "b" }] : { tier: "c", mail }),
    });
    const hooks = hooksOf(kind);
    const term = { content, state: undefined, ranks, atMs: 0 };
    expect([hooks.reward(term, at), hooks.reward(term, { ...at, place: 2 })]).toEqual([
      [
        { tier: "a", mail },
        { tier: "b", mail: undefined },
      ],
      [{ tier: "c", mail }],
    ]);
  });

  test("a term begins with what the schema makes of {}; a state that does not fit is a fault", () => {
    const kind = activity("x", { config, state: v.object({ count: v.optional(v.number(), 0) }) });
    const hooks = hooksOf(kind);
    const { hasState, takesReports, takesJoins, givesRewards } = hooks;
    expect([hooks.stateOf(undefined), hooks.stateOf({ count: 2 })]).toEqual([{ count: 0 }, { count: 2 }]);
    expect(() => hooks.stateOf({ count: "two" })).toThrow("does not fit its schema: count");
    expect([hasState, takesReports, takesJoins, givesRewards]).toEqual([true, false, false, false]);
  });

  test("a hook that returns a promise is a fault, and its rejection ends nothing", async () => {
    const kind = activity("x", { config, report: v.unknown(), onReport: () => Promise.reject(new Error("later")) });
    const ask = { player: "ada", shard: 1, group: "all", body: 1 };
    expect(() => hooksOf(kind).report({ content, state: undefined, ranks, atMs: 0 }, ask)).toThrow(
      "has returned a promise",
    );
    await Promise.resolve();
  });
});

describe("hooksOf: reports", () => {
  test("what is wrong with a body is told in bounds, whatever came", () => {
    const kind = activity("x", { config, report: v.array(v.number()), onReport: () => undefined });
    const body = Array.from({ length: 100 }, (_, index) => String(index).repeat(1_000));
    const parsed = hooksOf(kind).parseReport(body);
    const issues = parsed.kind === "invalid" ? parsed.issues : [];
    expect(issues.map(({ path, message }) => [path, message.length])).toEqual(
      Array.from({ length: KIND_ISSUES_MAX }, (_, index) => [`body.${index}`, KIND_ISSUE_LENGTH_MAX]),
    );
  });
});
