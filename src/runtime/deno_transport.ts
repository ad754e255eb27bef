/**
 * Transport on Deno's TCP conns. Deno writes and reads by promise, a Conn here is synchronous: what is written waits
 * in a queue of WAITING_SIZE_MAX bytes, beyond which a write is partial, as on a full socket.
 * No timeouts of its own: the caller has a clock.
 *
 * A handler that throws is a bug: it is thrown again outside, where it ends the process.
 */

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
import { DenoConn, guarded } from "./deno_conn.ts";

/** Before it accepts again after it could not: out of descriptors, most of all. */
const ACCEPT_PAUSE_MS = 100;

export interface DenoTransportOptions {
  /** Conns that are open at once, accepted and dialled; beyond it what arrives is closed unheard. */
  readonly connsMax: number;
  /** A conn was closed for that reason. */
  readonly onOverLimit?: () => void;
}

export class DenoTransport implements Transport {
  readonly #connsMax: number;
  readonly #onOverLimit: () => void;
  #connCount = 0;

  constructor(options: DenoTransportOptions) {
    this.#connsMax = options.connsMax;
    this.#onOverLimit = options.onOverLimit ?? (() => undefined);
  }

  get connCount(): number {
    return this.#connCount;
  }

  listen(address: Address, accept: (conn: Conn) => ConnHandler): Listener {
    let listener: Deno.TcpListener;
    try {
      listener = Deno.listen({ hostname: address.host, port: address.port });
    } catch (error) {
      throw new ListenError(`Cannot listen on ${addressText(address)}: ${listenReason(error)}`, { cause: error });
    }
    const state = { isClosed: false };
    void this.#accept(listener, accept, state);
    return {
      address: { host: address.host, port: listener.addr.port },
      close: () => {
        if (state.isClosed) return;
        state.isClosed = true;
        listener.close();
      },
    };
  }

  dial(address: Address, handler: DialHandler): { cancel(): void } {
    const attempt = { isOver: false };
    const failed = (reason: string): void => {
      if (attempt.isOver) return;
      attempt.isOver = true;
      guarded(() => handler.failed(reason));
    };
    const opened = (socket: Deno.TcpConn): void => {
      const conn = this.#adopt(socket);
      if (attempt.isOver) conn?.terminate();
      else if (conn === undefined) failed("too many conns");
      else {
        attempt.isOver = true;
        conn.start((it) => handler.opened(it));
      }
    };
    Deno.connect({ hostname: address.host, port: address.port }).then(opened, (error: unknown) => {
      failed(dialReason(error, address));
    });
    return {
      cancel: () => {
        attempt.isOver = true;
      },
    };
  }

  /** Never rejects. */
  async #accept(
    listener: Deno.TcpListener,
    accept: (conn: Conn) => ConnHandler,
    state: { readonly isClosed: boolean },
  ): Promise<void> {
    while (!state.isClosed) {
      try {
        const socket = await listener.accept();
        if (state.isClosed) socket.close();
        else this.#adopt(socket)?.start(accept);
      } catch {
        if (!state.isClosed) await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      }
    }
  }

  /** Undefined when it is one too many; then it is closed already. */
  #adopt(socket: Deno.TcpConn): DenoConn | undefined {
    if (this.#connCount >= this.#connsMax) {
      socket.close();
      this.#onOverLimit();
      return undefined;
    }
    this.#connCount += 1;
    return new DenoConn(socket, () => {
      this.#connCount -= 1;
    });
  }
}

function dialReason(error: unknown, address: Address): string {
  const texts: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connection refused",
    ENETUNREACH: "network unreachable",
    EHOSTUNREACH: "host unreachable",
    ETIMEDOUT: "timed out",
  };
  const code = codeOf(error);
  // A name that is not known has no code of the system.
  if (code === "" && messageOf(error).includes("lookup")) return `Cannot resolve ${address.host}: ${messageOf(error)}`;
  return texts[code] ?? messageOf(error);
}

export function listenReason(error: unknown): string {
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
