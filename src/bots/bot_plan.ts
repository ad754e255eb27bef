/**
 * What one bot does, as a state machine: an input and the time in, what to do out. Pure: its chance is a seed's. bot.ts
 * carries out what it says, and calls again with a tick when wakeAtMs has come.
 *
 *   resting    tick               line up                  in_line
 *   in_line    turn               connect                  entering
 *   entering   online             logged_in                playing
 *   playing    tick               ask                      playing
 *              tick               (ask,) cut               away
 *              tick               log_out                  resting
 *              lost               -                        returning
 *   away       tick               come_back                returning
 *   returning  online, resumed    resumed                  playing
 *              online, new        logged_in_anew           playing
 *   entering, playing, returning  offline, for now         resting
 *                                 offline, for good        over
 *   away       stop               come_back                returning
 *   entering, returning  stop     -                        the same, and over when it is online or offline
 *   others     stop               -                        over
 *
 * What is not in the table changes nothing.
 */

import { unreachable } from "#base/assert.ts";

/** Of one player, on the average: until its connection is cut, until it logs out, and until it comes again. */
export const CUT_MEAN_MS = 60_000;
export const LOG_OUT_MEAN_MS = 180_000;
export const REST_MEAN_MS = 5_000;
/** How long a bot is cut off at most: far less than a session is kept. */
export const AWAY_MS_MAX = 5_000;
/** After the server ended its session, and did not mean for ever. */
export const PAUSE_MS = 5_000;
/** Questions that came due while this process stood still are asked all the same, if they are not older. */
export const CATCH_UP_MS = 1_000;
/** Of the cuts, those that come right after a question, so that its answer finds nobody. */
const CUT_ASKING_SHARE = 0.5;

export type BotState =
  | { readonly kind: "resting"; readonly untilMs: number }
  | { readonly kind: "in_line" }
  | { readonly kind: "entering" }
  | { readonly kind: "playing"; readonly askAtMs: number; readonly cutAtMs: number; readonly logOutAtMs: number }
  | { readonly kind: "away"; readonly untilMs: number }
  | { readonly kind: "returning" }
  | { readonly kind: "over" };

export type BotInput =
  | { readonly kind: "tick" }
  /** It may log in now. */
  | { readonly kind: "turn" }
  | { readonly kind: "online"; readonly resumed: boolean }
  /** The connection is, and the client tries to come back. */
  | { readonly kind: "lost" }
  /** The client does nothing more by itself. */
  | { readonly kind: "offline"; readonly forGood: boolean }
  | { readonly kind: "stop" };

export type BotOutput =
  | "line_up"
  | "connect"
  | "ask"
  /** End the connection without a word, and let no other be made. */
  | "cut"
  /** Let connections be made again, and make one. */
  | "come_back"
  | "log_out"
  | "logged_in"
  | "resumed"
  | "logged_in_anew";

export class BotPlan {
  readonly #random: { unit(): number };
  readonly #gapMs: number;
  #state: BotState;
  #isStopping = false;

  /** `perSecond`: how often it asks. */
  constructor(options: { readonly random: { unit(): number }; readonly perSecond: number; readonly nowMs: number }) {
    this.#random = options.random;
    this.#gapMs = 1000 / options.perSecond;
    this.#state = { kind: "resting", untilMs: options.nowMs };
  }

  get state(): BotState {
    return this.#state;
  }

  /** When the next tick is due; Infinity when nothing waits. */
  get wakeAtMs(): number {
    const state = this.#state;
    if (state.kind === "playing") return Math.min(state.askAtMs, state.cutAtMs, state.logOutAtMs);
    return "untilMs" in state ? state.untilMs : Infinity;
  }

  step(input: BotInput, nowMs: number): readonly BotOutput[] {
    const state = this.#state;
    switch (input.kind) {
      case "tick":
        return this.#tick(nowMs);
      case "turn":
        if (state.kind !== "in_line") return [];
        this.#state = { kind: "entering" };
        return ["connect"];
      case "online":
        if (state.kind !== "entering" && state.kind !== "returning") return [];
        this.#play(nowMs);
        if (state.kind === "entering") return ["logged_in"];
        return [input.resumed ? "resumed" : "logged_in_anew"];
      case "lost":
        if (state.kind === "playing") this.#state = { kind: "returning" };
        return [];
      case "offline":
        if (state.kind !== "entering" && state.kind !== "playing" && state.kind !== "returning") return [];
        this.#state =
          input.forGood || this.#isStopping ? { kind: "over" } : { kind: "resting", untilMs: nowMs + PAUSE_MS };
        return [];
      case "stop":
        this.#isStopping = true;
        if (state.kind === "entering" || state.kind === "returning") return [];
        this.#state = state.kind === "away" ? { kind: "returning" } : { kind: "over" };
        return state.kind === "away" ? ["come_back"] : [];
      default:
        return unreachable(input);
    }
  }

  #tick(nowMs: number): readonly BotOutput[] {
    const state = this.#state;
    if (nowMs < this.wakeAtMs) return [];
    switch (state.kind) {
      case "resting":
        this.#state = { kind: "in_line" };
        return ["line_up"];
      case "away":
        this.#state = { kind: "returning" };
        return ["come_back"];
      case "playing":
        return this.#playOn(state, nowMs);
      case "in_line":
      case "entering":
      case "returning":
      case "over":
        return [];
      default:
        return unreachable(state);
    }
  }

  #playOn(state: Extract<BotState, { readonly kind: "playing" }>, nowMs: number): readonly BotOutput[] {
    if (nowMs >= state.logOutAtMs) {
      this.#state = { kind: "resting", untilMs: nowMs + this.#drawn(REST_MEAN_MS) };
      return ["log_out"];
    }
    if (nowMs >= state.cutAtMs) {
      this.#state = { kind: "away", untilMs: nowMs + this.#random.unit() * AWAY_MS_MAX };
      return this.#random.unit() < CUT_ASKING_SHARE ? ["ask", "cut"] : ["cut"];
    }
    const asked: BotOutput[] = [];
    let askAtMs = Math.max(state.askAtMs, nowMs - CATCH_UP_MS);
    for (; askAtMs <= nowMs; askAtMs += this.#drawn(this.#gapMs)) asked.push("ask");
    this.#state = { ...state, askAtMs };
    return asked;
  }

  #play(nowMs: number): void {
    if (this.#isStopping) {
      this.#state = { kind: "over" };
      return;
    }
    this.#state = {
      kind: "playing",
      askAtMs: nowMs + this.#drawn(this.#gapMs),
      cutAtMs: nowMs + this.#drawn(CUT_MEAN_MS),
      logOutAtMs: nowMs + this.#drawn(LOG_OUT_MEAN_MS),
    };
  }

  /** Of the exponential distribution: as if each moment were as likely as any other. */
  #drawn(meanMs: number): number {
    return -Math.log(1 - this.#random.unit()) * meanMs;
  }
}
