import type { ActivityContent } from "#activity/content.ts";
import { beginWindow, dueStep, enterPhase } from "#activity/phases.ts";
import type { Phase } from "#activity/term.ts";
import { PHASES, TERM_PHASES } from "#activity/term.ts";
import type { Verb } from "#activity/verbs.ts";
import { VERBS, afterVerb, allowedVerbs, extended, stepOf } from "#activity/verbs.ts";
import { describe, expect, test } from "#test";
import { scheduled } from "./fixture.ts";

const T1 = "1".repeat(32);
const T2 = "2".repeat(32);
const WINDOW = { opensAtMs: 1000, closesAtMs: 2000 };
const BASE = scheduled({ phases: TERM_PHASES, timing: { previewMs: 300, signupMs: 200, showMs: 400 } });
const WHOLE: ActivityContent = { ...BASE, schedule: { kind: "once", ...WINDOW } };

function inPhase(phase: Phase, from: ActivityContent = WHOLE): ActivityContent {
  if (phase === "scheduled") return from;
  let content = beginWindow(from, { term: T1, window: WINDOW, atMs: 500 });
  if (phase === "cancelled") return enterPhase(content, { phase, atMs: 600 });
  for (let step = dueStep(content); content.phase !== phase && step?.kind === "enter"; step = dueStep(content)) {
    content = enterPhase(content, step);
  }
  return content;
}

function planOf(content: ActivityContent): string {
  return (content.term?.plan ?? []).map(({ phase, atMs }) => `${phase} ${atMs}`).join(", ");
}

describe("Verbs: what may be asked for in which phase", () => {
  const table: Readonly<Record<Phase, string>> = {
    //          edit      preview   open      extend    next      close     recall    cancel    reopen    delete
    scheduled: "go        go        go        refused   refused   refused   already   refused   refused   go",
    preview: "  refused   already   go        refused   go        refused   go        go        refused   refused",
    signup: "   refused   refused   go        refused   go        refused   go        go        refused   refused",
    open: "     refused   refused   already   go        go        go        refused   go        already   refused",
    settling: " refused   refused   refused   refused   go        refused   refused   go        refused   refused",
    reward: "   refused   refused   refused   refused   go        refused   refused   refused   refused   refused",
    show: "     refused   refused   refused   refused   go        go        refused   refused   refused   refused",
    closed: "   go        go        go        refused   refused   already   refused   refused   go        go",
    cancelled: "refused   refused   refused   refused   refused   refused   refused   already   go        go",
  };
  for (const phase of PHASES) {
    test(`of what is ${phase}`, () => {
      const content = inPhase(phase);
      expect(content.phase).toBe(phase);
      const steps = table[phase].trim().split(/\s+/);
      expect(VERBS.map((verb) => stepOf(content, verb))).toEqual(steps as ReturnType<typeof stepOf>[]);
      expect(allowedVerbs(content)).toEqual(VERBS.filter((_verb, index) => steps[index] === "go") as Verb[]);
    });
  }

  test("preview is refused where the kind has none", () => {
    expect(stepOf(scheduled(), "preview")).toBe("refused");
  });
});

describe("Verbs: what they make of the term", () => {
  test("open now, in the preview: the sign-up is skipped and the end stays", () => {
    const open = afterVerb(inPhase("preview"), "open", { nowMs: 700, term: T2 });
    expect(open).toMatchObject({ phase: "open", term: { id: T1, openedAtMs: 700 } });
    expect(planOf(open)).toBe("preview 500, signup 800, open 700, settling 2000, reward 2000, show 2000, closed 2400");
  });

  test("open now, before the term of a fixed window: it is that window's term, and no second one follows", () => {
    const open = afterVerb(WHOLE, "open", { nowMs: 100, term: T2 });
    expect(planOf(open)).toBe("open 100, settling 2000, reward 2000, show 2000, closed 2400");
    expect(open.cursorMs).toBe(WINDOW.opensAtMs);
  });

  test("preview now: what follows keeps the times of the window", () => {
    const preview = afterVerb(WHOLE, "preview", { nowMs: 100, term: T2 });
    expect(planOf(preview)).toBe(
      "preview 100, signup 800, open 1000, settling 2000, reward 2000, show 2000, closed 2400",
    );
    const byHand = afterVerb(BASE, "preview", { nowMs: 100, term: T2 });
    expect(planOf(byHand)).toBe("preview 100, signup 400, open 600");
  });

  test("next: the sign-up now, and the opening stays where it was planned", () => {
    const signup = afterVerb(inPhase("preview"), "next", { nowMs: 600, term: T2 });
    expect(signup.phase).toBe("signup");
    expect(planOf(signup)).toBe(
      "preview 500, signup 600, open 1000, settling 2000, reward 2000, show 2000, closed 2400",
    );
  });

  test("close early: it settles now and is shown for its time", () => {
    const settling = afterVerb(inPhase("open"), "close", { nowMs: 1500, term: T2 });
    expect(settling).toMatchObject({ phase: "settling", term: { openedAtMs: 1000, closedAtMs: 1500 } });
    expect(planOf(settling)).toBe(
      "preview 500, signup 800, open 1000, settling 1500, reward 1500, show 1500, closed 1900",
    );
    expect(afterVerb(inPhase("show"), "close", { nowMs: 2100, term: T2 }).phase).toBe("closed");
  });

  test("extend: what follows moves with the end", () => {
    const open = inPhase("open");
    if (open.phase !== "open") throw new Error("not open");
    const longer = extended(open, 5000);
    expect(planOf(longer)).toBe(
      "preview 500, signup 800, open 1000, settling 5000, reward 5000, show 5000, closed 5400",
    );
    expect(dueStep(longer)).toEqual({ kind: "enter", phase: "settling", atMs: 5000 });
  });

  test("recall: editable again, and the window that it was for has had its chance", () => {
    const recalled = afterVerb(inPhase("signup"), "recall", { nowMs: 900, term: T2 });
    expect(recalled).toMatchObject({ phase: "scheduled", term: undefined, termCount: 1 });
    expect(dueStep(recalled)).toBeUndefined();
    expect(afterVerb(recalled, "open", { nowMs: 950, term: T2 }).term).toMatchObject({ id: T2, number: 2 });
  });

  test("cancel is final: nothing comes by itself, until it is reopened with a new term", () => {
    const cancelled = afterVerb(inPhase("open"), "cancel", { nowMs: 1500, term: T2 });
    expect(cancelled).toMatchObject({ phase: "cancelled", term: { id: T1, openedAtMs: 1000, closedAtMs: 1500 } });
    expect(dueStep(cancelled)).toBeUndefined();
    const early = afterVerb(inPhase("preview"), "cancel", { nowMs: 600, term: T2 });
    expect(early.term).toMatchObject({ openedAtMs: undefined, closedAtMs: 600 });
    expect(afterVerb(cancelled, "reopen", { nowMs: 3000, term: T2 })).toMatchObject({
      phase: "open",
      term: { id: T2, number: 2, openedAtMs: 3000 },
    });
  });
});
