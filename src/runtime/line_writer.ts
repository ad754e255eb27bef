/**
 * Lines to standard output or error, in order, without ever holding up the event loop: a terminal that was stopped
 * or a reader that hangs must not make a node look dead. One write is under way at a time, on another thread; what
 * comes meanwhile waits, up to WAITING_SIZE_MAX, and beyond it is dropped and counted.
 */

import { write, writeSync } from "node:fs";

const WAITING_SIZE_MAX = 4 * 1024 * 1024;
const PAUSE_MS = 20;
/** How often a full pipe is tried again at the end, with a pause before each. */
const FULL_MAX = 10;

export type WriteBytes = (bytes: Uint8Array, done: (error: Error | null, written: number) => void) => void;

export class LineWriter {
  readonly #write: WriteBytes;
  readonly #writeNow: (bytes: Uint8Array) => void;
  readonly #pause: () => void;
  readonly #dropped: (count: number) => string;
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  #waitingSize = 0;
  #droppedCount = 0;
  /** What the write that is under way has not taken yet. */
  #current: Uint8Array | undefined;
  #idle: (() => void)[] = [];
  #isEnding = false;

  /**
   * `dropped` is the line that says that so many are missing; `pause` stands still for a moment, in which a write
   * on another thread can end.
   */
  constructor(options: {
    readonly write: WriteBytes;
    readonly writeNow: (bytes: Uint8Array) => void;
    readonly pause: () => void;
    readonly dropped: (count: number) => string;
  }) {
    this.#write = options.write;
    this.#writeNow = options.writeNow;
    this.#pause = options.pause;
    this.#dropped = options.dropped;
  }

  line(text: string): void {
    if (this.#waitingSize + text.length > WAITING_SIZE_MAX) {
      this.#droppedCount += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingSize += text.length + 1;
    if (this.#isEnding) this.flushNow();
    else if (this.#current === undefined) this.#next();
  }

  /** Resolves when all is written, or after `deadlineMs`. */
  async flush(deadlineMs: number): Promise<void> {
    if (this.#current === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    const timer = setTimeout(resolve, deadlineMs);
    await promise;
    clearTimeout(timer);
  }

  /** For the sudden end of a process: writes what waits, and from now on every line, from here and at once. */
  flushNow(): void {
    if (!this.#isEnding && this.#current !== undefined) this.#pause();
    this.#isEnding = true;
    const bytes = this.#takeWaiting();
    if (bytes !== undefined) this.#writeNow(bytes);
  }

  #next(): void {
    this.#current = this.#takeWaiting();
    if (this.#current === undefined) {
      const idle = this.#idle;
      this.#idle = [];
      for (const resolve of idle) resolve();
    } else this.#go(this.#current);
  }

  #go(bytes: Uint8Array): void {
    this.#write(bytes, (error, written) => {
      const rest = bytes.subarray(written);
      const isFull = error !== null && "code" in error && error.code === "EAGAIN";
      if (isFull) setTimeout(() => this.#go(bytes), 10);
      // Nobody reads any more: there is nobody to tell either.
      else if (error !== null || rest.length === 0) this.#next();
      else this.#go(rest);
    });
  }

  #takeWaiting(): Uint8Array | undefined {
    if (this.#droppedCount > 0) {
      this.#waiting.push(this.#dropped(this.#droppedCount));
      this.#droppedCount = 0;
    }
    if (this.#waiting.length === 0) return undefined;
    const bytes = this.#encoder.encode(`${this.#waiting.join("\n")}\n`);
    this.#waiting = [];
    this.#waitingSize = 0;
    return bytes;
  }
}

/** 1 is standard output, 2 standard error. */
export function descriptorWriter(descriptor: 1 | 2, dropped: (count: number) => string): LineWriter {
  return new LineWriter({
    dropped,
    write: (bytes, done) => write(descriptor, bytes, 0, bytes.length, null, done),
    writeNow: (bytes) => writeWhole(descriptor, bytes),
    pause: () => standStill(),
  });
}

function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  let rest = bytes;
  for (let full = 0; rest.length > 0 && full < FULL_MAX;) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const isFull = error instanceof Error && "code" in error && error.code === "EAGAIN";
      // The reader is gone, and the process is about to end.
      if (!isFull) return;
      full += 1;
      standStill();
    }
  }
}
