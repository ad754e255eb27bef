/**
 * What a simulated run must keep true about calls, casts and activities, written down as it happens. A violation is
 * text with its time; a run that has one has failed.
 */

import type { SimWorld } from "#module/simulator/sim_world.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import type { NodeId } from "#wire/role.ts";

const VIOLATIONS_MAX = 20;
const TRACE_LINES = 400;

interface OpenCall {
  readonly life: string;
  readonly to: NodeId;
  readonly retries: number;
  readonly beganMs: number;
  readonly what: string;
  readonly deadlineMs: number;
}

export class Ledger {
  readonly violations: string[] = [];
  /** What had happened until the first violation. */
  trace: readonly string[] = [];
  readonly outcomes = new Map<string, number>();
  readonly #world: SimWorld;
  readonly #calls = new Map<number, OpenCall>();
  readonly #executed = new Map<number, NodeId>();
  readonly #deniedExecution = new Map<number, string>();
  /** Per life of a node: casts that reached it. */
  readonly #castsHeard = new Map<string, Set<number>>();
  /** Per life and activity: the term that is open there. */
  readonly #openTerms = new Map<string, string>();
  readonly #doneTerms = new Set<string>();
  /** Activities that an operator has taken back from a node, `owner/id`. */
  readonly #adopted = new Set<string>();
  readonly #lastSteps = new Map<string, number>();
  #nonce = 0;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  violation(text: string): void {
    this.#world.note("violation", text);
    if (this.violations.length === 0) this.trace = this.#world.trace.last(TRACE_LINES);
    if (this.violations.length < VIOLATIONS_MAX) this.violations.push(`${this.#world.nowMs.toFixed(1)} ms: ${text}`);
  }

  /** For people who read the trace of a failure. */
  note(who: string, what: string): void {
    this.#world.note(who, what);
  }

  count(what: string, by = 1): void {
    this.outcomes.set(what, (this.outcomes.get(what) ?? 0) + by);
  }

  counted(what: string): number {
    return this.outcomes.get(what) ?? 0;
  }

  nonce(): number {
    this.#nonce += 1;
    return this.#nonce;
  }

  callBegins(
    nonce: number,
    call: { life: string; to: NodeId; retries: number; what: string; timeoutMs: number },
  ): void {
    this.count("calls");
    const { nowMs } = this.#world;
    this.#calls.set(nonce, { ...call, beganMs: nowMs, deadlineMs: nowMs + call.timeoutMs });
  }

  /**
   * What a life waits for of this target (of any, without one) can not come any more: its calls have ended now, not
   * at their deadlines. Those with retries may be on their way again.
   */
  waitIsOver(life: string, options: { to: NodeId | undefined; self: NodeId; atMs: number; why: string }): void {
    this.count(`over:${options.to === undefined ? "link" : "target"}`);
    for (const [nonce, call] of this.#calls) {
      if (call.life !== life || call.retries > 0 || call.beganMs >= options.atMs || call.to === options.self) continue;
      if (options.to === undefined || call.to === options.to) {
        this.violation(`call ${nonce} goes on after ${options.why}: ${call.what}`);
      }
    }
  }

  /** `excuseMs`: until when the caller could not run; `slackMs`: what a timer may be late. */
  callEnds(nonce: number, end: { outcome: string; sent: boolean; excuseMs: number; slackMs: number }): void {
    const call = this.#calls.get(nonce);
    if (call === undefined) {
      this.violation(`call ${nonce} ended twice: ${end.outcome}`);
      return;
    }
    this.#calls.delete(nonce);
    this.count(`call:${end.outcome}`);
    const limitMs = Math.max(call.deadlineMs, end.excuseMs) + end.slackMs;
    if (this.#world.nowMs > limitMs) {
      this.violation(
        `${call.what} ended ${(this.#world.nowMs - limitMs).toFixed(1)} ms after its deadline: ${end.outcome}`,
      );
    }
    const notExecuted: readonly string[] = ["NO_ROUTE", "OVERLOADED", "DRAINING"] satisfies CallErrorCode[];
    if (!end.sent || notExecuted.includes(end.outcome))
      this.#deniedExecution.set(nonce, `${call.what}: ${end.outcome}, sent ${String(end.sent)}`);
  }

  executes(nonce: number, at: { here: NodeId; wanted: string; claimed: string; source: NodeId }): void {
    this.count("executions");
    if (at.wanted !== at.here) this.violation(`call ${nonce} for ${at.wanted} reached ${at.here}`);
    if (at.claimed !== at.source) this.violation(`call ${nonce} of ${at.claimed} came as if from ${at.source}`);
    const before = this.#executed.get(nonce);
    if (before !== undefined) this.violation(`call ${nonce} was executed twice: at ${before}, at ${at.here}`);
    this.#executed.set(nonce, at.here);
  }

  hearsCast(nonce: number, at: { life: string; fits: boolean; what: string }): void {
    this.count("casts heard");
    if (!at.fits) this.violation(`cast ${nonce} for ${at.what} reached ${at.life}`);
    let heard = this.#castsHeard.get(at.life);
    if (heard === undefined) this.#castsHeard.set(at.life, (heard = new Set()));
    if (heard.has(nonce)) this.violation(`cast ${nonce} reached ${at.life} twice`);
    heard.add(nonce);
  }

  /** Casts of one life to another that went one way only come in order. */
  hearsStep(step: { from: string; to: string; number: number; isOrdered: boolean }): void {
    this.count("steps heard");
    const key = `${step.from}>${step.to}`;
    const last = this.#lastSteps.get(key) ?? 0;
    if (step.isOrdered && step.number <= last)
      this.violation(`${step.to} heard step ${step.number} of ${step.from} after step ${last}`);
    this.#lastSteps.set(key, Math.max(step.number, last));
  }

  /** An operator has asked for it. */
  adopts(activity: string): void {
    this.#adopted.add(activity);
  }

  opens(life: string, activity: string, term: string): void {
    this.count("opened");
    const key = `${life}/${activity}`;
    const open = this.#openTerms.get(key);
    if (open !== undefined) this.violation(`${key} opened ${term} while ${open} is open`);
    if (this.#doneTerms.has(`${key}/${term}`)) {
      // An owner that lost its disk has lost its tombstones too: whoever adopts what one node still holds opens it again.
      if (this.#adopted.has(activity)) this.count("opened again by adoption");
      else this.violation(`${key} opened ${term} a second time`);
    }
    this.#doneTerms.add(`${key}/${term}`);
    this.#openTerms.set(key, term);
  }

  closes(life: string, activity: string, term: string): void {
    this.count("closed");
    const key = `${life}/${activity}`;
    const open = this.#openTerms.get(key);
    if (open !== term) this.violation(`${key} closed ${term} while ${open ?? "nothing"} is open`);
    this.#openTerms.delete(key);
  }

  /** The term that a life has open of an activity. */
  openTerm(life: string, activity: string): string | undefined {
    return this.#openTerms.get(`${life}/${activity}`);
  }

  /** The life is over: nobody waits for its calls. */
  lifeEnds(life: string): void {
    for (const [nonce, call] of this.#calls) {
      if (call.life !== life) continue;
      this.#calls.delete(nonce);
      this.count("call:caller died");
    }
  }

  /** At the end of a run, when all deadlines are over. */
  finish(): void {
    for (const [nonce, call] of this.#calls) this.violation(`call ${nonce} never ended: ${call.what}`);
    for (const [nonce, why] of this.#deniedExecution) {
      if (this.#executed.has(nonce))
        this.violation(`call ${nonce} was executed although its caller was told it was not: ${why}`);
    }
  }
}
