/**
 * One open TCP conn on Deno, as a synchronous Conn: a queue in front of its writes, one read under way at a time.
 *
 * Invariant: `closed` is called exactly once, after `start`, and nothing after it. A chunk that was read before
 * `pause` is held until `resume`.
 */

/// <reference lib="deno.window" />

import { messageOf } from "#base/log.ts";
import { addressText, type Conn, type ConnHandler } from "#link/transport.ts";

/** Taken and not yet with the system. A write beyond it is partial. */
const WAITING_SIZE_MAX = 1024 * 1024;
/** `drained` is told when no more than this waits. */
const WAITING_SIZE_LOW = WAITING_SIZE_MAX / 2;
const READ_SIZE = 64 * 1024;

export class DenoConn implements Conn {
  readonly remote: string;
  readonly #socket: Deno.TcpConn;
  readonly #released: () => void;
  readonly #buffer = new Uint8Array(READ_SIZE);
  #handler: ConnHandler | undefined;
  #waiting: Uint8Array[] = [];
  #waitingSize = 0;
  #isWriting = false;
  #wantsRoom = false;
  /** Of this end: nothing more is written, and the other end has been told. */
  #isShut = false;
  #isShutDone = false;
  /** The other end sends no more. */
  #hasEnded = false;
  #resumed: PromiseWithResolvers<void> | undefined;
  #isClosed = false;
  #reason = "closed";

  constructor(socket: Deno.TcpConn, released: () => void) {
    this.#socket = socket;
    this.#released = released;
    const { hostname, port } = socket.remoteAddr;
    this.remote = addressText({ host: hostname, port });
    socket.setNoDelay();
  }

  start(accept: (conn: Conn) => ConnHandler): void {
    guarded(() => {
      const handler = accept(this);
      // It may have been terminated meanwhile, with nobody there to hear it.
      if (this.#isClosed) handler.closed(this.#reason);
      else this.#handler = handler;
    });
    if (!this.#isClosed) void this.#read();
  }

  write(bytes: Uint8Array): number {
    if (this.#isClosed || this.#isShut) return -1;
    const taken = Math.min(bytes.length, WAITING_SIZE_MAX - this.#waitingSize);
    if (taken < bytes.length) this.#wantsRoom = true;
    if (taken === 0) return 0;
    this.#waiting.push(bytes.slice(0, taken));
    this.#waitingSize += taken;
    if (!this.#isWriting) void this.#writeWaiting();
    return taken;
  }

  shutdown(): void {
    if (this.#isClosed || this.#isShut) return;
    this.#isShut = true;
    if (!this.#isWriting) void this.#writeWaiting();
  }

  terminate(): void {
    this.#close("terminated here");
  }

  pause(): void {
    if (!this.#isClosed) this.#resumed ??= Promise.withResolvers<void>();
  }

  resume(): void {
    this.#resumed?.resolve();
    this.#resumed = undefined;
  }

  /** Never rejects: what fails closes the conn. */
  async #read(): Promise<void> {
    try {
      for (;;) {
        const size = await this.#socket.read(this.#buffer);
        await this.#untilResumed();
        if (this.#isClosed) return;
        if (size === null) break;
        const chunk = this.#buffer.slice(0, size);
        guarded(() => this.#handler?.data(chunk));
        // Still inside a pause that the handler asked for, nothing more is read.
        await this.#untilResumed();
        if (this.#isClosed) return;
      }
      this.#hasEnded = true;
      guarded(() => this.#handler?.ended());
      if (this.#isShutDone) this.#close("closed");
    } catch (error) {
      this.#close(messageOf(error));
    }
  }

  async #untilResumed(): Promise<void> {
    for (let pause = this.#resumed; pause !== undefined; pause = this.#resumed) await pause.promise;
  }

  /** Never rejects: what fails closes the conn. */
  async #writeWaiting(): Promise<void> {
    this.#isWriting = true;
    try {
      while (!this.#isClosed) {
        const first = this.#waiting[0];
        if (first === undefined) break;
        const written = await this.#socket.write(first);
        if (this.#isClosed) return;
        this.#waitingSize -= written;
        if (written < first.length) this.#waiting[0] = first.subarray(written);
        else this.#waiting.shift();
        if (!this.#wantsRoom || this.#waitingSize > WAITING_SIZE_LOW) continue;
        this.#wantsRoom = false;
        guarded(() => this.#handler?.drained());
      }
      if (this.#isClosed || !this.#isShut || this.#isShutDone) return;
      await this.#socket.closeWrite();
      this.#isShutDone = true;
      if (this.#hasEnded) this.#close("closed");
    } catch (error) {
      this.#close(messageOf(error));
    } finally {
      this.#isWriting = false;
    }
  }

  #close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reason = reason;
    this.#waiting = [];
    this.#waitingSize = 0;
    this.resume();
    try {
      this.#socket.close();
    } catch {
      // It is closed already.
    }
    this.#released();
    const handler = this.#handler;
    this.#handler = undefined;
    guarded(() => handler?.closed(reason));
  }
}

export function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
