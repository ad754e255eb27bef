/**
 * When the phases of a term begin. Pure: times in, times out. All phases after `open` follow from its end: settling,
 * reward and show begin there, one right after the other, and `closed` when show has lasted its time.
 */

import type { PlannedPhase, TermPhase, Timing } from "./term.ts";

export interface PlanInput {
  /** Those that the kind uses, in order. */
  readonly phases: readonly TermPhase[];
  readonly timing: Timing;
}

/** A whole term around a window. */
export function planOfWindow(
  input: PlanInput,
  window: { readonly opensAtMs: number; readonly closesAtMs: number },
): readonly PlannedPhase[] {
  const { opensAtMs, closesAtMs } = window;
  return [...planBefore(input, opensAtMs), { phase: "open", atMs: opensAtMs }, ...planAfter(input, closesAtMs)];
}

/** When the first phase of a term begins that opens at `opensAtMs`. */
export function beginsAtMs(input: PlanInput, opensAtMs: number): number {
  return planBefore(input, opensAtMs)[0]?.atMs ?? opensAtMs;
}

/**
 * A term that `phase` begins at `atMs`, by hand. What follows is planned as far as the timing says it: a preview or
 * sign-up without a length of its own lasts until somebody ends it, and `open` until `closesAtMs`, if there is one.
 */
export function planFrom(
  input: PlanInput,
  start: { readonly phase: TermPhase; readonly atMs: number; readonly closesAtMs: number | undefined },
): readonly PlannedPhase[] {
  const { phases, timing } = input;
  const plan: PlannedPhase[] = [];
  let atMs: number | undefined = start.atMs;
  for (const phase of phases.slice(phases.indexOf(start.phase))) {
    if (atMs === undefined) break;
    if (phase === "settling" || phase === "reward" || phase === "show" || phase === "closed") {
      const ending = phase === "closed" ? [{ phase, atMs }] : planAfter(input, atMs);
      plan.push(...ending.filter((planned) => phases.indexOf(planned.phase) >= phases.indexOf(phase)));
      break;
    }
    plan.push({ phase, atMs });
    if (phase === "open") atMs = start.closesAtMs === undefined ? undefined : Math.max(start.closesAtMs, atMs);
    else {
      const lengthMs: number = phase === "preview" ? timing.previewMs : timing.signupMs;
      atMs = lengthMs === 0 ? undefined : atMs + lengthMs;
    }
  }
  return plan;
}

/** The phases from the end of `open` on. */
export function planAfter(input: PlanInput, closesAtMs: number): readonly PlannedPhase[] {
  const { phases, timing } = input;
  const plan: PlannedPhase[] = [];
  for (const phase of ["settling", "reward", "show"] as const) {
    if (phases.includes(phase)) plan.push({ phase, atMs: closesAtMs });
  }
  plan.push({ phase: "closed", atMs: closesAtMs + (phases.includes("show") ? timing.showMs : 0) });
  return plan;
}

/** When `phase` is planned for. */
export function plannedAtMs(plan: readonly PlannedPhase[], phase: TermPhase): number | undefined {
  return plan.find((planned) => planned.phase === phase)?.atMs;
}

/** The planned end of `open`. */
export function closesAtMs(plan: readonly PlannedPhase[]): number | undefined {
  const index = plan.findIndex((planned) => planned.phase === "open");
  return index < 0 ? undefined : plan[index + 1]?.atMs;
}

function planBefore(input: PlanInput, opensAtMs: number): readonly PlannedPhase[] {
  const { phases, timing } = input;
  const plan: PlannedPhase[] = [];
  let atMs = opensAtMs;
  for (const [phase, lengthMs] of [["signup", timing.signupMs] as const, ["preview", timing.previewMs] as const]) {
    if (!phases.includes(phase)) continue;
    atMs = Math.max(0, atMs - lengthMs);
    plan.unshift({ phase, atMs });
  }
  return plan;
}
