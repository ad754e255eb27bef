/**
 * Delivers the events of activities to those who listen. Each listener hears `opened` and `closed` of an activity in
 * turn, wherever in the stream it began to listen, and hears at once of what is open already. A listener that fails
 * is isolated: alarm `module_fault:<module>`, the others still hear. Events that come while one is being delivered
 * wait until all have heard it.
 */

import type { Alarms } from "#base/alarms.ts";
import { messageOf } from "#base/log.ts";
import type { AppliedEvent, ClosedEvent, OpenedEvent, PhaseEvent, TermEvent } from "./activity_event.ts";

export interface TermListener {
  /** Whose fault it is when it throws. */
  readonly module: string;
  /** Without it: activities of every kind. */
  readonly kind?: string;
  readonly opened?: (event: OpenedEvent) => void | Promise<void>;
  readonly closed?: (event: ClosedEvent) => void | Promise<void>;
  readonly phase?: (event: PhaseEvent) => void | Promise<void>;
  readonly applied?: (event: AppliedEvent) => void | Promise<void>;
}

interface Listening {
  readonly listener: TermListener;
  /** The term that it has heard open, by owner and id. */
  readonly open: Map<string, string>;
}

export class TermListeners {
  readonly #alarms: Alarms;
  readonly #all = new Set<Listening>();
  #queue: TermEvent[] = [];
  #isDelivering = false;

  constructor(alarms: Alarms) {
    this.#alarms = alarms;
  }

  /** `now` is what is so already. Answers what ends the listening; nothing is heard afterwards. */
  add(
    listener: TermListener,
    now: {
      readonly open: readonly OpenedEvent[];
      readonly phases: readonly PhaseEvent[];
      readonly applied: readonly AppliedEvent[];
    },
  ): () => void {
    const listening: Listening = { listener, open: new Map() };
    this.#all.add(listening);
    for (const event of now.open) this.#tell(listening, { kind: "opened", event });
    for (const event of now.phases) this.#tell(listening, { kind: "phase", event });
    for (const event of now.applied) this.#tell(listening, { kind: "applied", event });
    return () => this.#all.delete(listening);
  }

  /** In this order. */
  deliver(events: readonly TermEvent[]): void {
    this.#queue.push(...events);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        for (const listening of [...this.#all]) if (this.#all.has(listening)) this.#tell(listening, next);
      }
    } finally {
      this.#isDelivering = false;
    }
  }

  #tell(listening: Listening, told: TermEvent): void {
    const { listener, open } = listening;
    if (listener.kind !== undefined && listener.kind !== told.event.kind) return;
    if (told.kind === "phase") {
      this.#guard(listener, () => listener.phase?.(told.event));
      return;
    }
    if (told.kind === "applied") {
      this.#guard(listener, () => listener.applied?.(told.event));
      return;
    }
    const { event } = told;
    const key = `${event.owner}/${event.id}`;
    if (told.kind === "opened") {
      if (open.has(key)) return;
      open.set(key, event.term);
      this.#guard(listener, () => listener.opened?.(told.event));
    } else {
      if (open.get(key) !== event.term) return;
      open.delete(key);
      this.#guard(listener, () => listener.closed?.(told.event));
    }
  }

  #guard(listener: TermListener, tell: () => void | Promise<void> | undefined): void {
    const fault = (error: unknown): void => {
      this.#alarms.raise(`module_fault:${listener.module}`, { at: "activity listener", error: messageOf(error) });
    };
    try {
      const running = tell();
      if (running instanceof Promise) running.catch(fault);
    } catch (error) {
      fault(error);
    }
  }
}
