/**
 * Which gateway to ask next for its shard's facts, and when: at once when it becomes reachable, again some time after it
 * has answered, sooner after a failure, and never more than ASKS_AT_ONCE_MAX at once. Pure: the time is an argument.
 *
 *   reachable -> due now -> under way -> answered: due after ASK_EVERY_MS
 *                                     -> failed: due after RETRY_FIRST_MS, doubled each time; the ASK_TRIES_MAX-th
 *                                        failure in a row: as if it had answered
 */

import type { Identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";
import { SHARDS_MAX } from "./shard_facts.ts";

export const ASKS_AT_ONCE_MAX = 16;
/** From an answer to the next question, at least. */
export const ASK_EVERY_MS = 600_000;
/** Added to it at most, so that shards that came together are not asked together for ever. */
export const ASK_JITTER_MS = 60_000;
export const ASK_TRIES_MAX = 5;
export const RETRY_FIRST_MS = 1000;
/** Gateways that are asked; of more nothing is heard. */
export const GATEWAYS_ASKED_MAX = SHARDS_MAX;

interface Entry {
  readonly gateway: Identity;
  dueMs: number;
  failures: number;
  isUnderWay: boolean;
}

export class ShardAsks {
  readonly #entries = new Map<NodeKey, Entry>();
  /** Also questions to processes that have gone since. */
  #underWay = 0;

  /** A process came into the directory; one that has its id is forgotten. False: there are too many. */
  reachable(gateway: Identity, nowMs: number): boolean {
    if (!this.#entries.has(gateway.key) && this.#entries.size >= GATEWAYS_ASKED_MAX) return false;
    this.#entries.set(gateway.key, { gateway, dueMs: nowMs, failures: 0, isUnderWay: false });
    return true;
  }

  unreachable(gateway: Identity): void {
    if (this.#entries.get(gateway.key)?.gateway.boot === gateway.boot) this.#entries.delete(gateway.key);
  }

  /** Those to be asked now, the longest due first; each is under way until `ended`. */
  take(nowMs: number): readonly Identity[] {
    const room = ASKS_AT_ONCE_MAX - this.#underWay;
    if (room <= 0) return [];
    const due = [...this.#entries.values()]
      .filter((entry) => !entry.isUnderWay && entry.dueMs <= nowMs)
      .toSorted((a, b) => a.dueMs - b.dueMs)
      .slice(0, room);
    for (const entry of due) entry.isUnderWay = true;
    this.#underWay += due.length;
    return due.map(({ gateway }) => gateway);
  }

  /** `unit`: drawn from [0, 1), for the jitter. */
  ended(gateway: Identity, how: "answered" | "failed", { nowMs, unit }: { nowMs: number; unit: number }): void {
    this.#underWay -= 1;
    const entry = this.#entries.get(gateway.key);
    if (entry?.gateway.boot !== gateway.boot || !entry.isUnderWay) return;
    entry.isUnderWay = false;
    entry.failures = how === "failed" ? entry.failures + 1 : 0;
    if (entry.failures > 0 && entry.failures < ASK_TRIES_MAX) {
      entry.dueMs = nowMs + RETRY_FIRST_MS * 2 ** (entry.failures - 1);
      return;
    }
    entry.failures = 0;
    entry.dueMs = nowMs + ASK_EVERY_MS + unit * ASK_JITTER_MS;
  }

  /** When `take` next has something, or undefined while nobody waits or there is no room. */
  nextMs(): number | undefined {
    if (this.#underWay >= ASKS_AT_ONCE_MAX) return undefined;
    let next: number | undefined;
    for (const { isUnderWay, dueMs } of this.#entries.values()) {
      if (!isUnderWay && (next === undefined || dueMs < next)) next = dueMs;
    }
    return next;
  }
}
