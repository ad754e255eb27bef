/**
 * A conn lives in stages (handshake, link, farewell) and each is a handler of its own: this one stands in front
 * of the transport and passes everything to the stage that is current.
 *
 * It is also where one peer's bytes are kept from holding up everybody else's: a large chunk is handed on in slices,
 * and when those of one turn of the event loop have taken TURN_MS_MAX the rest waits for the next turn, with the conn
 * paused. Between slices whatever their handlers have left to do in microtasks is done, and counts.
 *
 * Invariant: while bytes wait, nothing else of this conn overtakes them.
 */

import type { Clock } from "#base/clock.ts";
import type { Conn, ConnHandler } from "./transport.ts";

/** Bytes that are handed on without looking at the clock. */
export const SLICE_SIZE = 16 * 1024;
/** What one conn gets of one turn, slices that are begun within it included. */
export const TURN_MS_MAX = 10;

export interface StagesOptions {
  readonly conn: Conn;
  readonly clock: Clock;
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
    if (this.#waiting.length === 0) return;
    const { conn, clock, yielded } = this.#options;
    const turnMs = this.#turnMs ?? this.#beginTurn();
    this.#handOnSlice();
    if (this.#waiting.length === 0) {
      if (this.#isPaused) conn.resume();
      this.#isPaused = false;
    } else if (clock.nowMs() - turnMs < TURN_MS_MAX) {
      clock.soon(() => this.#work());
    } else if (!this.#isPaused) {
      this.#isPaused = true;
      conn.pause();
      yielded();
    }
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
