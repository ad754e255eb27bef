/**
 * What StateTopics has to tell when it is consistent again: events in their order, then the links that have
 * something to write. So an effect may call the machine, and a link may ask for its next message at once.
 */

import type { Report } from "#wire/sync_message.ts";
import type { Heard } from "./link_view.ts";
import type { Copy, StateEffects, StateRefusal } from "./state_types.ts";

export class StateOutbox {
  readonly #effects: StateEffects;
  #ready = new Set<number>();
  #events: (() => void)[] = [];

  constructor(effects: StateEffects) {
    this.#effects = effects;
  }

  ready(serial: number): void {
    this.#ready.add(serial);
  }
  accepted(copy: Copy): void {
    this.#events.push(() => this.#effects.accepted(copy));
  }
  dropped(topic: string): void {
    this.#events.push(() => this.#effects.dropped(topic));
  }
  reported(report: Report): void {
    this.#events.push(() => this.#effects.reported(report));
  }
  /** What is refused is settled: not asked for again until another word comes. */
  refused(reason: StateRefusal, heard?: Heard): void {
    if (heard !== undefined) heard.settled = true;
    this.#events.push(() => this.#effects.refused(reason));
  }

  flush(isUp: (serial: number) => boolean): void {
    if (this.#ready.size === 0 && this.#events.length === 0) return;
    const ready = this.#ready;
    const events = this.#events;
    this.#ready = new Set();
    this.#events = [];
    for (const event of events) event();
    for (const serial of ready) if (isUp(serial)) this.#effects.ready(serial);
  }
}
