/**
 * Ends processes at the boundaries of their transactions: before a commit, or after it and before anybody hears of it,
 * at the n-th transaction from a given moment on. Machines come back after a while, and may meet the next crash while
 * they start, in the middle of what they have missed.
 */

import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { SimProcess } from "#module/simulator/sim_process.ts";
import type { SimCluster } from "./sim_cluster.ts";
import type { TransactionWatch } from "./sim_disk.ts";

/** Looks at a transaction from inside; what it answers is called after the commit. */
export type Watcher = TransactionWatch["beforeCommit"];

export interface Crash {
  /** Transactions that end in peace before. */
  readonly skip: number;
  readonly moment: "before commit" | "after commit";
  readonly downMs: number;
  /** Crashes of the lives that follow, one each. */
  readonly again: readonly Crash[];
}

export class CrashPoints {
  readonly #cluster: () => SimCluster;
  readonly #armed = new Map<string, { crash: Crash; left: number }>();
  /** Down by this, and when they are to come back. */
  readonly #down = new Set<string>();

  constructor(cluster: () => SimCluster) {
    this.#cluster = cluster;
  }

  arm(name: string, crash: Crash): void {
    if (!this.#armed.has(name)) this.#armed.set(name, { crash, left: crash.skip });
  }

  /** As `kill -9`, for a time. */
  stop(name: string, downMs: number, then?: () => void): void {
    const cluster = this.#cluster();
    const host = cluster.world.host(name);
    if (host.process === undefined) return;
    cluster.network.kill(host);
    cluster.stopped(name, false);
    this.#down.add(name);
    cluster.world.after(downMs, () => {
      if (!this.#down.delete(name)) return;
      then?.();
      cluster.restart(name);
    });
  }

  healAll(): void {
    this.#armed.clear();
    for (const name of [...this.#down]) {
      this.#down.delete(name);
      this.#cluster().restart(name);
    }
  }

  watch(process: SimProcess, watcher: Watcher | undefined): TransactionWatch {
    return {
      isAlive: () => process.isAlive,
      beforeCommit: async (tx, tables) => {
        const moment = this.#next(process.name);
        if (moment === "before commit") this.#crash(process.name);
        const committed = process.isAlive ? await watcher?.(tx, tables) : undefined;
        return () => {
          committed?.();
          if (moment === "after commit") this.#crash(process.name);
        };
      },
    };
  }

  /** Which crash this transaction meets. */
  #next(name: string): Crash["moment"] | undefined {
    const armed = this.#armed.get(name);
    if (armed === undefined) return undefined;
    armed.left -= 1;
    return armed.left < 0 ? armed.crash.moment : undefined;
  }

  #crash(name: string): void {
    const armed = this.#armed.get(name);
    this.#armed.delete(name);
    if (armed === undefined) return;
    const { crash } = armed;
    const { ledger } = this.#cluster();
    ledger.count(`crash:${crash.moment}`);
    // It was taking its activities through what they have missed.
    if (this.#cluster().life(name.replace("-", ":"))?.node.isStarted === false) ledger.count("crash:in a start");
    const [next, ...rest] = crash.again;
    this.stop(name, crash.downMs, () => {
      if (next !== undefined) this.arm(name, { ...next, again: rest });
    });
  }
}

export function drawCrash(random: Random, lives = 1 + randomIndex(random, 4)): Crash {
  const one = (skipMax: number): Crash => ({
    skip: randomIndex(random, skipMax),
    moment: random.unit() < 0.5 ? "before commit" : "after commit",
    downMs: 50 + random.unit() * (random.unit() < 0.7 ? 1000 : 8000),
    again: [],
  });
  return { ...one(12), again: Array.from({ length: lives - 1 }, () => one(6)) };
}
