/**
 * A simulated machine: a name that is its address, a wall clock that may be wrong, power, and the process that
 * runs on it now. What survives its processes (files) belongs to who runs the simulation.
 */

import { assert } from "#base/assert.ts";
import type { Random } from "#base/random.ts";
import { seededRandom } from "#base/random.ts";
import type { Machine, ProcessWorld } from "./sim_process.ts";
import { SimProcess } from "./sim_process.ts";

export class SimHost implements Machine {
  readonly name: string;
  /** Added to the world's calendar; may be changed at any time, as when an operator sets the clock. */
  wallSkewMs: number;
  /** Without power nothing answers, not even the kernel. Set through SimNetwork, which wakes what waited. */
  hasPower = true;
  readonly #world: ProcessWorld;
  readonly #random: Random;
  readonly #wallStartMs: number;
  #process: SimProcess | undefined;
  #lives = 0;

  constructor(options: { name: string; world: ProcessWorld; random: Random; wallStartMs: number; wallSkewMs: number }) {
    this.name = options.name;
    this.wallSkewMs = options.wallSkewMs;
    this.#world = options.world;
    this.#random = options.random;
    this.#wallStartMs = options.wallStartMs;
  }

  /** Calendar of this machine. */
  wallMs(): number {
    return this.#wallStartMs + this.#world.nowMs + this.wallSkewMs;
  }

  /** The process that is alive here, if there is one. */
  get process(): SimProcess | undefined {
    return this.#process?.isAlive === true ? this.#process : undefined;
  }

  get lives(): number {
    return this.#lives;
  }

  /** A new process. The one before must have ended. */
  start(): SimProcess {
    assert(this.process === undefined, "one process per simulated host");
    this.#lives += 1;
    const random = seededRandom(Math.floor(this.#random.unit() * 0x1_0000_0000));
    this.#process = new SimProcess({ host: this, life: this.#lives, world: this.#world, random });
    this.#world.note(this.name, "start", { life: this.#lives });
    return this.#process;
  }
}
