/**
 * Alarms of one node: what is wrong now, in words, until it is cleared. Raising a raised alarm changes its
 * detail and logs nothing, so a sick node says it once. Bound: ALARMS_MAX; the oldest one gives way.
 */

import type { Clock } from "./clock.ts";
import type { Log, LogData } from "./log.ts";

const ALARMS_MAX = 256;

export interface Alarm {
  /** `what` or `what:subject`, e.g. "orphan:activity/cross_center:1/boss". */
  readonly name: string;
  readonly detail: LogData;
  readonly sinceMs: number;
}

export class Alarms {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #raised = new Map<string, Alarm>();

  constructor(options: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = options.clock;
    this.#log = options.log;
  }

  raise(name: string, detail: LogData = {}): void {
    const old = this.#raised.get(name);
    this.#raised.set(name, { name, detail, sinceMs: old?.sinceMs ?? this.#clock.wallMs() });
    if (old !== undefined) return;
    this.#log.warn("alarm raised", { alarm: name, ...detail });
    if (this.#raised.size > ALARMS_MAX) {
      const oldest = this.#raised.keys().next();
      if (!oldest.done) this.#raised.delete(oldest.value);
    }
  }

  clear(name: string): void {
    if (this.#raised.delete(name)) this.#log.info("alarm cleared", { alarm: name });
  }

  has(name: string): boolean {
    return this.#raised.has(name);
  }

  all(): Alarm[] {
    return [...this.#raised.values()];
  }
}
