/**
 * Disks that are full or break for a while: most of what would write players' rows then is undone, and its node is told so.
 * Starts are spared: a node that can't open its store ends, which is another matter.
 */

import type { Random } from "#base/random.ts";
import { StoreError } from "#store/store.ts";
import type { Ledger } from "./ledger.ts";
import type { TransactionWatch } from "./sim_disk.ts";

const FAILED_SHARE = 0.7;
const SPARED: readonly string[] = ["player_store", "kuafu_migration"];

export class FailingDisks {
  readonly #ledger: Ledger;
  readonly #random: Random;
  /** Those that fail now, by shard, and how. */
  readonly #failing = new Map<number, "full" | "io" | "busy">();

  constructor(options: { readonly ledger: Ledger; readonly random: Random }) {
    this.#ledger = options.ledger;
    this.#random = options.random;
  }

  begin(shard: number): void {
    const roll = this.#random.unit();
    this.#failing.set(shard, roll < 0.4 ? "full" : roll < 0.7 ? "io" : "busy");
    this.#ledger.count("fault:a disk fails");
  }

  end(shard: number): void {
    this.#failing.delete(shard);
  }

  healAll(): void {
    this.#failing.clear();
  }

  watch(shard: number, inner: TransactionWatch): TransactionWatch {
    return {
      isAlive: () => inner.isAlive(),
      beforeCommit: async (tx, tables) => {
        const code = this.#failing.get(shard);
        const isSpared = tables.size === 0 || SPARED.some((table) => tables.has(table));
        if (code !== undefined && !isSpared && this.#random.unit() < FAILED_SHARE) {
          this.#ledger.count("commits that failed");
          throw new StoreError(code, `Cannot commit: the disk of shard ${shard} fails`);
        }
        return await inner.beforeCommit(tx, tables);
      },
    };
  }
}
