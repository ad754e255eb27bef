/**
 * The supervisor's children as a state machine: who runs, who waits to be started again, who is being stopped. Pure:
 * takes what happened and returns what to do; supervisor.ts does it.
 *
 *   waiting --spawn--> running --exit--> waiting (backoff) | refused (code 2)
 *   running --restart--> stopping --exit--> running          any --stop--> stopping --exit--> stopped
 *   any --hold--> stopping --exit--> held --release--> running
 */

import type { ExitStatus } from "#base/processes.ts";
import type { LogData, LogLevel } from "#base/log.ts";
import type { NodeId } from "#wire/role.ts";
import type { NodeRole } from "../config/types.ts";
import { restartDelay } from "./backoff.ts";

export type SupervisorAction =
  | { readonly kind: "spawn"; readonly id: NodeId }
  | { readonly kind: "terminate"; readonly id: NodeId }
  | { readonly kind: "kill"; readonly id: NodeId }
  | { readonly kind: "log"; readonly level: LogLevel; readonly phrase: string; readonly data: LogData }
  | { readonly kind: "finished"; readonly code: number };

type ChildState =
  | { readonly kind: "waiting"; readonly untilMs: number }
  | { readonly kind: "running"; readonly sinceMs: number }
  /** SIGTERM was sent; `again`: it is to be started when it has ended. */
  | { readonly kind: "stopping"; readonly sinceMs: number; readonly again: boolean }
  /** It has ended as asked, and waits for others before it is started again. */
  | { readonly kind: "held" }
  | { readonly kind: "refused" }
  | { readonly kind: "stopped" };

interface Child {
  readonly id: NodeId;
  readonly role: NodeRole;
  state: ChildState;
  /** Failures in a row, for the backoff. */
  failures: number;
}

/** What stops together, in this order, and how long the next group waits for it. */
const STOP_GROUPS: readonly { readonly roles: readonly NodeRole[]; readonly limitMs: number }[] = [
  { roles: ["user", "center", "map"], limitMs: 11_000 },
  { roles: ["gateway"], limitMs: 4_000 },
  { roles: ["cross_center", "cross_map", "statistic"], limitMs: 4_000 },
  { roles: ["cross_gateway"], limitMs: 4_000 },
];
/** After the first request to stop: what is left then is killed. Less than the 25 s that are promised. */
export const STOP_LIMIT_MS = 23_500;
/** A second request counts only after this time: a terminal may send one Ctrl-C up to three times. */
export const SECOND_STOP_AFTER_MS = 1_000;
/** A node that is restarted has its drain of 10 s, and a little. */
export const RESTART_LIMIT_MS = 12_000;
/** A failure after so long is the first one again. */
const HEALTHY_AFTER_MS = 30_000;

const EXIT_USAGE = 2;
const EXIT_RESTART_ME = 75;

type Phase = { readonly kind: "running" } | StoppingPhase | { readonly kind: "finished" };

interface StoppingPhase {
  readonly kind: "stopping";
  readonly sinceMs: number;
  /** Index in STOP_GROUPS; -1 before the first. */
  readonly group: number;
  readonly groupSinceMs: number;
  readonly killed: boolean;
}

export class SupervisorState {
  readonly #children: readonly Child[];
  /** With `--watch` a refused node may be mended while the others run, and all of them too. */
  readonly #staysWithoutNodes: boolean;
  #phase: Phase = { kind: "running" };
  #anyKilled = false;
  #actions: SupervisorAction[] = [];

  constructor(
    nodes: readonly { readonly id: NodeId; readonly role: NodeRole }[],
    options: { readonly staysWithoutNodes: boolean },
  ) {
    this.#children = nodes.map(({ id, role }) => ({ id, role, state: { kind: "waiting", untilMs: 0 }, failures: 0 }));
    this.#staysWithoutNodes = options.staysWithoutNodes;
  }

  stateOf(id: NodeId): ChildState["kind"] | undefined {
    return this.#find(id)?.state.kind;
  }

  /** When `tick` has something to do next. */
  nextWakeMs(): number | undefined {
    const times: number[] = [];
    for (const { state } of this.#children) {
      if (state.kind === "waiting") times.push(state.untilMs);
      if (this.#isTimed(state)) times.push(state.sinceMs + RESTART_LIMIT_MS);
    }
    if (this.#phase.kind === "stopping") {
      const { sinceMs, group, groupSinceMs, killed } = this.#phase;
      if (!killed) times.push(sinceMs + STOP_LIMIT_MS);
      if (group + 1 < STOP_GROUPS.length) times.push(groupSinceMs + (STOP_GROUPS[group]?.limitMs ?? 0));
    }
    const earliest = Math.min(...times);
    return this.#phase.kind === "finished" || !Number.isFinite(earliest) ? undefined : earliest;
  }

  /** Starts what is due, ends what takes too long. Also the first thing to call. */
  tick(nowMs: number): SupervisorAction[] {
    for (const child of this.#children) {
      const { state } = child;
      if (state.kind === "waiting" && state.untilMs <= nowMs) this.#start(child, nowMs);
      else if (this.#isTimed(state) && nowMs - state.sinceMs >= RESTART_LIMIT_MS) {
        this.#kill(child);
        // Once is enough: SIGKILL cannot be refused.
        child.state = { ...state, sinceMs: Number.POSITIVE_INFINITY };
      }
    }
    if (this.#phase.kind === "stopping") this.#goOnStopping(nowMs);
    return this.#take();
  }

  /** Also for a spawn that failed, as code 1. */
  exited(id: NodeId, status: ExitStatus, nowMs: number): SupervisorAction[] {
    const child = this.#find(id);
    if (child === undefined) return [];
    const { state } = child;
    if (this.#phase.kind === "stopping") {
      child.state = { kind: "stopped" };
      this.#log("info", "node stopped", { node: id, ...statusData(status) });
      this.#goOnStopping(nowMs);
    } else if (state.kind === "stopping") {
      child.failures = 0;
      if (state.again) this.#start(child, nowMs);
      else child.state = { kind: "held" };
    } else if (state.kind === "running") {
      this.#ended(child, status, nowMs - state.sinceMs, nowMs);
    }
    return this.#take();
  }

  /** Their code changed. */
  restart(ids: readonly NodeId[], nowMs: number): SupervisorAction[] {
    if (this.#phase.kind !== "running") return [];
    for (const child of this.#children.filter((each) => ids.includes(each.id))) {
      child.failures = 0;
      if (child.state.kind === "running") {
        child.state = { kind: "stopping", sinceMs: nowMs, again: true };
        this.#actions.push({ kind: "terminate", id: child.id });
      } else if (child.state.kind !== "stopping") this.#start(child, nowMs);
    }
    return this.#take();
  }

  /** Ends these and leaves them so until `release`. */
  hold(ids: readonly NodeId[], nowMs: number): SupervisorAction[] {
    if (this.#phase.kind !== "running") return [];
    for (const child of this.#children.filter((each) => ids.includes(each.id))) {
      const { state } = child;
      if (state.kind === "running") this.#actions.push({ kind: "terminate", id: child.id });
      if (state.kind === "running") child.state = { kind: "stopping", sinceMs: nowMs, again: false };
      else if (state.kind === "stopping") child.state = { ...state, again: false };
      else child.state = { kind: "held" };
    }
    return this.#take();
  }

  /** Starts those of these that are held; one that has not ended yet is started when it has. */
  release(ids: readonly NodeId[], nowMs: number): SupervisorAction[] {
    if (this.#phase.kind !== "running") return [];
    for (const child of this.#children.filter((each) => ids.includes(each.id))) {
      if (child.state.kind === "held") this.#start(child, nowMs);
      else if (child.state.kind === "stopping") child.state = { ...child.state, again: true };
    }
    return this.#take();
  }

  /** First: stops in order. A second one, a second later: kills what is left. */
  stop(nowMs: number): SupervisorAction[] {
    if (this.#phase.kind === "stopping") {
      if (nowMs - this.#phase.sinceMs >= SECOND_STOP_AFTER_MS) this.#killAll(this.#phase, "asked to stop again");
      return this.#take();
    }
    if (this.#phase.kind === "finished") return [];
    this.#phase = { kind: "stopping", sinceMs: nowMs, group: -1, groupSinceMs: nowMs, killed: false };
    for (const child of this.#children) {
      if (child.state.kind === "waiting" || child.state.kind === "refused" || child.state.kind === "held") {
        child.state = { kind: "stopped" };
      }
    }
    this.#goOnStopping(nowMs);
    return this.#take();
  }

  #goOnStopping(nowMs: number): void {
    if (this.#phase.kind !== "stopping") return;
    if (this.#children.every((child) => !isAlive(child))) {
      this.#phase = { kind: "finished" };
      this.#actions.push({ kind: "finished", code: this.#anyKilled ? 1 : 0 });
      return;
    }
    if (nowMs - this.#phase.sinceMs >= STOP_LIMIT_MS) this.#killAll(this.#phase, "did not stop in time");
    let phase: StoppingPhase | undefined = this.#phase;
    while (phase !== undefined) phase = this.#nextGroup(phase, nowMs);
  }

  /** Undefined while the group has time and members left, and after the last one. */
  #nextGroup(phase: StoppingPhase, nowMs: number): StoppingPhase | undefined {
    const current = STOP_GROUPS[phase.group];
    const isOver =
      current === undefined ||
      nowMs - phase.groupSinceMs >= current.limitMs ||
      !this.#children.some((child) => isAlive(child) && current.roles.includes(child.role));
    const next = STOP_GROUPS[phase.group + 1];
    if (!isOver || next === undefined) return undefined;
    for (const child of this.#children.filter((each) => isAlive(each) && next.roles.includes(each.role))) {
      if (child.state.kind === "running") this.#actions.push({ kind: "terminate", id: child.id });
      child.state = { kind: "stopping", sinceMs: nowMs, again: false };
    }
    const moved: StoppingPhase = { ...phase, group: phase.group + 1, groupSinceMs: nowMs };
    this.#phase = moved;
    return moved;
  }

  #ended(child: Child, status: ExitStatus, ranMs: number, nowMs: number): void {
    const data = { node: child.id, ...statusData(status), ranMs: Math.round(ranMs) };
    if (status.kind === "code" && status.code === EXIT_USAGE) {
      child.state = { kind: "refused" };
      this.#log("error", "node refused its configuration and is not restarted", data);
      this.#endWithoutNodes();
      return;
    }
    if (ranMs >= HEALTHY_AFTER_MS) child.failures = 0;
    const delayMs = restartDelay(status, { ranMs, failures: child.failures });
    const isAsked = status.kind === "code" && status.code === EXIT_RESTART_ME;
    if (!isAsked) child.failures += 1;
    child.state = { kind: "waiting", untilMs: nowMs + delayMs };
    const phrase = isAsked ? "node asks to be restarted" : "node ended and will be restarted";
    this.#log(isAsked ? "info" : "warn", phrase, { ...data, restartInMs: Math.round(delayMs) });
  }

  #endWithoutNodes(): void {
    if (this.#staysWithoutNodes || this.#children.some((child) => child.state.kind !== "refused")) return;
    this.#phase = { kind: "finished" };
    this.#actions.push({ kind: "finished", code: EXIT_USAGE });
  }

  #start(child: Child, nowMs: number): void {
    child.state = { kind: "running", sinceMs: nowMs };
    this.#actions.push({ kind: "spawn", id: child.id });
  }

  /** While all others run, one that is stopped has RESTART_LIMIT_MS. */
  #isTimed(state: ChildState): state is Extract<ChildState, { readonly kind: "stopping" }> {
    return state.kind === "stopping" && this.#phase.kind === "running";
  }

  #kill(child: Child): void {
    this.#anyKilled ||= this.#phase.kind === "stopping";
    this.#log("warn", "node is killed", { node: child.id });
    this.#actions.push({ kind: "kill", id: child.id });
  }

  #killAll(phase: StoppingPhase, reason: string): void {
    if (phase.killed) return;
    this.#phase = { ...phase, killed: true };
    const left = this.#children.filter(isAlive);
    this.#log("warn", "nodes left are killed", { reason, nodes: left.map((child) => child.id) });
    for (const child of left) this.#kill(child);
  }

  #find(id: NodeId): Child | undefined {
    return this.#children.find((child) => child.id === id);
  }

  #log(level: LogLevel, phrase: string, data: LogData): void {
    this.#actions.push({ kind: "log", level, phrase, data });
  }

  #take(): SupervisorAction[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }
}

function isAlive(child: Child): boolean {
  return child.state.kind === "running" || child.state.kind === "stopping";
}

function statusData(status: ExitStatus): LogData {
  return status.kind === "code" ? { code: status.code } : { signal: status.signal };
}
