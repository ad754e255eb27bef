import type { ActivityContent } from "#activity/content.ts";
import { HISTORY_MAX, decodeContent, encodeContent } from "#activity/content.ts";
import { beginWindow, cursorAt, dueStep, enterPhase, isPastDue, nextPhase, openEndsAtMs } from "#activity/phases.ts";
import type { TermPhase } from "#activity/term.ts";
import { TERM_PHASES, TIMING_NONE } from "#activity/term.ts";
import { describe, expect, test } from "#test";
import { closed, opened, scheduled } from "./fixture.ts";

const T1 = "1".repeat(32);
const T2 = "2".repeat(32);
const WINDOW = { opensAtMs: 1000, closesAtMs: 2000 };
const WHOLE = scheduled({
  phases: TERM_PHASES,
  timing: { previewMs: 300, signupMs: 200, showMs: 400 },
  schedule: { kind: "once", ...WINDOW },
});

/** Takes a content through all that time brings until `nowMs`; answers what was entered, as "phase atMs". */
function walk(content: ActivityContent, nowMs: number): { readonly content: ActivityContent; readonly told: string[] } {
  const told: string[] = [];
  let at = content;
  for (let step = dueStep(at); step !== undefined && step.atMs <= nowMs; step = dueStep(at)) {
    at =
      step.kind === "begin"
        ? beginWindow(at, {
            term: (at.termCount + 1).toString(16).padStart(32, "0"),
            window: step.window,
            atMs: step.atMs,
          })
        : enterPhase(at, step);
    told.push(`${at.phase} ${step.atMs}`);
  }
  return { content: at, told };
}

describe("Phases: what time brings", () => {
  test("a window takes a term through every phase that its kind uses, each at its time", () => {
    expect(walk(WHOLE, 499).told).toEqual([]);
    expect(walk(WHOLE, 10_000).told).toEqual([
      "preview 500",
      "signup 800",
      "open 1000",
      "settling 2000",
      "reward 2000",
      "show 2000",
      "closed 2400",
    ]);
    expect(walk(WHOLE, 10_000).content.term).toEqual({
      id: "1".padStart(32, "0"),
      number: 1,
      plan: [
        { phase: "preview", atMs: 500 },
        { phase: "signup", atMs: 800 },
        { phase: "open", atMs: 1000 },
        { phase: "settling", atMs: 2000 },
        { phase: "reward", atMs: 2000 },
        { phase: "show", atMs: 2000 },
        { phase: "closed", atMs: 2400 },
      ],
      groups: undefined,
      openedAtMs: 1000,
      closedAtMs: 2000,
    });
  });

  test("whenever it is looked at, the same phases pass at the same times, and none passes twice", () => {
    const whole = walk(WHOLE, 10_000).told;
    for (let cutMs = 400; cutMs <= 2500; cutMs += 50) {
      const first = walk(WHOLE, cutMs);
      expect([...first.told, ...walk(first.content, 10_000).told]).toEqual(whole);
    }
  });

  test("a kind goes through the phases that it uses, in order, and skips the others", () => {
    const subsets: readonly (readonly TermPhase[])[] = [
      ["open", "closed"],
      ["preview", "open", "reward", "closed"],
      ["signup", "open", "settling", "show", "closed"],
    ];
    for (const phases of subsets) {
      const told = walk({ ...WHOLE, phases }, 10_000).told.map((line) => line.split(" ")[0]);
      expect(told).toEqual([...phases]);
    }
  });

  test("a window that was slept through has its term all the same, and nothing comes after it", () => {
    const { content, told } = walk(WHOLE, 1e9);
    expect(told.length).toBe(7);
    expect(dueStep(content)).toBeUndefined();
  });

  test("a window that is open when the schedule begins to count is not missed", () => {
    const { schedule } = WHOLE;
    expect(dueStep({ ...WHOLE, cursorMs: cursorAt(schedule, 1500) })?.kind).toBe("begin");
    expect(dueStep({ ...WHOLE, cursorMs: cursorAt(schedule, 2000) })).toBeUndefined();
  });

  test("an activity by hand waits for somebody, but ends by itself when it has an end", () => {
    expect(dueStep(scheduled())).toBeUndefined();
    const open = opened(scheduled({ endsAtMs: 500 }), { term: T1, atMs: 100 });
    expect(dueStep(open)).toEqual({ kind: "enter", phase: "closed", atMs: 500 });
    expect(dueStep(opened(scheduled(), { term: T1, atMs: 100 }))).toBeUndefined();
  });

  test("never goes backwards: no phase begins before the one that it follows", () => {
    const late = enterPhase(walk(WHOLE, 1000).content, { phase: "settling", atMs: 10 });
    expect(late.term).toMatchObject({ openedAtMs: 1000, closedAtMs: 1000 });
    expect(dueStep(late)).toEqual({ kind: "enter", phase: "reward", atMs: 2000 });
    for (const from of ["scheduled", "closed"] as const) {
      const content = from === "closed" ? walk(WHOLE, 1e9).content : WHOLE;
      expect(nextPhase(content)).toBeUndefined();
      expect(() => enterPhase(content, { phase: "open", atMs: 1 })).toThrow(`Cannot enter open from ${from}`);
    }
  });

  test("the history keeps the newest changes within its bound", () => {
    let content = scheduled();
    for (let round = 1; round <= 20; round += 1) content = closed(opened(content, { term: T1, atMs: round }), round);
    expect(content.history.length).toBe(HISTORY_MAX);
    expect(content.history.at(0)?.number).toBe(5);
    expect(content.history.at(-1)).toEqual({ term: T1, number: 20, phase: "closed", atMs: 20 });
  });

  test("only what is open and has an end can be past due", () => {
    const open = opened(scheduled({ endsAtMs: 500 }), { term: T1, atMs: 100 });
    expect([openEndsAtMs(open), isPastDue(open, 499), isPastDue(open, 500)]).toEqual([500, false, true]);
    expect(isPastDue(scheduled({ endsAtMs: 500 }), 1000)).toBe(false);
    expect(isPastDue(opened(scheduled(), { term: T1, atMs: 100 }), 1e12)).toBe(false);
  });
});

describe("Activity content", () => {
  test("is the same after a journey, in every phase", () => {
    const contents = [scheduled(), scheduled({ endsAtMs: 500 }), WHOLE];
    for (const nowMs of [500, 800, 1000, 2399, 2400]) contents.push(walk(WHOLE, nowMs).content);
    contents.push(enterPhase(walk(WHOLE, 500).content, { phase: "cancelled", atMs: 600 }));
    contents.push(enterPhase(walk(WHOLE, 1000).content, { phase: "cancelled", atMs: 1600 }));
    for (const content of contents) {
      expect(decodeContent(encodeContent(content), "boss")).toEqual({ kind: "ok", content });
    }
  });

  test("of a release that knew no phases, plans and schedules is read as one by hand", async () => {
    const { packBody } = await import("#wire/body.ts");
    const term = { id: T2, number: 3, openedAtMs: 7 };
    const old = { id: "boss", kind: "boss", config: {}, endsAtMs: 900, history: [], phase: "open", term };
    const decoded = decodeContent(packBody(old), "boss");
    expect(decoded).toEqual({
      kind: "ok",
      content: scheduled({
        config: {},
        endsAtMs: 900,
        termCount: 3,
        phase: "open",
        term: { ...term, plan: [], groups: undefined },
      }),
    });
    expect(decoded.kind === "ok" ? dueStep(decoded.content) : undefined).toMatchObject({ phase: "closed", atMs: 900 });
  });

  test("is refused when it is damaged, of another activity, or impossible", () => {
    const whole = encodeContent(opened(scheduled(), { term: T1, atMs: 100 }));
    const noTerm = { ...scheduled(), phase: "open" } as unknown as ActivityContent;
    const wrongTerm = opened(scheduled(), { term: "short", atMs: 100 });
    expect(decodeContent(new Uint8Array(0), "boss").kind).toBe("bad");
    expect(decodeContent(whole.subarray(0, 20), "boss").kind).toBe("bad");
    expect(decodeContent(whole, "other").kind).toBe("bad");
    expect(decodeContent(encodeContent(noTerm), "boss").kind).toBe("bad");
    expect(decodeContent(encodeContent(wrongTerm), "boss").kind).toBe("bad");
  });

  test("keeps its bytes while others are encoded", () => {
    const bytes = encodeContent(scheduled());
    const before = bytes.slice();
    for (let index = 0; index < 100; index += 1) encodeContent(scheduled({ config: { hp: index } }));
    expect(bytes).toEqual(before);
  });

  test("takes properties that a newer release may add", async () => {
    const { packBody, unpackBody } = await import("#wire/body.ts");
    const value = unpackBody(encodeContent(scheduled())) as Record<string, unknown>;
    expect(decodeContent(packBody({ ...value, weather: [1, 2] }), "boss")).toEqual({
      kind: "ok",
      content: scheduled(),
    });
  });

  test("four whole terms are remembered", () => {
    expect(HISTORY_MAX >= 4 * TERM_PHASES.length).toBe(true);
    expect(TIMING_NONE).toEqual({ previewMs: 0, signupMs: 0, showMs: 0 });
  });
});
