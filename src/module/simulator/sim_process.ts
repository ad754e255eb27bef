/**
 * One life of a simulated process: its clock, its freezes and its end. After `end` nothing of it runs any more.
 * While frozen (SIGSTOP) its timers and its I/O wait; on thaw all due timers come first, then I/O, then what
 * waited for a poll: the worst order for a heartbeat that trusts its timers.
 */

import type { Clock } from "#base/clock.ts";
import type { Random } from "#base/random.ts";
import type { EventKind, EventProcess, SimEvent } from "./event_queue.ts";

/** The machine that a process runs on. */
export interface Machine {
  readonly name: string;
  readonly hasPower: boolean;
  wallMs(): number;
}

/** What a process needs of the world. */
export interface ProcessWorld {
  readonly nowMs: number;
  readonly timerLateMaxMs: number;
  schedule(options: { atMs: number; process: SimProcess; kind: EventKind; fn: () => void }): SimEvent;
  requeue(event: SimEvent): void;
  soon(process: EventProcess, fn: () => void): void;
  runIn(process: EventProcess, fn: () => void): void;
  note(who: string, what: string, detail?: unknown): void;
}

const HELD_ORDER: readonly EventKind[] = ["timer", "io", "poll"];

export class SimProcess implements EventProcess {
  readonly host: Machine;
  /** Lives of this host so far, this one included. */
  readonly life: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly #world: ProcessWorld;
  readonly #startedMs: number;
  #alive = true;
  #frozen = false;
  #frozenAtMs = 0;
  #frozenMs = 0;
  #thawedAtMs = 0;
  #held: SimEvent[] = [];
  readonly #onEnd: (() => void)[] = [];

  constructor(options: { host: Machine; life: number; world: ProcessWorld; random: Random }) {
    this.host = options.host;
    this.life = options.life;
    this.random = options.random;
    this.#world = options.world;
    this.#startedMs = options.world.nowMs - options.random.unit() * 1000;
    this.clock = this.#makeClock();
  }

  /** Of its machine. */
  get name(): string {
    return this.host.name;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  /** World time of the last thaw; 0 when there was none. */
  get thawedAtMs(): number {
    return this.#thawedAtMs;
  }

  /** How long it has been frozen in all. */
  get frozenMs(): number {
    return this.#frozenMs + (this.#frozen ? this.#world.nowMs - this.#frozenAtMs : 0);
  }

  freeze(): void {
    if (!this.#alive || this.#frozen) return;
    this.#frozen = true;
    this.#frozenAtMs = this.#world.nowMs;
    this.#world.note(this.host.name, "freeze");
  }

  thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#thawedAtMs = this.#world.nowMs;
    this.#frozenMs += this.#world.nowMs - this.#frozenAtMs;
    const held = this.#held;
    this.#held = [];
    this.#world.note(this.host.name, "thaw", { held: held.length });
    for (const kind of HELD_ORDER) {
      for (const event of held) if (event.kind === kind) this.#world.requeue(event);
    }
  }

  /** Nothing of this process runs after the callback that is running now. */
  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#frozen = false;
    this.#held = [];
    this.#world.note(this.host.name, "end");
    for (const fn of this.#onEnd) fn();
  }

  /** Called once, inside `end`. */
  onEnd(fn: () => void): void {
    this.#onEnd.push(fn);
  }

  /** Something from outside happens to it: now, or after the thaw; never when it has ended. */
  deliver(fn: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen) {
      this.#world.schedule({ atMs: this.#world.nowMs, process: this, kind: "io", fn });
      return;
    }
    this.#world.runIn(this, fn);
  }

  /** The world's, for an event that came due while frozen. */
  hold(event: SimEvent): void {
    this.#held.push(event);
  }

  #makeClock(): Clock {
    const world = this.#world;
    const ignored = { cancel: () => {} };
    return {
      nowMs: () => world.nowMs - this.#startedMs,
      wallMs: () => Math.floor(this.host.wallMs()),
      after: (delayMs, fn) => {
        if (!this.#alive) return ignored;
        const lateMs = this.random.unit() * world.timerLateMaxMs;
        return world.schedule({ atMs: world.nowMs + Math.max(0, delayMs) + lateMs, process: this, kind: "timer", fn });
      },
      afterPoll: (fn) => {
        if (this.#alive) world.schedule({ atMs: world.nowMs, process: this, kind: "poll", fn });
      },
      soon: (fn) => {
        if (this.#alive) world.soon(this, fn);
      },
    };
  }
}
