/**
 * The way of rewards to one shard's center: what is to be done on it, and when. One thing at a time; a failure waits
 * under full jitter; a center that is not there is waited for without an attempt. Pure: an event in, the lane that
 * follows out; times are those of the process.
 *
 *   idle -> due -> sending -> idle | due                 it went well
 *                          -> backing_off -> due         it did not
 *   any but sending -> unreachable -> idle | due          the center has gone, has come
 */

import { unreachable } from "#base/assert.ts";

export const LANE_RETRY_MIN_MS = 200;
export const LANE_RETRY_MAX_MS = 30_000;

/**
 * Whether what was acknowledged is to be compared: `first` before anything is sent, since the center may be another one
 * than before; `last` when nothing is pending any more, since of some terms something was.
 */
export type Comparing = "no" | "first" | "last";

export interface LaneWork {
  readonly pending: boolean;
  readonly comparing: Comparing;
}

export type LaneState =
  | { readonly kind: "idle" }
  | { readonly kind: "due"; readonly sinceMs: number }
  /** `taken` is what it does; what comes up meanwhile is the lane's work. */
  | { readonly kind: "sending"; readonly sinceMs: number; readonly taken: LaneWork }
  | { readonly kind: "backing_off"; readonly untilMs: number }
  | { readonly kind: "unreachable"; readonly sinceMs: number; readonly looks: number };

export interface Lane {
  readonly state: LaneState;
  readonly work: LaneWork;
  /** Of the center's process; undefined: it is not in the directory. */
  readonly boot: string | undefined;
  /** The process of the center with which all was compared. */
  readonly comparedBoot: string | undefined;
  /** Failures since something went well or the center came. */
  readonly attempt: number;
  readonly lastError: string | undefined;
}

export type LaneEvent =
  /** Something is pending for it. */
  | { readonly kind: "found"; readonly nowMs: number }
  | { readonly kind: "reachable"; readonly boot: string; readonly nowMs: number }
  | { readonly kind: "unreachable"; readonly nowMs: number }
  /** Another shard lives here now: what it got has to be compared. */
  | { readonly kind: "moved"; readonly nowMs: number }
  /** A look at a lane that waits for its center. */
  | { readonly kind: "looked" }
  | { readonly kind: "taken"; readonly nowMs: number }
  | { readonly kind: "went"; readonly left: LaneWork; readonly nowMs: number }
  | { readonly kind: "failed"; readonly error: string; readonly unit: number; readonly nowMs: number };

export const NO_WORK: LaneWork = { pending: false, comparing: "no" };

export const LANE_NEW: Lane = {
  state: { kind: "idle" },
  work: NO_WORK,
  boot: undefined,
  comparedBoot: undefined,
  attempt: 0,
  lastError: undefined,
};

export function laneAfter(lane: Lane, event: LaneEvent): Lane {
  switch (event.kind) {
    case "found":
      return settled({ ...lane, work: { ...lane.work, pending: true } }, event.nowMs);
    case "moved":
      if (lane.boot === undefined) return lane;
      return settled({ ...lane, work: { ...lane.work, comparing: "first" } }, event.nowMs);
    case "reachable": {
      const comparing = event.boot === lane.comparedBoot ? lane.work.comparing : "first";
      const there: Lane = { ...lane, boot: event.boot, attempt: 0, work: { ...lane.work, comparing } };
      return settled(lane.state.kind === "sending" ? there : { ...there, state: { kind: "idle" } }, event.nowMs);
    }
    case "unreachable": {
      const gone: Lane = { ...lane, boot: undefined, work: { ...lane.work, comparing: "no" } };
      return settled(gone.state.kind === "sending" ? gone : { ...gone, state: { kind: "idle" } }, event.nowMs);
    }
    case "looked":
      if (lane.state.kind !== "unreachable") return lane;
      return { ...lane, state: { ...lane.state, looks: lane.state.looks + 1 } };
    case "taken":
      return { ...lane, state: { kind: "sending", sinceMs: event.nowMs, taken: lane.work }, work: NO_WORK };
    case "went": {
      if (lane.state.kind !== "sending") return lane;
      const { left } = event;
      const comparing = lane.work.comparing === "no" ? left.comparing : lane.work.comparing;
      const isCompared = comparing === "no" && lane.boot !== undefined;
      const done: Lane = {
        ...lane,
        state: { kind: "idle" },
        work: { pending: lane.work.pending || left.pending, comparing: lane.boot === undefined ? "no" : comparing },
        comparedBoot: isCompared ? lane.boot : lane.comparedBoot,
        attempt: 0,
        lastError: undefined,
      };
      return settled(done, event.nowMs);
    }
    case "failed": {
      if (lane.state.kind !== "sending") return lane;
      const { taken } = lane.state;
      const comparing = lane.work.comparing === "no" ? taken.comparing : lane.work.comparing;
      const attempt = lane.attempt + 1;
      const failed: Lane = {
        ...lane,
        work: {
          pending: lane.work.pending || taken.pending,
          comparing: lane.boot === undefined ? "no" : comparing,
        },
        attempt,
        lastError: event.error,
      };
      if (lane.boot === undefined) return settled({ ...failed, state: { kind: "idle" } }, event.nowMs);
      return { ...failed, state: { kind: "backing_off", untilMs: event.nowMs + retryMs(attempt, event.unit) } };
    }
    default:
      return unreachable(event);
  }
}

/** Milliseconds until the next attempt; `unit` is uniform in [0, 1). */
export function retryMs(attempt: number, unit: number): number {
  return unit * Math.min(LANE_RETRY_MAX_MS, LANE_RETRY_MIN_MS * 2 ** Math.min(attempt - 1, 16));
}

/** When it wants its turn, or undefined while it wants none. */
export function dueAtMs({ state }: Lane): number | undefined {
  if (state.kind === "due") return state.sinceMs;
  return state.kind === "backing_off" ? state.untilMs : undefined;
}

/** What follows from its work where nothing is under way and nothing is waited for. */
function settled(lane: Lane, nowMs: number): Lane {
  const { state, work, boot } = lane;
  if (state.kind === "sending" || state.kind === "backing_off") return lane;
  const isWanted = work.pending || work.comparing !== "no";
  if (!isWanted) return state.kind === "idle" ? lane : { ...lane, state: { kind: "idle" } };
  const wanted = boot === undefined ? "unreachable" : "due";
  if (state.kind === wanted) return lane;
  if (wanted === "due") return { ...lane, state: { kind: "due", sinceMs: nowMs } };
  return { ...lane, state: { kind: "unreachable", sinceMs: nowMs, looks: 0 } };
}
