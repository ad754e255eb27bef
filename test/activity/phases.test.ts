import type { ActivityContent, Phase } from "#activity/content.ts";
import { HISTORY_MAX, decodeContent, encodeContent } from "#activity/content.ts";
import type { ActivityVerb, Step } from "#activity/phases.ts";
import { allowedVerbs, closeTerm, closedIfPastDue, isPastDue, openTerm, stepOf } from "#activity/phases.ts";
import { describe, expect, test } from "#test";

const T1 = "1".repeat(32);
const T2 = "2".repeat(32);
const SCHEDULED: ActivityContent = {
  id: "boss",
  kind: "boss",
  config: { hp: 10 },
  endsAtMs: 500,
  history: [],
  phase: "scheduled",
  term: undefined,
};

function closed(content: ActivityContent, atMs: number): ActivityContent {
  if (content.phase !== "open") throw new Error("not open");
  return closeTerm(content, atMs);
}

describe("Phases", () => {
  const table: readonly (readonly [Phase, ActivityVerb, Step])[] = [
    ["scheduled", "open", "go"],
    ["scheduled", "close", "refused"],
    ["scheduled", "delete", "go"],
    ["open", "open", "already"],
    ["open", "close", "go"],
    ["open", "delete", "refused"],
    ["closed", "open", "go"],
    ["closed", "close", "already"],
    ["closed", "delete", "go"],
  ];
  for (const [phase, verb, step] of table) {
    test(`${verb} of ${phase} is ${step}`, () => {
      expect(stepOf(phase, verb)).toBe(step);
      expect(allowedVerbs(phase).includes(verb)).toBe(step === "go");
    });
  }

  test("a term opens and closes with its times and its history, and the next one has the next number", () => {
    const opened = openTerm(SCHEDULED, { term: T1, atMs: 100 });
    expect(opened).toEqual({
      ...SCHEDULED,
      phase: "open",
      term: { id: T1, number: 1, openedAtMs: 100 },
      history: [{ term: T1, number: 1, phase: "open", atMs: 100 }],
    });
    const over = closed(opened, 200);
    expect(over.phase).toBe("closed");
    expect(over.term).toEqual({ id: T1, number: 1, openedAtMs: 100, closedAtMs: 200 });
    const again = openTerm(over, { term: T2, atMs: 300 });
    expect(again.term).toEqual({ id: T2, number: 2, openedAtMs: 300 });
    expect(again.history.map((entry) => [entry.number, entry.phase, entry.atMs])).toEqual([
      [1, "open", 100],
      [1, "closed", 200],
      [2, "open", 300],
    ]);
  });

  test("a term never closes before it opened", () => {
    const opened = openTerm(SCHEDULED, { term: T1, atMs: 100 });
    expect(closed(opened, 40).term).toEqual({ id: T1, number: 1, openedAtMs: 100, closedAtMs: 100 });
  });

  test("the history keeps the newest changes within its bound", () => {
    let content: ActivityContent = { ...SCHEDULED };
    for (let round = 1; round <= 20; round += 1) content = closed(openTerm(content, { term: T1, atMs: round }), round);
    expect(content.history.length).toBe(HISTORY_MAX);
    expect(content.history.at(0)?.number).toBe(13);
    expect(content.history.at(-1)).toEqual({ term: T1, number: 20, phase: "closed", atMs: 20 });
  });

  test("only what is open and has an end can be past due, and it closes at its end", () => {
    const opened = openTerm(SCHEDULED, { term: T1, atMs: 100 });
    expect(isPastDue(opened, 499)).toBe(false);
    expect(isPastDue(opened, 500)).toBe(true);
    expect(isPastDue(SCHEDULED, 1000)).toBe(false);
    expect(isPastDue({ ...opened, endsAtMs: undefined }, 1000)).toBe(false);
    expect(closedIfPastDue(opened, 499)).toBe(opened);
    expect(closedIfPastDue(opened, 900).term).toEqual({ id: T1, number: 1, openedAtMs: 100, closedAtMs: 500 });
  });
});

describe("Activity content", () => {
  test("is the same after a journey, in every phase", () => {
    const opened = openTerm(SCHEDULED, { term: T1, atMs: 100 });
    for (const content of [SCHEDULED, { ...SCHEDULED, endsAtMs: undefined }, opened, closed(opened, 200)]) {
      expect(decodeContent(encodeContent(content), "boss")).toEqual({ kind: "ok", content });
    }
  });

  test("is refused when it is damaged, of another activity, or impossible", () => {
    const whole = encodeContent(openTerm(SCHEDULED, { term: T1, atMs: 100 }));
    const noTerm = { ...SCHEDULED, phase: "open" } as unknown as ActivityContent;
    const wrongTerm = openTerm(SCHEDULED, { term: "short", atMs: 100 });
    expect(decodeContent(new Uint8Array(0), "boss").kind).toBe("bad");
    expect(decodeContent(whole.subarray(0, 20), "boss").kind).toBe("bad");
    expect(decodeContent(whole, "other").kind).toBe("bad");
    expect(decodeContent(encodeContent(noTerm), "boss").kind).toBe("bad");
    expect(decodeContent(encodeContent(wrongTerm), "boss").kind).toBe("bad");
  });

  test("keeps its bytes while others are encoded", () => {
    const bytes = encodeContent(SCHEDULED);
    const before = bytes.slice();
    for (let index = 0; index < 100; index += 1) encodeContent({ ...SCHEDULED, config: { hp: index } });
    expect(bytes).toEqual(before);
  });

  test("takes properties that a newer release may add", async () => {
    const { packBody, unpackBody } = await import("#wire/body.ts");
    const value = unpackBody(encodeContent(SCHEDULED)) as Record<string, unknown>;
    expect(decodeContent(packBody({ ...value, groups: [1, 2] }), "boss")).toEqual({ kind: "ok", content: SCHEDULED });
  });
});
