/**
 * Players who wait for a place, first come, first served: pure. A player has one place; a newer connection takes over
 * the place of the older. The estimate is the place times how often places became free lately.
 */

import { U32_MAX } from "./client_packets.ts";
import { LOGIN_QUEUE_MAX } from "./door_limits.ts";

/** Before anything is known: a place becomes free so often. */
const FREED_MS_FIRST = 5_000;
/** Weight of the newest interval. */
const FREED_WEIGHT = 0.2;

export class LoginQueue<Waiter> {
  readonly #waiting = new Map<string, Waiter>();
  #freedEveryMs = FREED_MS_FIRST;
  #freedAtMs: number | undefined;

  get count(): number {
    return this.#waiting.size;
  }

  /** `replaced`: who had this player's place before. "full" beyond LOGIN_QUEUE_MAX. */
  add(player: string, waiter: Waiter): { readonly place: number; readonly replaced: Waiter | undefined } | "full" {
    const replaced = this.#waiting.get(player);
    if (replaced === undefined && this.#waiting.size >= LOGIN_QUEUE_MAX) return "full";
    this.#waiting.set(player, waiter);
    const place = replaced === undefined ? this.#waiting.size : this.#place(player);
    return { place, replaced };
  }

  /** Undefined: not in the queue. */
  placeOf(player: string): number | undefined {
    return this.#waiting.has(player) ? this.#place(player) : undefined;
  }

  remove(player: string, waiter: Waiter): void {
    if (this.#waiting.get(player) === waiter) this.#waiting.delete(player);
  }

  shift(): { readonly player: string; readonly waiter: Waiter } | undefined {
    for (const [player, waiter] of this.#waiting) {
      this.#waiting.delete(player);
      return { player, waiter };
    }
    return undefined;
  }

  /** A place became free. */
  freed(nowMs: number): void {
    if (this.#freedAtMs !== undefined) {
      this.#freedEveryMs += (nowMs - this.#freedAtMs - this.#freedEveryMs) * FREED_WEIGHT;
    }
    this.#freedAtMs = nowMs;
  }

  /** Places begin with 1. */
  estimateMs(place: number): number {
    // What nobody waits for all the same has to fit into its packet.
    return Math.min(U32_MAX, Math.round(place * this.#freedEveryMs));
  }

  /** In order, the first one's place is 1. */
  all(): { readonly player: string; readonly waiter: Waiter }[] {
    return [...this.#waiting].map(([player, waiter]) => ({ player, waiter }));
  }

  #place(player: string): number {
    return [...this.#waiting.keys()].indexOf(player) + 1;
  }
}
