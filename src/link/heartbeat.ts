/**
 * Judges silence, one call per heartbeat interval: any byte counts as life, two silent ticks in a row are
 * "silent". Pure. The caller ticks only after I/O was polled, so a process that stood still itself finds the
 * bytes that waited for it before it blames its peer.
 */

export const SILENT_TICKS_MAX = 2;
/** Bounds of the interval that a node may ask for. */
export const HEARTBEAT_MS_MIN = 10;
export const HEARTBEAT_MS_MAX = 60_000;
/** Bytes wait, and the transport took none, for so long: the other end does not read. */
export const STALL_MS_MAX = 10_000;

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
