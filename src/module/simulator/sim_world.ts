/**
 * Virtual time: one queue of events for all simulated processes, run one at a time; after each the promise jobs
 * are drained. Everything that is random comes from the seed, so a seed is a run.
 * Knows no network and no nodes. The real clock is never looked at.
 */

import { assert } from "#base/assert.ts";
import type { Timer } from "#base/clock.ts";
import type { Random } from "#base/random.ts";
import { seededRandom } from "#base/random.ts";
import type { EventKind, EventProcess } from "./event_queue.ts";
import { EventQueue, SimEvent } from "./event_queue.ts";
import { SimHost } from "./sim_host.ts";
import type { ProcessWorld, SimProcess } from "./sim_process.ts";
import { Trace } from "./trace.ts";

const WALL_START_MS = 1_767_225_600_000;
/** Rounds of callbacks and promise jobs after one event: more is a loop that never ends. */
const SETTLE_ROUNDS_MAX = 10_000;

export interface WorldOptions {
  readonly seed: number;
  /** Runs all waiting promise jobs, before it returns or before its promise resolves. */
  readonly drain: () => void | Promise<void>;
  /** A timer may fire this much late. Default 1. */
  readonly timerLateMaxMs?: number;
  /** A fault that no callback caught; `who` is a machine or "world". Without this it ends the run by being thrown. */
  readonly onFault?: (who: string, fault: unknown) => void;
}

export class SimWorld implements ProcessWorld {
  readonly trace = new Trace();
  readonly timerLateMaxMs: number;
  readonly random: Random;
  readonly #queue = new EventQueue();
  readonly #hosts = new Map<string, SimHost>();
  readonly #drain: () => void | Promise<void>;
  readonly #onFault: ((who: string, fault: unknown) => void) | undefined;
  #soon: { readonly process: EventProcess; readonly fn: () => void }[] = [];
  #nowMs = 0;
  #running = false;
  #eventCount = 0;

  constructor(options: WorldOptions) {
    this.random = seededRandom(options.seed);
    this.timerLateMaxMs = options.timerLateMaxMs ?? 1;
    this.#drain = options.drain;
    this.#onFault = options.onFault;
    this.trace.mix(options.seed);
  }

  /** Virtual milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have run so far. */
  get eventCount(): number {
    return this.#eventCount;
  }

  get hosts(): readonly SimHost[] {
    return [...this.#hosts.values()];
  }

  /** The machine of this name; it is made when it is first asked for. */
  host(name: string, options: { readonly wallSkewMs?: number } = {}): SimHost {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new SimHost({
        name,
        world: this,
        random: seededRandom(Math.floor(this.random.unit() * 0x1_0000_0000)),
        wallStartMs: WALL_START_MS,
        wallSkewMs: options.wallSkewMs ?? 0,
      });
      this.#hosts.set(name, host);
    }
    return host;
  }

  findHost(name: string): SimHost | undefined {
    return this.#hosts.get(name);
  }

  /** Something that happens to the world, `delayMs` from now. */
  after(delayMs: number, fn: () => void): Timer {
    const event = new SimEvent({ atMs: this.#nowMs + Math.max(0, delayMs), process: undefined, kind: "io", fn });
    this.#queue.push(event);
    return event;
  }

  /** Runs `delayMs` more of virtual time. */
  run(delayMs: number): void {
    const untilMs = this.#nowMs + delayMs;
    this.#settle();
    while (this.#step(untilMs)) this.#settle();
    this.#nowMs = untilMs;
  }

  /** Runs until `condition` holds, which is asked after each event, for at most `limitMs`; true when it holds. */
  runUntil(condition: () => boolean, limitMs: number): boolean {
    const untilMs = this.#nowMs + limitMs;
    this.#settle();
    while (!condition()) {
      if (!this.#step(untilMs)) {
        this.#nowMs = untilMs;
        return false;
      }
      this.#settle();
    }
    return true;
  }

  /** As `runUntil`, for a `drain` that takes a promise. */
  async runUntilAsync(condition: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = this.#nowMs + limitMs;
    await this.#settleAsync();
    while (!condition()) {
      if (!this.#step(untilMs)) {
        this.#nowMs = untilMs;
        return false;
      }
      await this.#settleAsync();
    }
    return true;
  }

  note(who: string, what: string, detail?: unknown): void {
    this.trace.note(this.#nowMs, who, what, detail);
  }

  schedule(options: { atMs: number; process: SimProcess; kind: EventKind; fn: () => void }): SimEvent {
    const event = new SimEvent(options);
    this.#queue.push(event);
    return event;
  }

  requeue(event: SimEvent): void {
    event.atMs = this.#nowMs;
    this.#queue.push(event);
  }

  soon(process: EventProcess, fn: () => void): void {
    this.#soon.push({ process, fn });
    if (!this.#running && this.#soon.length === 1) this.after(0, () => {});
  }

  runIn(process: EventProcess | undefined, fn: () => void): void {
    try {
      fn();
    } catch (fault) {
      this.#fault(process, fault);
    }
  }

  /** Runs the next event; false when none is due by `untilMs`. */
  #step(untilMs: number): boolean {
    for (;;) {
      const event = this.#queue.pop(untilMs);
      if (event === undefined) return false;
      const { process, fn } = event;
      if (fn === undefined || process?.isAlive === false) continue;
      this.#nowMs = event.atMs;
      if (process?.isFrozen === true) {
        process.hold(event);
        continue;
      }
      this.#eventCount += 1;
      this.trace.mix(Math.floor(event.atMs * 1000));
      this.trace.mix(event.serial);
      this.#running = true;
      this.runIn(process, fn);
      this.#running = false;
      return true;
    }
  }

  /** Promise jobs and what callbacks asked for `soon`, until there are none. */
  #settle(): void {
    for (let round = 0; ; round += 1) {
      assert(this.#drain() === undefined, "run and runUntil need a drain that is done when it returns");
      if (!this.#runSoon(round)) return;
    }
  }

  async #settleAsync(): Promise<void> {
    for (let round = 0; ; round += 1) {
      await this.#drain();
      if (!this.#runSoon(round)) return;
    }
  }

  #runSoon(round: number): boolean {
    if (this.#soon.length === 0) return false;
    if (round > SETTLE_ROUNDS_MAX) throw new Error("Cannot settle: callbacks ask for callbacks without end");
    const soon = this.#soon;
    this.#soon = [];
    this.#running = true;
    for (const { process, fn } of soon) if (process.isAlive) this.runIn(process, fn);
    this.#running = false;
    return true;
  }

  #fault(process: EventProcess | undefined, fault: unknown): void {
    const who = process?.name ?? "world";
    this.note(who, "fault", String(fault));
    this.#running = false;
    if (this.#onFault === undefined) throw fault;
    this.#onFault(who, fault);
  }
}
