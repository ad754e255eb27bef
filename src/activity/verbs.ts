/**
 * Verbs: what a person may ask of an activity, in which phase, and what it makes of the content. Pure. Each may be
 * asked again: what is so already is `already`, and changes nothing.
 *
 * `open` takes the window of a `once` schedule early. On a schedule that recurs it adds a term of the same length and
 * the next window keeps its own. `recall` gives its window up: the next term is that of the next window.
 */

import type { ActivityContent } from "./content.ts";
import { beginTerm, cursorAt, enterPhase, isRunning, nextPhase, recallTerm } from "./phases.ts";
import type { Phase, PlannedPhase, TermGroup, TermPhase } from "./term.ts";
import { nextWindow } from "./schedule/windows.ts";
import { TERM_PHASES } from "./term.ts";
import { closesAtMs, planAfter, planFrom, planOfWindow, plannedAtMs } from "./term_plan.ts";

export const VERBS = [
  "edit",
  "preview",
  "open",
  "extend",
  "next",
  "close",
  "recall",
  "cancel",
  "reopen",
  "delete",
] as const;
export type Verb = (typeof VERBS)[number];

/** Verbs that only change the phase. `edit`, `extend` and `delete` are their own functions. */
export type PhaseVerb = "preview" | "open" | "next" | "close" | "recall" | "cancel" | "reopen";

/** What a term that begins now is given. */
export interface TermStart {
  readonly nowMs: number;
  readonly term: string;
  /** Undefined: every shard meets every other. */
  readonly groups?: readonly TermGroup[] | undefined;
}

export type Step = "go" | "already" | "refused";

const GO: Readonly<Record<Phase, readonly Verb[]>> = {
  scheduled: ["edit", "preview", "open", "delete"],
  preview: ["open", "next", "recall", "cancel"],
  signup: ["open", "next", "recall", "cancel"],
  open: ["extend", "next", "close", "cancel"],
  settling: ["next", "cancel"],
  reward: ["next"],
  show: ["next", "close"],
  closed: ["edit", "preview", "open", "reopen", "delete"],
  cancelled: ["reopen", "delete"],
};
const ALREADY: Readonly<Partial<Record<Phase, readonly Verb[]>>> = {
  scheduled: ["recall"],
  preview: ["preview"],
  open: ["open", "reopen"],
  closed: ["close"],
  cancelled: ["cancel"],
};

export function stepOf(content: ActivityContent, verb: Verb): Step {
  if (verb === "preview" && !content.phases.includes("preview")) return "refused";
  if (content.schedule.kind === "shard_day" && (verb === "preview" || verb === "open")) return "refused";
  if (GO[content.phase].includes(verb)) return "go";
  return ALREADY[content.phase]?.includes(verb) === true ? "already" : "refused";
}

/** The verbs that would do something, in a fixed order. */
export function allowedVerbs(content: ActivityContent): readonly Verb[] {
  return VERBS.filter((verb) => stepOf(content, verb) === "go");
}

/** What is next, of a content for which stepOf says `go`. `term` and `groups` are those of a term that may begin. */
export function afterVerb(content: ActivityContent, verb: PhaseVerb, at: TermStart): ActivityContent {
  const { nowMs } = at;
  switch (verb) {
    case "preview":
      return beginByHand(content, { ...at, first: "preview" });
    case "open":
    case "reopen":
      return isRunning(content)
        ? entered(content, "open", nowMs)
        : beginByHand(followsAgain(content, nowMs), { ...at, first: "open" });
    case "close":
      return entered(content, content.phase === "open" ? afterOpen(content) : "closed", nowMs);
    case "next":
      return entered(content, nextPhase(content) ?? "closed", nowMs);
    case "recall":
      return recallTerm(content);
    case "cancel":
      return enterPhase(content, { phase: "cancelled", atMs: nowMs });
  }
}

/** What is open, with another end, which is later than now. */
export function extended(content: ActivityContent & { readonly phase: "open" }, endsAtMs: number): ActivityContent {
  const before = content.term.plan.slice(0, indexOf(content.term.plan, "open"));
  const open: PlannedPhase = { phase: "open", atMs: content.term.openedAtMs };
  const plan = [...before, open, ...planAfter(content, endsAtMs)];
  return { ...content, term: { ...content.term, plan } };
}

/** A running term that enters a phase now: what was planned for later keeps its time. */
function entered(content: ActivityContent, phase: TermPhase, nowMs: number): ActivityContent {
  if (content.phase === "scheduled") throw new Error("Cannot enter a phase of no term");
  const { plan } = content.term;
  const before = plan.slice(0, indexOf(plan, phase));
  const opensAtMs = plannedAtMs(plan, "open");
  const endsAtMs = closesAtMs(plan) ?? content.endsAtMs;
  const isBeforeOpen = phase === "preview" || phase === "signup";
  const rest =
    isBeforeOpen && opensAtMs !== undefined
      ? [{ phase, atMs: nowMs }, ...plan.slice(indexOf(plan, phase) + 1)]
      : planFrom(content, {
          phase,
          atMs: nowMs,
          closesAtMs: endsAtMs !== undefined && endsAtMs > nowMs ? endsAtMs : undefined,
        });
  return enterPhase(content, { phase, atMs: nowMs, plan: [...before, ...rest] });
}

function beginByHand(
  content: ActivityContent,
  start: TermStart & { readonly first: "preview" | "open" },
): ActivityContent {
  const { term, groups, nowMs, first } = start;
  const window = nextWindow(content.schedule, content.cursorMs);
  if (window !== undefined && first === "preview") {
    const later = planOfWindow(content, window).filter((planned) => planned.phase !== "preview");
    const plan: readonly PlannedPhase[] = [{ phase: "preview", atMs: nowMs }, ...later];
    return beginTerm(content, { term, plan, groups, atMs: nowMs, cursorMs: window.opensAtMs });
  }
  if (window !== undefined && content.schedule.kind === "once") {
    const plan = planFrom(content, { phase: first, atMs: nowMs, closesAtMs: window.closesAtMs });
    return beginTerm(content, { term, plan, groups, atMs: nowMs, cursorMs: window.opensAtMs });
  }
  const endsAtMs = window === undefined ? content.endsAtMs : nowMs + window.closesAtMs - window.opensAtMs;
  const plan = planFrom(content, { phase: first, atMs: nowMs, closesAtMs: endsAtMs });
  return beginTerm(content, { term, plan, groups, atMs: nowMs });
}

/** One that was cancelled follows its schedule again, from now on. */
function followsAgain(content: ActivityContent, nowMs: number): ActivityContent {
  if (content.phase !== "cancelled") return content;
  return { ...content, cursorMs: Math.max(content.cursorMs, cursorAt(content.schedule, nowMs)) };
}

function afterOpen(content: ActivityContent): TermPhase {
  return content.phases[content.phases.indexOf("open") + 1] ?? "closed";
}

/** Where `phase` stands in the plan, or would stand. */
function indexOf(plan: readonly PlannedPhase[], phase: TermPhase): number {
  const order = TERM_PHASES.indexOf(phase);
  const index = plan.findIndex((planned) => TERM_PHASES.indexOf(planned.phase) >= order);
  return index < 0 ? plan.length : index;
}
