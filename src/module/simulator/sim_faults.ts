/**
 * Faults of a simulated run: drawn from a seed within a budget, applied at their time, each taken back after its
 * own; `healAll` takes back what is left. Starting and stopping nodes is the business of who runs the simulation.
 */

import { unreachable } from "#base/assert.ts";
import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { SimNetwork } from "./sim_network.ts";
import type { SimWorld } from "./sim_world.ts";

export const FAULT_KINDS = [
  "cut",
  "cut_one_way",
  "partition",
  "partition_one_way",
  "reset",
  "reset_storm",
  "freeze",
  "kill",
  "power_off",
  "wipe",
  "refuse",
  "slow_reader",
  "slow_path",
  "wall_jump",
] as const;
/** Share of the faults that last until the end of the plan, so that there is something to heal. */
const LASTING_SHARE = 0.25;

export type FaultKind = (typeof FAULT_KINDS)[number];

export type Fault =
  | { readonly kind: "cut" | "cut_one_way" | "reset"; readonly from: string; readonly to: string }
  | { readonly kind: "slow_path"; readonly from: string; readonly to: string; readonly extraMs: number }
  | { readonly kind: "partition" | "partition_one_way"; readonly side: readonly string[] }
  | { readonly kind: "reset_storm"; readonly share: number }
  | { readonly kind: "wall_jump"; readonly host: string; readonly byMs: number }
  | {
      readonly kind: "freeze" | "kill" | "power_off" | "wipe" | "refuse" | "slow_reader";
      readonly host: string;
    };

export interface PlannedFault {
  readonly atMs: number;
  /** After this it is taken back; a machine starts its process again. */
  readonly durationMs: number;
  readonly fault: Fault;
}

export interface FaultPlan {
  readonly random: Random;
  readonly hosts: readonly string[];
  /** Pairs of machines that talk to each other. */
  readonly pairs: readonly (readonly [string, string])[];
  readonly fromMs: number;
  readonly untilMs: number;
  /** How many faults at most. */
  readonly budget: number;
  readonly kinds?: readonly FaultKind[];
  /** Of the short ones and of the long ones; half of the faults are of each sort. */
  readonly shortMaxMs: number;
  readonly longMaxMs: number;
  /** Share of the faults that last until the end of the plan. Default LASTING_SHARE. */
  readonly lastingShare?: number;
}

/** Faults in the order of their times. */
export function planFaults(plan: FaultPlan): PlannedFault[] {
  const { random } = plan;
  const kinds = plan.kinds ?? FAULT_KINDS;
  const lastingShare = plan.lastingShare ?? LASTING_SHARE;
  const out: PlannedFault[] = [];
  for (let count = 0; count < plan.budget; count += 1) {
    const atMs = plan.fromMs + random.unit() * (plan.untilMs - plan.fromMs);
    const maxMs = random.unit() < 0.5 ? plan.shortMaxMs : plan.longMaxMs;
    const leftMs = plan.untilMs - atMs;
    const durationMs = random.unit() < lastingShare ? leftMs : Math.min(random.unit() * maxMs, leftMs);
    const kind = kinds[randomIndex(random, kinds.length)] ?? "cut";
    out.push({ atMs, durationMs, fault: drawFault(kind, plan) });
  }
  return out.toSorted((a, b) => a.atMs - b.atMs);
}

function drawFault(kind: FaultKind, plan: FaultPlan): Fault {
  const { random, hosts, pairs } = plan;
  const [a, b] = pairs[randomIndex(random, pairs.length)] ?? ["", ""];
  const [from, to] = random.unit() < 0.5 ? [a, b] : [b, a];
  const host = hosts[randomIndex(random, hosts.length)] ?? "";
  switch (kind) {
    case "cut":
    case "cut_one_way":
    case "reset":
      return { kind, from, to };
    case "slow_path":
      return { kind, from, to, extraMs: random.unit() * 400 };
    case "partition":
    case "partition_one_way":
      return { kind, side: hosts.filter(() => random.unit() < 0.5) };
    case "reset_storm":
      return { kind, share: random.unit() };
    case "wall_jump":
      return { kind, host, byMs: (random.unit() - 0.5) * 20_000 };
    case "freeze":
    case "kill":
    case "power_off":
    case "wipe":
    case "refuse":
    case "slow_reader":
      return { kind, host };
    default:
      return unreachable(kind);
  }
}

export interface FaultActions {
  /** The process of this machine has ended; it is to start again when `start` is called. `wiped`: without its data. */
  stopped(host: string, wiped: boolean): void;
  start(host: string): void;
}

export class FaultInjector {
  readonly #world: SimWorld;
  readonly #network: SimNetwork;
  readonly #actions: FaultActions;
  readonly #counts = new Map<FaultKind, number>();
  readonly #undo = new Set<() => void>();
  #isStopped = false;

  constructor(options: { world: SimWorld; network: SimNetwork; actions: FaultActions }) {
    this.#world = options.world;
    this.#network = options.network;
    this.#actions = options.actions;
  }

  /** Faults that took effect, by kind. */
  get counts(): ReadonlyMap<FaultKind, number> {
    return this.#counts;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  schedule(plan: readonly PlannedFault[]): void {
    for (const { atMs, durationMs, fault } of plan) {
      this.#world.after(atMs - this.#world.nowMs, () => {
        if (!this.#isStopped) this.#apply(fault, durationMs);
      });
    }
  }

  /** Takes back everything and applies nothing that is still planned. */
  healAll(): void {
    this.#isStopped = true;
    this.#world.note("world", "heal all");
    for (const undo of [...this.#undo]) undo();
  }

  #apply(fault: Fault, durationMs: number): void {
    const undo = this.#begin(fault);
    if (undo === undefined) return;
    this.#counts.set(fault.kind, (this.#counts.get(fault.kind) ?? 0) + 1);
    this.#world.note("fault", fault.kind, { ...fault, durationMs });
    const once = (): void => {
      if (this.#undo.delete(once)) undo();
    };
    this.#undo.add(once);
    this.#world.after(durationMs, once);
  }

  /** Undefined: it had no effect. */
  #begin(fault: Fault): (() => void) | undefined {
    const network = this.#network;
    switch (fault.kind) {
      case "cut":
      case "cut_one_way":
        return this.#cut(fault.kind === "cut" ? bothWays([[fault.from, fault.to]]) : [[fault.from, fault.to]]);
      case "partition":
      case "partition_one_way": {
        const pairs = this.#across(new Set(fault.side));
        return this.#cut(fault.kind === "partition" ? bothWays(pairs) : pairs);
      }
      case "reset":
        return network.reset(fault.from, fault.to) > 0 ? () => {} : undefined;
      case "reset_storm":
        return network.resetStorm(fault.share) > 0 ? () => {} : undefined;
      case "slow_path": {
        const path = network.path(fault.from, fault.to);
        path.extraMs += fault.extraMs;
        return () => {
          path.extraMs -= fault.extraMs;
        };
      }
      case "wall_jump": {
        const host = this.#world.host(fault.host);
        host.wallSkewMs += fault.byMs;
        return () => {
          host.wallSkewMs -= fault.byMs;
        };
      }
      case "refuse":
        network.setRefusing(fault.host, true);
        return () => network.setRefusing(fault.host, false);
      case "slow_reader":
        network.setSlow(fault.host, true);
        return () => network.setSlow(fault.host, false);
      case "freeze": {
        const process = this.#world.host(fault.host).process;
        if (process === undefined || process.isFrozen) return undefined;
        process.freeze();
        return () => process.thaw();
      }
      case "kill":
      case "wipe":
      case "power_off":
        return this.#stop(fault.host, fault.kind);
      default:
        return unreachable(fault);
    }
  }

  #stop(name: string, kind: "kill" | "wipe" | "power_off"): (() => void) | undefined {
    const host = this.#world.host(name);
    if (host.process === undefined) return undefined;
    if (kind === "power_off") this.#network.powerOff(host);
    else this.#network.kill(host);
    this.#actions.stopped(name, kind === "wipe");
    return () => {
      this.#network.powerOn(host);
      this.#actions.start(name);
    };
  }

  #cut(paths: readonly (readonly [string, string])[]): (() => void) | undefined {
    if (paths.length === 0) return undefined;
    for (const [from, to] of paths) this.#network.cut(from, to);
    return () => {
      for (const [from, to] of paths) this.#network.heal(from, to);
    };
  }

  #across(side: ReadonlySet<string>): [string, string][] {
    const names = this.#world.hosts.map((host) => host.name);
    const out: [string, string][] = [];
    for (const from of names) {
      if (!side.has(from)) continue;
      for (const to of names) if (!side.has(to)) out.push([from, to]);
    }
    return out;
  }
}

function bothWays(pairs: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return pairs.flatMap(([from, to]) => [[from, to] as const, [to, from] as const]);
}
