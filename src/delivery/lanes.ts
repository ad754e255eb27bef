/**
 * All lanes of one owner, by the shard that lives: which of them go now, at most LANES_AT_ONCE_MAX at a time, the longest
 * due first. Pure: the time is an argument.
 */

import type { Lane, LaneEvent, LaneWork } from "./lane.ts";
import { dueAtMs, LANE_NEW, laneAfter } from "./lane.ts";

export const LANES_AT_ONCE_MAX = 16;

export interface Turn {
  readonly home: number;
  readonly work: LaneWork;
}

export class Lanes {
  readonly #lanes = new Map<number, Lane>();
  #underWay = 0;

  lane(home: number): Lane {
    return this.#lanes.get(home) ?? LANE_NEW;
  }

  /** Answers the lane as it is now. */
  event(home: number, event: Exclude<LaneEvent, { readonly kind: "taken" }>): Lane {
    const old = this.lane(home);
    const now = laneAfter(old, event);
    if (old.state.kind === "sending" && now.state.kind !== "sending") this.#underWay -= 1;
    this.#lanes.set(home, now);
    return now;
  }

  take(nowMs: number): readonly Turn[] {
    const room = LANES_AT_ONCE_MAX - this.#underWay;
    if (room <= 0) return [];
    const due = [...this.#lanes]
      .flatMap(([home, lane]) => {
        const atMs = dueAtMs(lane);
        return atMs === undefined || atMs > nowMs ? [] : [{ home, lane, atMs }];
      })
      .toSorted((a, b) => a.atMs - b.atMs || a.home - b.home)
      .slice(0, room);
    for (const { home, lane } of due) this.#lanes.set(home, laneAfter(lane, { kind: "taken", nowMs }));
    this.#underWay += due.length;
    return due.map(({ home, lane }) => ({ home, work: lane.work }));
  }

  /** When `take` next has something, or undefined while nobody waits or there is no room. */
  nextMs(): number | undefined {
    if (this.#underWay >= LANES_AT_ONCE_MAX) return undefined;
    let next: number | undefined;
    for (const lane of this.#lanes.values()) {
      const atMs = dueAtMs(lane);
      if (atMs !== undefined && (next === undefined || atMs < next)) next = atMs;
    }
    return next;
  }

  /** Those that wait for their center, by number. */
  unreachable(): readonly number[] {
    return [...this.#lanes]
      .flatMap(([home, { state }]) => (state.kind === "unreachable" ? [home] : []))
      .toSorted((a, b) => a - b);
  }
}
