/**
 * What answered pings tell: the round trip, and how far the other end's cluster time is from our
 * monotonic clock, which nobody sets. Of the last PINGS_KEPT answers the fastest one is believed about the clock: a slow
 * one has waited somewhere (the clock filter of RFC 5905). Pure. A pong later than the last PINGS_KEPT pings tells nothing.
 */

import type { Heartbeat } from "#wire/heartbeat.ts";

const PINGS_KEPT = 8;

interface Sample {
  readonly rttMs: number;
  readonly offsetMs: number;
}

export class PingTimes {
  readonly #sentMs: number[] = Array.from({ length: PINGS_KEPT }, () => Number.NaN);
  /** A slower sample measures a pause of one of the ends rather than its clock. */
  readonly #offsetRttMaxMs: number;
  #sequence = 0;
  #rttMs: number | undefined;
  #samples: readonly Sample[] = [];

  constructor(intervalMs: number) {
    this.#offsetRttMaxMs = intervalMs;
  }

  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  get offsetMs(): number | undefined {
    if (this.#samples.length === 0) return undefined;
    return this.#samples.reduce((best, sample) => (sample.rttMs < best.rttMs ? sample : best)).offsetMs;
  }

  /** The sequence of a ping that is sent now (monotonic). */
  sent(nowMs: number): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#sentMs[this.#sequence % PINGS_KEPT] = nowMs;
    return this.#sequence;
  }

  /** `nowMs` is monotonic, as for `sent`. */
  answered(pong: Heartbeat, nowMs: number): void {
    const age = (this.#sequence - pong.sequence) >>> 0;
    if (age >= PINGS_KEPT) return;
    const slot = pong.sequence % PINGS_KEPT;
    const sentMs = this.#sentMs[slot] ?? Number.NaN;
    if (Number.isNaN(sentMs)) return;
    this.#sentMs[slot] = Number.NaN;
    const rttMs = Math.max(0, nowMs - sentMs);
    this.#rttMs = rttMs;
    if (this.#samples.length > 0 && rttMs > this.#offsetRttMaxMs) return;
    const offsetMs = pong.clusterMs + rttMs / 2 - nowMs;
    this.#samples = [...this.#samples.slice(1 - PINGS_KEPT), { rttMs, offsetMs }];
  }
}
