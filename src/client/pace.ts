/**
 * How fast a client sends requests: below what a gateway takes for an attack (docs/client.md, section 11), so that a
 * game that asks a hundred things at once is slowed down here and not thrown out there. Pure. Two buckets that fill with
 * time; acknowledgements and pings, which are few, are what the margin is for.
 */

export const REQUESTS_PER_S = 40;
export const REQUESTS_BURST = 100;
export const REQUEST_SIZE_PER_S = 48 * 1024;
export const REQUEST_SIZE_BURST = 384 * 1024;

/** What sums of fractions may miss. */
const EPSILON = 1e-6;

export class Pace {
  #count = REQUESTS_BURST;
  #size = REQUEST_SIZE_BURST;
  #atMs = 0;

  /** A new connection: the server counts anew. */
  reset(nowMs: number): void {
    this.#count = REQUESTS_BURST;
    this.#size = REQUEST_SIZE_BURST;
    this.#atMs = nowMs;
  }

  /** When a request of `size` bytes may go. It is at most REQUEST_SIZE_BURST. */
  readyAtMs(size: number): number {
    const countMs = ((1 - this.#count) / REQUESTS_PER_S) * 1_000;
    const sizeMs = ((size - this.#size) / REQUEST_SIZE_PER_S) * 1_000;
    return this.#atMs + Math.max(0, countMs, sizeMs);
  }

  /** False: not yet. */
  take(size: number, nowMs: number): boolean {
    if (this.readyAtMs(size) > nowMs + EPSILON) return false;
    const passedS = (nowMs - this.#atMs) / 1_000;
    this.#count = Math.min(REQUESTS_BURST, this.#count + passedS * REQUESTS_PER_S) - 1;
    this.#size = Math.min(REQUEST_SIZE_BURST, this.#size + passedS * REQUEST_SIZE_PER_S) - size;
    this.#atMs = nowMs;
    return true;
  }
}
