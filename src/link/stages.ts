/**
 * A conn lives in stages (handshake, link, farewell) and each is a handler of its own: this one stands in front
 * of the transport and passes everything to the stage that is current.
 *
 * It is also where one peer's bytes are kept from holding up everybody else's: a large chunk is handed on in slices,
 * and when those of one turn of the event loop have taken TURN_MS_MAX the rest waits for the next turn, with the conn
 * paused. Between slices whatever their handlers have left to do in microtasks is done, and counts. What a few slices of
 * a long chunk queue is written together: a write per slice costs more than the copies of all its frames, while one
 * for the whole chunk would leave the next hop without work until its end.
 *
 * Invariant: while bytes wait, nothing else of this conn overtakes them. While it holds writes back, its next step is
 * a microtask away.
 */

import type { Clock } from "#base/clock.ts";
import type { Flusher } from "./flusher.ts";
import type { SendBudget } from "./send_budget.ts";
import type { Conn, ConnHandler } from "./transport.ts";

/** Bytes that are handed on without looking at the clock. */
export const SLICE_SIZE = 16 * 1024;
/** What one conn gets of one turn, slices that are begun within it included. */
export const TURN_MS_MAX = 10;
/** A chunk is worked off in so many writes, or more where its parts would be longer than HOLD_SLICES_MAX. */
const WRITES_PER_CHUNK = 4;
/** Slices whose frames go out together: what they queue on a link that only forwards fits into one segment. */
export const HOLD_SLICES_MAX = 3;
/** How long a write may wait for the slices that follow. */
export const HOLD_MS_MAX = 2;
/** Bytes that wait in the whole process: beyond it no write waits for more, so that a fan-out does not pile up. */
export const HOLD_SIZE_MAX = 1024 * 1024;

export interface StagesOptions {
  readonly conn: Conn;
  readonly clock: Clock;
  readonly flusher: Pick<Flusher, "enter" | "leave">;
  readonly budget: Pick<SendBudget, "usedSize">;
  /** The peer has sent more than one turn has time for. */
  readonly yielded: () => void;
}

export class Stages implements ConnHandler {
  readonly #options: StagesOptions;
  #current: ConnHandler;
  /** What is left of the chunks that came, in order. */
  readonly #waiting: Uint8Array[] = [];
  #isPaused = false;
  /** Monotonic: when the turn began in which large chunks are being handed on. */
  #turnMs: number | undefined;
  /** Monotonic: since when writes are held back. */
  #holdMs: number | undefined;
  /** Slices that it was held back for, and how many at most. */
  #heldCount = 0;
  #heldCountMax = 1;

  constructor(first: ConnHandler, options: StagesOptions) {
    this.#current = first;
    this.#options = options;
  }

  become(next: ConnHandler): void {
    this.#current = next;
  }

  data(chunk: Uint8Array): void {
    if (this.#waiting.length > 0) {
      this.#waiting.push(chunk);
    } else if (chunk.length <= SLICE_SIZE) {
      this.#current.data(chunk);
    } else {
      this.#waiting.push(chunk);
      this.#heldCountMax = Math.min(HOLD_SLICES_MAX, Math.ceil(chunk.length / SLICE_SIZE / WRITES_PER_CHUNK));
      this.#work();
    }
  }
  drained(): void {
    this.#current.drained();
  }
  ended(): void {
    this.#handOnAll();
    this.#current.ended();
  }
  closed(reason: string): void {
    this.#handOnAll();
    this.#current.closed(reason);
  }

  #work(): void {
    if (this.#waiting.length === 0) return this.#letGo();
    const { conn, clock, budget, yielded } = this.#options;
    const turnMs = this.#turnMs ?? this.#beginTurn();
    this.#hold();
    this.#handOnSlice();
    const nowMs = clock.nowMs();
    this.#heldCount += 1;
    const heldMs = nowMs - (this.#holdMs ?? nowMs);
    if (this.#heldCount >= this.#heldCountMax || heldMs >= HOLD_MS_MAX || budget.usedSize > HOLD_SIZE_MAX)
      this.#letGo();
    if (this.#waiting.length === 0) {
      if (this.#isPaused) conn.resume();
      this.#isPaused = false;
      // Behind the microtasks of the last slice.
      if (this.#holdMs !== undefined) clock.soon(() => this.#work());
      return;
    }
    if (nowMs - turnMs < TURN_MS_MAX) {
      clock.soon(() => this.#work());
      return;
    }
    this.#letGo();
    if (!this.#isPaused) {
      this.#isPaused = true;
      conn.pause();
      yielded();
    }
  }

  #hold(): void {
    if (this.#holdMs !== undefined) return;
    this.#holdMs = this.#options.clock.nowMs();
    this.#options.flusher.enter();
  }

  #letGo(): void {
    if (this.#holdMs === undefined) return;
    this.#holdMs = undefined;
    this.#heldCount = 0;
    this.#options.flusher.leave();
  }

  /** One turn for all chunks that the transport brings before it polls again. */
  #beginTurn(): number {
    const { clock } = this.#options;
    const turnMs = clock.nowMs();
    this.#turnMs = turnMs;
    clock.afterPoll(() => {
      this.#turnMs = undefined;
      this.#work();
    });
    return turnMs;
  }

  #handOnSlice(): void {
    const chunk = this.#waiting[0];
    if (chunk === undefined) return;
    if (chunk.length > SLICE_SIZE) this.#waiting[0] = chunk.subarray(SLICE_SIZE);
    else this.#waiting.shift();
    this.#current.data(chunk.length > SLICE_SIZE ? chunk.subarray(0, SLICE_SIZE) : chunk);
  }

  /** No more can come: what is left is at most what the transport reads at once. */
  #handOnAll(): void {
    while (this.#waiting.length > 0) this.#handOnSlice();
  }
}
