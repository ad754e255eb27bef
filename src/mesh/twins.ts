/**
 * Twins: two living processes with one node id, which links cannot refuse because they are on two gateways. A node that
 * restarts looks like that until its old link is found dead; what lasts longer is an alarm, until it ends.
 * Changes nothing about routes: which process counts is the directory's.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { NodeKey } from "#wire/role.ts";
import { idOfKey } from "#wire/role.ts";
import type { Claimant } from "./directory.ts";

/** A link to a dead process ends after 3 at most, and the news of it passes a hop. */
export const TWINS_AFTER_INTERVALS = 4;

export class TwinWatch {
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #counters: Counters;
  readonly #afterMs: number;
  readonly #claimants: (key: NodeKey) => readonly Claimant[];
  /** Ids that have several claimants: waiting for the time to be over, or raised. */
  readonly #seen = new Map<NodeKey, Timer | "raised">();

  constructor(options: {
    readonly clock: Clock;
    readonly alarms: Alarms;
    readonly counters: Counters;
    readonly intervalMs: number;
    readonly claimants: (key: NodeKey) => readonly Claimant[];
  }) {
    this.#clock = options.clock;
    this.#alarms = options.alarms;
    this.#counters = options.counters;
    this.#afterMs = TWINS_AFTER_INTERVALS * options.intervalMs;
    this.#claimants = options.claimants;
  }

  /** To be told of every change. */
  changed(key: NodeKey): void {
    const seen = this.#seen.get(key);
    if (this.#claimants(key).length < 2) {
      this.#seen.delete(key);
      if (seen === "raised") this.#alarms.clear(nameOf(key));
      else seen?.cancel();
      return;
    }
    if (seen === "raised") this.#raise(key);
    else if (seen === undefined) {
      const timer = this.#clock.after(this.#afterMs, () => {
        this.#seen.set(key, "raised");
        this.#counters.add("mesh.duplicate_identity");
        this.#raise(key);
      });
      this.#seen.set(key, timer);
    }
  }

  stop(): void {
    for (const seen of this.#seen.values()) if (seen !== "raised") seen.cancel();
    this.#seen.clear();
  }

  #raise(key: NodeKey): void {
    const [first, other] = this.#claimants(key);
    if (first === undefined || other === undefined) return;
    this.#alarms.raise(nameOf(key), {
      node: idOfKey(key),
      alive: first.identity.boot,
      aliveAt: first.gateway.id,
      twin: other.identity.boot,
      twinAt: other.gateway.id,
    });
  }
}

function nameOf(key: NodeKey): string {
  return `duplicate_identity:${idOfKey(key)}`;
}
