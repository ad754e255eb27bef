/**
 * Transport on Bun's TCP sockets. Each socket carries its BunConn in `socket.data`; all handlers are synchronous.
 * No timeouts of its own: the caller has a clock.
 *
 * A handler that throws is a bug, and Bun would only hand it to the socket's `error`: it is thrown again outside,
 * where it ends the process.
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { messageOf } from "#base/log.ts";
import {
  type Address,
  addressText,
  type Conn,
  type ConnHandler,
  type DialHandler,
  type Listener,
  ListenError,
  type Transport,
} from "#link/transport.ts";

/** Undefined until it is open. */
type Socket = Bun.Socket<BunConn | undefined>;

export interface BunTransportOptions {
  /** Conns that are open at once, accepted and dialled; beyond it what arrives is closed unheard. */
  readonly connsMax: number;
  /** A conn was closed for that reason. */
  readonly onOverLimit?: () => void;
}

/** Both kinds of socket share these: what differs is how they open. */
const SOCKET_HANDLERS = {
  data: (socket: Socket, chunk: Uint8Array) => socket.data?.onData(chunk),
  drain: (socket: Socket) => socket.data?.onDrain(),
  end: (socket: Socket) => socket.data?.onEnd(),
  error: (socket: Socket, error: Error) => socket.data?.onError(error),
  close: (socket: Socket, error?: Error) => socket.data?.onClose(error),
};

export class BunTransport implements Transport {
  readonly #connsMax: number;
  readonly #onOverLimit: () => void;
  #connCount = 0;

  constructor(options: BunTransportOptions) {
    this.#connsMax = options.connsMax;
    this.#onOverLimit = options.onOverLimit ?? (() => undefined);
  }

  get connCount(): number {
    return this.#connCount;
  }

  listen(address: Address, accept: (conn: Conn) => ConnHandler): Listener {
    try {
      const listener = Bun.listen<BunConn | undefined>({
        hostname: address.host,
        port: address.port,
        allowHalfOpen: true,
        socket: {
          ...SOCKET_HANDLERS,
          open: (socket) => {
            const conn = this.#adopt(socket);
            if (conn !== undefined) conn.start(accept);
          },
        },
      });
      return { address: { host: address.host, port: listener.port }, close: () => listener.stop() };
    } catch (error) {
      throw new ListenError(`Cannot listen on ${addressText(address)}: ${listenReason(error)}`, { cause: error });
    }
  }

  dial(address: Address, handler: DialHandler): { cancel(): void } {
    const attempt = { isOver: false };
    const failed = (reason: string): void => {
      if (attempt.isOver) return;
      attempt.isOver = true;
      guarded(() => handler.failed(reason));
    };
    const opened = (socket: Socket): void => {
      const conn = this.#adopt(socket);
      if (attempt.isOver) conn?.terminate();
      else if (conn === undefined) failed("too many conns");
      else {
        attempt.isOver = true;
        conn.start((it) => handler.opened(it));
      }
    };
    const refused = (error: unknown): void => failed(dialReason(error));
    void open(address, opened, refused).catch(refused);
    return {
      cancel: () => {
        attempt.isOver = true;
      },
    };
  }

  /** Undefined when it is one too many; then it is closed already. */
  #adopt(socket: Socket): BunConn | undefined {
    const conn = new BunConn(socket, () => {
      this.#connCount -= 1;
    });
    this.#connCount += 1;
    socket.data = conn;
    if (this.#connCount <= this.#connsMax) return conn;
    this.#onOverLimit();
    conn.terminate();
    return undefined;
  }
}

/** A name is resolved first: dialling one that has several addresses would open several sockets. */
async function open(address: Address, opened: (socket: Socket) => void, failed: (error: Error) => void): Promise<void> {
  const hostname = isIP(address.host) > 0 ? address.host : await resolveName(address.host);
  await Bun.connect<BunConn | undefined>({
    hostname,
    port: address.port,
    allowHalfOpen: true,
    socket: { ...SOCKET_HANDLERS, open: opened, connectError: (_socket, error) => failed(error) },
  });
}

async function resolveName(name: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (error) {
    throw new Error(`Cannot resolve ${name}: ${messageOf(error)}`, { cause: error });
  }
}

class BunConn implements Conn {
  readonly remote: string;
  readonly #socket: Socket;
  readonly #released: () => void;
  #handler: ConnHandler | undefined;
  #isClosed = false;
  #reason = "closed";

  constructor(socket: Socket, released: () => void) {
    this.#socket = socket;
    this.#released = released;
    this.remote = remoteText(socket);
  }

  start(accept: (conn: Conn) => ConnHandler): void {
    guarded(() => {
      const handler = accept(this);
      // It may have been terminated meanwhile, with nobody there to hear it.
      if (this.#isClosed) handler.closed(this.#reason);
      else this.#handler = handler;
    });
  }

  write(bytes: Uint8Array): number {
    if (this.#isClosed) return -1;
    return bytes.length === 0 ? 0 : this.#socket.write(bytes);
  }

  shutdown(): void {
    if (!this.#isClosed) this.#socket.shutdown();
  }

  terminate(): void {
    if (this.#isClosed) return;
    this.#reason = "terminated here";
    this.#socket.terminate();
  }

  pause(): void {
    if (!this.#isClosed) this.#socket.pause();
  }

  resume(): void {
    if (!this.#isClosed) this.#socket.resume();
  }

  onData(chunk: Uint8Array): void {
    guarded(() => this.#handler?.data(chunk));
  }

  onDrain(): void {
    guarded(() => this.#handler?.drained());
  }

  onEnd(): void {
    guarded(() => this.#handler?.ended());
  }

  onError(error: Error): void {
    this.#reason = messageOf(error);
  }

  onClose(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (error !== undefined) this.#reason = messageOf(error);
    this.#released();
    const handler = this.#handler;
    this.#handler = undefined;
    guarded(() => handler?.closed(this.#reason));
  }
}

/** The types promise an address, but a conn that was reset before it is reported as open has none any more. */
function remoteText(socket: Socket): string {
  const host: string | undefined = socket.remoteAddress;
  return host === undefined ? "unknown" : addressText({ host, port: socket.remotePort });
}

function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function dialReason(error: unknown): string {
  const texts: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connection refused",
    ENETUNREACH: "network unreachable",
    EHOSTUNREACH: "host unreachable",
    ETIMEDOUT: "timed out",
  };
  return texts[codeOf(error)] ?? messageOf(error);
}

function listenReason(error: unknown): string {
  const texts: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is in use",
    EADDRNOTAVAIL: "the address is not one of this machine",
    EACCES: "not permitted",
  };
  return texts[codeOf(error)] ?? messageOf(error);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
