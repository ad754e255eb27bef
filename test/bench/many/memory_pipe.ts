/**
 * Conns within one process for benchmarks that play many nodes: what is written arrives at the next turn of the event
 * loop, all of it in one. Takes whatever is written, so it has no backpressure; for what a link's own bounds let through.
 */

import type { Address, Conn, ConnHandler, DialHandler, Listener, Transport } from "#link/transport.ts";
import { ListenError } from "#link/transport.ts";

export class MemoryTransport implements Transport {
  readonly #listeners = new Map<number, (conn: Conn) => ConnHandler>();
  #due: (() => void)[] = [];

  listen(address: Address, accept: (conn: Conn) => ConnHandler): Listener {
    const { port } = address;
    if (this.#listeners.has(port)) throw new ListenError(`Cannot listen on port ${port}: it is taken`);
    this.#listeners.set(port, accept);
    return { address, close: () => this.#listeners.delete(port) };
  }

  dial(address: Address, handler: DialHandler): { cancel(): void } {
    let isCancelled = false;
    this.soon(() => {
      if (isCancelled) return;
      const accept = this.#listeners.get(address.port);
      if (accept === undefined) return handler.failed("connection refused");
      const near = new MemoryConn(this);
      const far = new MemoryConn(this);
      near.other = far;
      far.other = near;
      far.handler = accept(far);
      near.handler = handler.opened(near);
    });
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  /** In the order of asking, behind what the event loop has polled. */
  soon(fn: () => void): void {
    this.#due.push(fn);
    if (this.#due.length > 1) return;
    setImmediate(() => {
      const due = this.#due;
      this.#due = [];
      for (const one of due) one();
    });
  }
}

class MemoryConn implements Conn {
  readonly remote = "memory";
  readonly #transport: MemoryTransport;
  other: MemoryConn | undefined;
  handler: ConnHandler | undefined;
  #isShut = false;
  #isClosed = false;
  #isPaused = false;
  #waiting: Uint8Array[] = [];

  constructor(transport: MemoryTransport) {
    this.#transport = transport;
  }

  write(bytes: Uint8Array): number {
    if (this.#isClosed || this.#isShut) return -1;
    const chunk = bytes.slice();
    this.#transport.soon(() => this.other?.arrive(chunk));
    return bytes.length;
  }

  shutdown(): void {
    if (this.#isShut || this.#isClosed) return;
    this.#isShut = true;
    this.#transport.soon(() => this.other?.end());
  }

  terminate(): void {
    if (this.#isClosed) return;
    this.#transport.soon(() => this.other?.close("closed by the other end"));
    this.close("terminated here");
  }

  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    this.#isPaused = false;
    this.#transport.soon(() => this.#deliver());
  }

  arrive(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#deliver();
  }

  end(): void {
    if (!this.#isClosed) this.handler?.ended();
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.handler?.closed(reason);
  }

  #deliver(): void {
    while (!this.#isClosed && !this.#isPaused) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) return;
      this.handler?.data(chunk);
    }
  }
}
