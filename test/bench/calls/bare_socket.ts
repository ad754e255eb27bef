/**
 * The least that a Bun socket needs to lose nothing: what the system does not take waits until it drains.
 */

export type Socket = Bun.Socket<BareSocket>;

export class BareSocket {
  readonly #waiting: Uint8Array[] = [];
  onChunk: (chunk: Uint8Array) => void = () => {};
  #socket: Socket | undefined;

  open(socket: Socket): void {
    this.#socket = socket;
    socket.data = this;
  }

  /** Keeps no byte that is taken at once; what waits is copied. */
  write(bytes: Uint8Array): void {
    if (this.#waiting.length > 0) {
      this.#waiting.push(bytes.slice());
      return;
    }
    const taken = this.#socket?.write(bytes) ?? 0;
    if (taken < bytes.length) this.#waiting.push(bytes.slice(Math.max(0, taken)));
  }

  drain(): void {
    while (this.#waiting[0] !== undefined) {
      const first = this.#waiting[0];
      const taken = this.#socket?.write(first) ?? 0;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(Math.max(0, taken));
        return;
      }
      this.#waiting.shift();
    }
  }
}

const HANDLERS = {
  data: (socket: Socket, chunk: Uint8Array) => socket.data.onChunk(chunk),
  drain: (socket: Socket) => socket.data.drain(),
};

/** Answers the port. */
export function listenBare(accept: (bare: BareSocket) => void): number {
  const listener = Bun.listen<BareSocket>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      ...HANDLERS,
      open: (socket) => {
        const bare = new BareSocket();
        bare.open(socket);
        accept(bare);
      },
    },
  });
  return listener.port;
}

export async function dialBare(port: number): Promise<BareSocket> {
  const bare = new BareSocket();
  await Bun.connect<BareSocket>({
    hostname: "127.0.0.1",
    port,
    socket: { ...HANDLERS, open: (socket) => bare.open(socket) },
  });
  return bare;
}

/** Calls `frame` for each whole frame of the stream, which begins with the size of what follows, as Kuafu's does. */
export function splitFrames(frame: (bytes: Uint8Array, at: number, end: number) => void): (chunk: Uint8Array) => void {
  let rest: Uint8Array | undefined;
  return (chunk) => {
    let bytes = chunk;
    if (rest !== undefined) {
      bytes = new Uint8Array(rest.length + chunk.length);
      bytes.set(rest);
      bytes.set(chunk, rest.length);
      rest = undefined;
    }
    let at = 0;
    while (at + 4 <= bytes.length) {
      const end = at + 4 + readU32(bytes, at);
      if (end > bytes.length) break;
      frame(bytes, at, end);
      at = end;
    }
    if (at < bytes.length) rest = bytes.slice(at);
  };
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Gathers what is written until the microtask, or until `flush`: one write for all of it. */
export class Batch {
  readonly #bare: BareSocket;
  #bytes = new Uint8Array(64 * 1024);
  #size = 0;
  #isWaiting = false;

  constructor(bare: BareSocket) {
    this.#bare = bare;
  }

  /** Room for a frame of `size` bytes; answers where it begins in `bytes`. */
  room(size: number): number {
    const at = this.#size;
    if (at + size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(at + size, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#size = at + size;
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      queueMicrotask(() => {
        this.#isWaiting = false;
        this.flush();
      });
    }
    return at;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  flush(): void {
    if (this.#size === 0) return;
    const size = this.#size;
    this.#size = 0;
    this.#bare.write(this.#bytes.subarray(0, size));
  }
}
