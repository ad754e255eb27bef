/**
 * A conn lives in stages (handshake, link, farewell) and each is a handler of its own: this one stands in front
 * of the transport and passes everything to the stage that is current. It has no state but that.
 */

import type { ConnHandler } from "./transport.ts";

export class Stages implements ConnHandler {
  #current: ConnHandler;

  constructor(first: ConnHandler) {
    this.#current = first;
  }

  become(next: ConnHandler): void {
    this.#current = next;
  }

  data(chunk: Uint8Array): void {
    this.#current.data(chunk);
  }
  drained(): void {
    this.#current.drained();
  }
  ended(): void {
    this.#current.ended();
  }
  closed(reason: string): void {
    this.#current.closed(reason);
  }
}
