/**
 * Byte pipes in memory as a transport: every chunk arrives `latencyMs` later, cut into pieces of `chunkSize`
 * bytes, and a writer meets `capacity`. Tests can make a direction swallow everything, or a reader stop.
 */

import type { Clock } from "#base/clock.ts";
import type { Address, Conn, ConnHandler, DialHandler, Listener, Transport } from "#link/transport.ts";
import { ListenError } from "#link/transport.ts";

export class TestConn implements Conn {
  readonly remote: string;
  readonly net: ByteNet;
  other: TestConn | undefined;
  handler: ConnHandler | undefined;
  /** What this end writes is lost without a trace. */
  isBlackHole = false;
  /** This end reads nothing: what is sent to it waits and fills the pipe. */
  isDeaf = false;
  isClosed = false;
  writeCount = 0;
  #isShut = false;
  #wantsRoom = false;
  /** Sent by this end, not yet read by the other. */
  #pipe: Uint8Array[] = [];
  #pipeSize = 0;

  constructor(net: ByteNet, remote: string) {
    this.net = net;
    this.remote = remote;
  }

  write(bytes: Uint8Array): number {
    if (this.isClosed || this.#isShut) return -1;
    this.writeCount += 1;
    const taken = Math.min(bytes.length, this.net.capacity - this.#pipeSize);
    if (taken < bytes.length) this.#wantsRoom = true;
    if (taken > 0 && !this.isBlackHole) {
      this.#pipe.push(bytes.slice(0, taken));
      this.#pipeSize += taken;
      this.pump();
    }
    return taken;
  }

  shutdown(): void {
    this.#isShut = true;
    this.pump();
  }

  terminate(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.pump();
    this.handler?.closed("terminated");
  }

  pause(): void {
    this.isDeaf = true;
  }
  resume(): void {
    this.isDeaf = false;
    this.other?.pump();
  }

  /** Lets what waits arrive. */
  pump(): void {
    this.net.clock.after(this.net.latencyMs, () => this.#arrive());
  }

  #arrive(): void {
    const to = this.other;
    if (to === undefined || to.isClosed || to.isDeaf || this.isBlackHole) return;
    while (this.#pipe.length > 0 && !to.isClosed && !to.isDeaf) {
      const whole = this.#pipe.shift() as Uint8Array;
      const { chunkSize } = this.net;
      if (whole.length > chunkSize) this.#pipe.unshift(whole.slice(chunkSize));
      const chunk = whole.slice(0, chunkSize);
      this.#pipeSize -= chunk.length;
      to.handler?.data(chunk);
    }
    if (this.#wantsRoom && !this.isClosed && this.#pipeSize < this.net.capacity) {
      this.#wantsRoom = false;
      this.handler?.drained();
    }
    if (this.#pipe.length > 0 || to.isClosed || !(this.#isShut || this.isClosed)) return;
    to.handler?.ended();
    if (this.isClosed && !to.isClosed) {
      to.isClosed = true;
      to.handler?.closed("closed by the other end");
    }
  }
}

export class ByteNet implements Transport {
  readonly clock: Clock;
  chunkSize = Number.POSITIVE_INFINITY;
  capacity = 1024 * 1024;
  latencyMs = 1;
  /** Dials get no answer at all. */
  isDark = false;
  dialCount = 0;
  /** What listeners see of who dials: an address for each dial, unless a test says otherwise. */
  remoteOf: (dial: number) => string = (dial) => `10.0.${dial >> 8}.${dial & 255}:40000`;
  readonly conns: TestConn[] = [];
  readonly #listeners = new Map<number, (conn: Conn) => ConnHandler>();
  #lastPort = 7000;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  listen(address: Address, accept: (conn: Conn) => ConnHandler): Listener {
    const port = address.port === 0 ? (this.#lastPort += 1) : address.port;
    if (this.#listeners.has(port)) throw new ListenError(`Cannot listen on port ${port}: it is taken`);
    this.#listeners.set(port, accept);
    return { address: { host: address.host, port }, close: () => this.#listeners.delete(port) };
  }

  dial(address: Address, handler: DialHandler): { cancel(): void } {
    this.dialCount += 1;
    const remote = this.remoteOf(this.dialCount);
    let isCancelled = false;
    this.clock.after(this.latencyMs, () => {
      if (isCancelled || this.isDark) return;
      const accept = this.#listeners.get(address.port);
      if (accept === undefined) return handler.failed("connection refused");
      const [near, far] = this.pair(`10.0.0.1:${address.port}`, remote);
      far.handler = accept(far);
      near.handler = handler.opened(near);
    });
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  pair(nearRemote: string, farRemote: string): readonly [TestConn, TestConn] {
    const near = new TestConn(this, nearRemote);
    const far = new TestConn(this, farRemote);
    near.other = far;
    far.other = near;
    this.conns.push(near, far);
    return [near, far];
  }

  /** A stranger without any of our code behind it. */
  stranger(address: Address): Stranger {
    const stranger = new Stranger();
    this.dial(address, { opened: (conn) => stranger.opened(conn), failed: () => {} });
    return stranger;
  }
}

export class Stranger implements ConnHandler {
  conn: Conn | undefined;
  isEnded = false;
  isClosed = false;
  readonly chunks: Uint8Array[] = [];

  opened(conn: Conn): ConnHandler {
    this.conn = conn;
    return this;
  }
  write(bytes: Uint8Array): void {
    this.conn?.write(bytes);
  }
  get received(): Uint8Array {
    const out = new Uint8Array(this.chunks.reduce((size, chunk) => size + chunk.length, 0));
    let at = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }
  data(chunk: Uint8Array): void {
    this.chunks.push(chunk);
  }
  drained(): void {}
  ended(): void {
    this.isEnded = true;
  }
  closed(): void {
    this.isClosed = true;
  }
}
