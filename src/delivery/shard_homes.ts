/**
 * Where the shards live that an owner has rewards for. A merge is told to the owner, not to this: so it is asked again,
 * at most once in HOMES_KEPT_MS. Pure but for the clock. Bound: shards of an outbox, of which there are as many as there
 * ever were in the cluster.
 */

import type { Clock } from "#base/clock.ts";

export const HOMES_KEPT_MS = 1_000;

export class ShardHomes {
  readonly #clock: Clock;
  readonly #homeOf: (shard: number) => number;
  readonly #shards = new Set<number>();
  #homes = new Map<number, number[]>();
  #asOfMs: number | undefined;

  constructor(options: { readonly clock: Clock; readonly homeOf: (shard: number) => number }) {
    this.#clock = options.clock;
    this.#homeOf = options.homeOf;
  }

  add(shard: number): void {
    if (this.#shards.has(shard)) return;
    this.#shards.add(shard);
    this.#asOfMs = undefined;
  }

  refresh(): void {
    this.#asOfMs = undefined;
  }

  of(shard: number): number {
    return this.#homeOf(shard);
  }

  /** Those that live on in another one. */
  moved(): readonly number[] {
    return [...this.#shards].filter((shard) => this.#homeOf(shard) !== shard);
  }

  /** The shards that live here now, by number. */
  shardsOf(home: number): readonly number[] {
    const nowMs = this.#clock.nowMs();
    if (this.#asOfMs === undefined || nowMs - this.#asOfMs >= HOMES_KEPT_MS) {
      this.#asOfMs = nowMs;
      this.#homes = new Map();
      for (const shard of [...this.#shards].toSorted((a, b) => a - b)) {
        const at = this.#homeOf(shard);
        const known = this.#homes.get(at);
        if (known === undefined) this.#homes.set(at, [shard]);
        else known.push(shard);
      }
    }
    return this.#homes.get(home) ?? [];
  }
}
