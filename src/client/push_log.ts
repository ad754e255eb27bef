/**
 * Which pushes of a session a client has taken, and when it says so. Pure. Acknowledgements are gathered: one goes
 * after ACK_DELAY_MS, or as soon as a quarter of what the server keeps has come.
 */

import { PUSHES_KEPT_MAX, PUSHES_KEPT_SIZE_MAX } from "#session/client_packets.ts";

export const ACK_DELAY_MS = 200;
export const ACK_PUSHES_MAX = PUSHES_KEPT_MAX / 4;
export const ACK_SIZE_MAX = PUSHES_KEPT_SIZE_MAX / 4;

export class PushLog {
  #taken = 0;
  #isDue = false;
  #unackedCount = 0;
  #unackedSize = 0;
  #ackAtMs = Infinity;

  /** The last push that was taken. */
  get taken(): number {
    return this.#taken;
  }

  get ackAtMs(): number {
    return this.#isDue ? -Infinity : this.#ackAtMs;
  }

  /** `next`: it is to be delivered. `again`: it was already. `gap`: one before it is missing. */
  take(pushSeq: number, { size, nowMs }: { readonly size: number; readonly nowMs: number }): "next" | "again" | "gap" {
    if (pushSeq > this.#taken + 1) return "gap";
    this.#unackedCount += 1;
    this.#unackedSize += size;
    if (this.#ackAtMs === Infinity) this.#ackAtMs = nowMs + ACK_DELAY_MS;
    if (this.#unackedCount >= ACK_PUSHES_MAX || this.#unackedSize >= ACK_SIZE_MAX) this.#isDue = true;
    if (pushSeq <= this.#taken) return "again";
    this.#taken = pushSeq;
    return "next";
  }

  /** The server hears of `taken` now. */
  said(): void {
    this.#isDue = false;
    this.#unackedCount = 0;
    this.#unackedSize = 0;
    this.#ackAtMs = Infinity;
  }
}
