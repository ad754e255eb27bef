/**
 * Judges silence, one call per heartbeat interval: any byte counts as life, two silent ticks in a row are
 * "silent". And whether a tick has to ping. Pure. The caller ticks only after I/O was polled, so a process that stood
 * still itself finds the bytes that waited for it before it blames its peer.
 */

export const SILENT_TICKS_MAX = 2;
/** Bounds of the interval that a node may ask for. */
export const HEARTBEAT_MS_MIN = 10;
export const HEARTBEAT_MS_MAX = 60_000;
/** Bytes wait, and the transport took none, for so long: the other end does not read. */
export const STALL_MS_MAX = 10_000;

/** Ticks of an end that accepted on which it may leave its own ping out, one after the other. */
export const PINGS_SPARED_MAX = 9;

export class SilenceWatch {
  #seenSize: number;
  #silentTicks = 0;

  constructor(receivedSize: number) {
    this.#seenSize = receivedSize;
  }

  tick(receivedSize: number): "alive" | "quiet" | "silent" {
    if (receivedSize !== this.#seenSize) {
      this.#seenSize = receivedSize;
      this.#silentTicks = 0;
      return "alive";
    }
    this.#silentTicks += 1;
    return this.#silentTicks >= SILENT_TICKS_MAX ? "silent" : "quiet";
  }
}

/** The same for the way out. Time is counted in ticks, so that our own standing still is not held against the peer. */
export class StallWatch {
  readonly #intervalMs: number;
  #takenSize = 0;
  #stalledMs = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** True when the link is to be closed. `takenSize` grows with every byte that the transport takes. */
  tick(takenSize: number, waitingSize: number): boolean {
    if (waitingSize === 0 || takenSize !== this.#takenSize) {
      this.#takenSize = takenSize;
      this.#stalledMs = 0;
      return false;
    }
    this.#stalledMs += this.#intervalMs;
    return this.#stalledMs >= STALL_MS_MAX;
  }
}

/**
 * Whether a tick pings. The end that dialled always does. The end that accepted has said and heard as much with the
 * pong that it gave since its last tick, so it need not as well; a cross gateway with a thousand links would pay twice
 * for the same news. Now and then it does, for its own measure of the round trip.
 */
export class PingTurn {
  readonly #maySpare: boolean;
  #hasAnswered = false;
  #spared = 0;

  constructor(options: { readonly maySpare: boolean }) {
    this.#maySpare = options.maySpare;
  }

  /** A ping of the other end was answered. */
  answered(): void {
    this.#hasAnswered = true;
  }

  tick(): "ping" | "spare" {
    const maySpare = this.#maySpare && this.#hasAnswered && this.#spared < PINGS_SPARED_MAX;
    this.#hasAnswered = false;
    this.#spared = maySpare ? this.#spared + 1 : 0;
    return maySpare ? "spare" : "ping";
  }
}
