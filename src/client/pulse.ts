/**
 * Heartbeat of a client's connection: pings, silence, and what the pongs say about the server's clock. Pure.
 * Two intervals without a byte are death. A tick that comes late blames nobody: this process stood still itself, or
 * the browser slowed down a hidden page.
 */

export const SILENT_INTERVALS_MAX = 2;
/** A measurement of the clock gives way to any newer one after so long: clocks drift. */
const MEASURE_KEPT_MS = 10 * 60_000;

interface Measure {
  readonly roundTripMs: number;
  /** The server's calendar less this process' monotonic time. */
  readonly offsetMs: number;
  readonly atMs: number;
}

export class Pulse {
  #intervalMs = 0;
  #tickAtMs = Infinity;
  #isHeard = true;
  #silent = 0;
  #n = 0;
  #sentMs: number | undefined;
  #measure: Measure | undefined;

  get tickAtMs(): number {
    return this.#tickAtMs;
  }

  start(intervalMs: number, nowMs: number): void {
    this.#intervalMs = intervalMs;
    this.#tickAtMs = nowMs + intervalMs;
    this.#isHeard = true;
    this.#silent = 0;
    this.#sentMs = undefined;
  }

  stop(): void {
    this.#tickAtMs = Infinity;
  }

  heard(): void {
    this.#isHeard = true;
  }

  /** When tickAtMs has come: the number to ping with, or that the other end is dead. */
  tick(nowMs: number): { readonly kind: "ping"; readonly n: number } | { readonly kind: "dead" } {
    const isLate = nowMs - this.#tickAtMs > this.#intervalMs / 2;
    if (this.#isHeard) this.#silent = 0;
    else if (!isLate) this.#silent += 1;
    if (this.#silent >= SILENT_INTERVALS_MAX) return { kind: "dead" };
    this.#isHeard = false;
    this.#tickAtMs = nowMs + this.#intervalMs;
    this.#n = (this.#n % 0xffff_ffff) + 1;
    this.#sentMs = nowMs;
    return { kind: "ping", n: this.#n };
  }

  pong(n: number, { serverMs, nowMs }: { readonly serverMs: number; readonly nowMs: number }): void {
    if (n !== this.#n || this.#sentMs === undefined) return;
    this.measure({ serverMs, sentMs: this.#sentMs, nowMs });
    this.#sentMs = undefined;
  }

  /** The shortest round trip tells the clock best. */
  measure({
    serverMs,
    sentMs,
    nowMs,
  }: {
    readonly serverMs: number;
    readonly sentMs: number;
    readonly nowMs: number;
  }): void {
    const roundTripMs = nowMs - sentMs;
    const old = this.#measure;
    if (old !== undefined && roundTripMs > old.roundTripMs && nowMs - old.atMs < MEASURE_KEPT_MS) return;
    this.#measure = { roundTripMs, offsetMs: serverMs + roundTripMs / 2 - nowMs, atMs: nowMs };
  }

  /** The server's calendar now, or undefined before the first welcome. */
  serverMs(nowMs: number): number | undefined {
    return this.#measure === undefined ? undefined : Math.round(this.#measure.offsetMs + nowMs);
  }
}
