/**
 * One direction between two simulated machines: its latency, and whether it is cut. Cuts nest, since faults overlap.
 * What was under way when it was cut is lost, as is all that is sent until it heals; TCP sends both again then.
 */

import type { Random } from "#base/random.ts";

export class SimPath {
  readonly from: string;
  readonly to: string;
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Added while a fault makes the path slow. */
  extraMs = 0;
  readonly #random: Random;
  #cuts = 0;
  #cutAtMs = 0;

  constructor(options: { from: string; to: string; latencyMs: number; jitterMs: number; random: Random }) {
    this.from = options.from;
    this.to = options.to;
    this.latencyMs = options.latencyMs;
    this.jitterMs = options.jitterMs;
    this.#random = options.random;
  }

  get isCut(): boolean {
    return this.#cuts > 0;
  }

  /** What had arrived by then can still be read; undefined while it is whole. */
  get cutAtMs(): number | undefined {
    return this.#cuts > 0 ? this.#cutAtMs : undefined;
  }

  /** How long the next segment is under way. */
  delayMs(): number {
    return this.latencyMs + this.#random.unit() * this.jitterMs + this.extraMs;
  }

  cut(nowMs: number): void {
    if (this.#cuts === 0) this.#cutAtMs = nowMs;
    this.#cuts += 1;
  }

  /** True when it is whole again by this. */
  heal(): boolean {
    if (this.#cuts === 0) return false;
    this.#cuts -= 1;
    return this.#cuts === 0;
  }
}
