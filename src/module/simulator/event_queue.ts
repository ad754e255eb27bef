/**
 * What happens when, on virtual time: a binary heap of events, in the order of (time, serial).
 * An event that was cancelled stays in the heap until its time and is then skipped.
 */

import type { Timer } from "#base/clock.ts";

/** What a process waits for; after a freeze they come in this order. */
export type EventKind = "timer" | "io" | "poll";

/** As much of a process as its events need. */
export interface EventProcess {
  readonly name: string;
  readonly isAlive: boolean;
  readonly isFrozen: boolean;
  /** Keeps an event that came due while frozen. */
  hold(event: SimEvent): void;
}

export class SimEvent implements Timer {
  atMs: number;
  serial = 0;
  /** Undefined: it happens to the world and not inside a process. */
  readonly process: EventProcess | undefined;
  readonly kind: EventKind;
  fn: (() => void) | undefined;

  constructor(options: { atMs: number; process: EventProcess | undefined; kind: EventKind; fn: () => void }) {
    this.atMs = options.atMs;
    this.process = options.process;
    this.kind = options.kind;
    this.fn = options.fn;
  }

  cancel(): void {
    this.fn = undefined;
  }
}

export class EventQueue {
  readonly #heap: SimEvent[] = [];
  #serial = 0;

  get size(): number {
    return this.#heap.length;
  }

  push(event: SimEvent): void {
    this.#serial += 1;
    event.serial = this.#serial;
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as SimEvent;
      if (isBefore(above, event)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  /** The earliest event if it is due by `untilMs`. */
  pop(untilMs: number): SimEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atMs > untilMs) return undefined;
    const last = heap.pop() as SimEvent;
    if (last !== first) this.#sink(last);
    return first;
  }

  #sink(event: SimEvent): void {
    const heap = this.#heap;
    const size = heap.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      const right = child + 1;
      if (right < size && isBefore(heap[right] as SimEvent, heap[child] as SimEvent)) child = right;
      const below = heap[child] as SimEvent;
      if (isBefore(event, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = event;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);
}
