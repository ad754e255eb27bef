/**
 * Judges the exits of one process of a shard node (DESIGN 2): each has one of three reasons that really happened, a
 * silent gateway is given up not before three and not after five of the node's own intervals, and a node that
 * should have left has left.
 */

import type { SimProcess } from "#module/simulator/sim_process.ts";
import type { NodeId } from "#wire/role.ts";
import type { NodeSpec } from "./topology.ts";

/** Four ticks are at least three whole intervals; the fourth comes before the fifth interval is over. */
const INTERVALS_MIN = 3;
const INTERVALS_MAX = 5;
/** Timers are late, and a tick that came right after a thaw does not count. */
const SLACK_INTERVALS = 1.3;

export class DeathCheck {
  readonly #spec: NodeSpec;
  readonly #process: SimProcess;
  readonly #nowMs: () => number;
  readonly #heartbeatMs: number;
  readonly #gateway: NodeId | undefined;
  readonly #gatewayLife: () => number;
  readonly #livesWelcomed = new Set<number>();
  #hasSaidStopping = false;
  #heardAtMs = 0;
  #frozenThenMs = 0;

  constructor(options: {
    spec: NodeSpec;
    process: SimProcess;
    nowMs: () => number;
    heartbeatMs: number;
    gateway: NodeId | undefined;
    /** Which start of its gateway there is now. */
    gatewayLife: () => number;
  }) {
    this.#spec = options.spec;
    this.#process = options.process;
    this.#nowMs = options.nowMs;
    this.#heartbeatMs = options.heartbeatMs;
    this.#gateway = options.gateway;
    this.#gatewayLife = options.gatewayLife;
  }

  heard(peer: NodeId): void {
    if (peer !== this.#gateway) return;
    this.#heardAtMs = this.#nowMs();
    this.#frozenThenMs = this.#process.frozenMs;
  }

  welcomed(peer: NodeId): void {
    if (peer === this.#gateway) this.#livesWelcomed.add(this.#gatewayLife());
  }

  goodbye(peer: NodeId, reason: string): void {
    if (peer === this.#gateway && reason === "stopping") this.#hasSaidStopping = true;
  }

  /** What is wrong with this exit, if anything. */
  exited(reason: string): string | undefined {
    if (this.#gateway === undefined) return `${this.#spec.id} has no gateway and left: ${reason}`;
    switch (reason) {
      case "gateway_stopping":
        return this.#hasSaidStopping ? undefined : `${this.#spec.id} left: ${reason}, but nobody said goodbye`;
      case "gateway_restarted":
        return this.#livesWelcomed.size > 1
          ? undefined
          : `${this.#spec.id} left: ${reason}, but it has met one start of it only`;
      case "gateway_dead": {
        const intervals = this.#silentIntervals();
        if (intervals >= INTERVALS_MIN - 0.1) return undefined;
        return `${this.#spec.id} left: ${reason}, after ${intervals.toFixed(2)} intervals of silence`;
      }
      default:
        return `${this.#spec.id} left for no reason of the design: ${reason}`;
    }
  }

  /** What is wrong with its being here, if anything. */
  stillHere(): string | undefined {
    if (this.#livesWelcomed.size === 0 || this.#process.isFrozen) return undefined;
    const intervals = this.#silentIntervals();
    if (intervals <= INTERVALS_MAX + SLACK_INTERVALS) return undefined;
    return `${this.#spec.id} is still here after ${intervals.toFixed(2)} intervals of silence`;
  }

  /** Of the time in which the process itself could run. */
  #silentIntervals(): number {
    const silentMs = this.#nowMs() - this.#heardAtMs - (this.#process.frozenMs - this.#frozenThenMs);
    return silentMs / this.#heartbeatMs;
  }
}
