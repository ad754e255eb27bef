/**
 * Lets a benchmark's players in: AT_ONCE at a time, and no faster than the door takes new connections, so that it refuses
 * none.
 */

import { DOOR_LIMITS } from "#session/door_limits.ts";
import { TokenBucket } from "#session/token_bucket.ts";
import { tokenOf } from "../../cluster/harness/player_token.ts";
import type { Door } from "./bench_player.ts";
import type { Times } from "./load.ts";
import { AT_ONCE, timesOf } from "./load.ts";

/** Of the door's new connections, its burst as well: up to AT_ONCE may reach the door later than they were sent. */
const SHARE = 0.9;
const PAUSE_MS = 20;

export class Entry {
  readonly #door: Door;
  readonly #newConns: TokenBucket;

  constructor(door: Door) {
    this.#door = door;
    const { perSecond, burst } = DOOR_LIMITS.newConns;
    this.#newConns = new TokenBucket({ perSecond: perSecond * SHARE, burst: burst * SHARE }, performance.now());
  }

  /** The players from number `from` on, `to` not among them. `enter` resolves when the player is online. */
  async letIn(
    { from, to }: { readonly from: number; readonly to: number },
    enter: (token: string) => Promise<void>,
  ): Promise<Times> {
    const names = Array.from({ length: Math.max(0, to - from) }, (_, index) => `player-${from + index}`);
    const tokens = this.#door === "kuafu" ? await Promise.all(names.map(tokenOf)) : names;
    const timesMs: number[] = [];
    const startMs = performance.now();
    const worker = async (): Promise<void> => {
      for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
        while (this.#door === "kuafu" && !this.#newConns.take(1, performance.now())) await Bun.sleep(PAUSE_MS);
        const fromMs = performance.now();
        await enter(token);
        timesMs.push(performance.now() - fromMs);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return timesOf(timesMs, performance.now() - startMs);
  }
}
