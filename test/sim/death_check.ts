/**
 * Judges the exits of one process of a shard node (DESIGN 2): each has one of three reasons that really happened, a
 * silent gateway is given up not before four intervals, and not after five in which the node could run, and a node that
 * should have left has left.
 */

import type { SimProcess } from "#module/simulator/sim_process.ts";
import type { NodeId } from "#wire/role.ts";
import type { NodeSpec } from "./topology.ts";

/** The fourth tick after the one that counted the last byte, and up to one interval before that one. */
const INTERVALS_MIN = 4;
const INTERVALS_MAX = 5;
/** Timers are late, and a tick that came right after a thaw does not count. */
const SLACK_INTERVALS = 1.3;
/** From the welcome of another boot to the exit event: both are one event of the process. */
const RESTART_EXIT_MS = 100;

export class DeathCheck {
  readonly #spec: NodeSpec;
  readonly #process: SimProcess;
  readonly #nowMs: () => number;
  readonly #heartbeatMs: number;
  readonly #gateway: NodeId | undefined;
  /** Boots of the gateway that have welcomed it since the last exit event. */
  #boots: string[] = [];
  /** Another boot has welcomed it: an exit event is due. */
  #restartSeenAtMs: number | undefined;
  #hasSaidStopping = false;
  #isLeaving = false;
  #heardAtMs = 0;
  #frozenThenMs = 0;

  constructor(options: {
    spec: NodeSpec;
    process: SimProcess;
    nowMs: () => number;
    heartbeatMs: number;
    gateway: NodeId | undefined;
  }) {
    this.#spec = options.spec;
    this.#process = options.process;
    this.#nowMs = options.nowMs;
    this.#heartbeatMs = options.heartbeatMs;
    this.#gateway = options.gateway;
  }

  /** It is on its way out: what it does not do any more is no fault. */
  leaving(): void {
    this.#isLeaving = true;
  }

  heard(peer: NodeId): void {
    if (peer !== this.#gateway) return;
    this.#heardAtMs = this.#nowMs();
    this.#frozenThenMs = this.#process.frozenMs;
  }

  welcomed(peer: NodeId, boot: string): void {
    if (peer !== this.#gateway || this.#boots.at(-1) === boot) return;
    if (this.#boots.length > 0) this.#restartSeenAtMs = this.#nowMs();
    this.#boots.push(boot);
  }

  goodbye(peer: NodeId, reason: string): void {
    if (peer === this.#gateway && reason === "stopping") this.#hasSaidStopping = true;
  }

  /** The death policy has spoken: what is wrong with that, if anything. */
  exited(reason: string): string | undefined {
    const boots = this.#boots;
    this.#restartSeenAtMs = undefined;
    this.#boots = reason === "gateway_restarted" ? boots.slice(-1) : [];
    if (this.#gateway === undefined) return `${this.#spec.id} has no gateway and exits: ${reason}`;
    switch (reason) {
      case "gateway_stopping":
        return this.#hasSaidStopping ? undefined : `${this.#spec.id} exits: ${reason}, but nobody said goodbye`;
      case "gateway_restarted":
        return boots.length > 1 ? undefined : `${this.#spec.id} exits: ${reason}, but it has met one boot only`;
      case "gateway_dead": {
        const intervals = (this.#nowMs() - this.#heardAtMs) / this.#heartbeatMs;
        if (intervals >= INTERVALS_MIN - 0.1) return undefined;
        return `${this.#spec.id} exits: ${reason}, after ${intervals.toFixed(2)} intervals of silence`;
      }
      default:
        return `${this.#spec.id} exits for no reason of the design: ${reason}`;
    }
  }

  /** What is wrong with its being here, if anything. */
  stillHere(): string | undefined {
    if (this.#boots.length === 0 || this.#isLeaving || this.#process.isFrozen) return undefined;
    if (this.#restartSeenAtMs !== undefined) {
      const sinceMs = this.#nowMs() - Math.max(this.#restartSeenAtMs, this.#process.thawedAtMs);
      if (sinceMs > RESTART_EXIT_MS)
        return `${this.#spec.id} is still here although its gateway has come back as another process`;
    }
    const ownMs = this.#nowMs() - this.#heardAtMs - (this.#process.frozenMs - this.#frozenThenMs);
    const intervals = ownMs / this.#heartbeatMs;
    if (intervals <= INTERVALS_MAX + SLACK_INTERVALS) return undefined;
    return `${this.#spec.id} is still here after ${intervals.toFixed(2)} intervals of silence`;
  }
}
