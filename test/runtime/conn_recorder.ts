/**
 * What a test hears from a conn, in order, and ways to wait for it.
 */

import type { Conn, ConnHandler } from "../../src/link/transport.ts";

export class ConnRecorder implements ConnHandler {
  readonly conn: Conn;
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  receivedSize = 0;
  closedCount = 0;
  /** Why it was closed. */
  reason = "";
  /** Called after each event. */
  #waiting: { readonly until: () => boolean; readonly resolve: () => void }[] = [];
  onDrained: () => void = () => {};

  constructor(conn: Conn) {
    this.conn = conn;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ until: condition, resolve });
    });
  }

  data(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.receivedSize += chunk.length;
    this.#heard("data");
  }

  drained(): void {
    this.onDrained();
    this.#heard("drained");
  }

  ended(): void {
    this.#heard("ended");
  }

  closed(reason: string): void {
    this.reason = reason;
    this.closedCount += 1;
    this.#heard("closed");
  }

  #heard(event: string): void {
    this.events.push(event);
    const ready = this.#waiting.filter((each) => each.until());
    this.#waiting = this.#waiting.filter((each) => !ready.includes(each));
    for (const each of ready) each.resolve();
  }
}
