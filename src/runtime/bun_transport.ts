/**
 * Transport on Bun's TCP sockets, plain or, once `secured`, with mutual TLS and nothing else; `serving` takes strangers. Each socket carries its
 * BunConn in `socket.data`; all handlers are synchronous. No timeouts of its own: the caller has a clock.
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { messageOf } from "#base/log.ts";
import type { KeyPairTexts, SecureTransport, TlsTexts } from "#link/tls.ts";
import {
  type Address,
  addressText,
  type Conn,
  type ConnHandler,
  type DialHandler,
  type Listener,
  ListenError,
  type TlsFault,
  type Transport,
} from "#link/transport.ts";
import { BunConn, type BunConnOptions, type BunSocket, guarded, SOCKET_HANDLERS, type TlsMode } from "./bun_conn.ts";
import { tlsProblem, validToMs } from "./certificate.ts";

export interface BunTransportOptions {
  /** Conns that are open at once, accepted and dialled; beyond it what arrives is closed unheard. */
  readonly connsMax: number;
  /** A conn was closed for that reason. */
  readonly onOverLimit?: () => void;
}

interface Attempt {
  isOver: boolean;
  /** Open, while TLS is being established. */
  conn: BunConn | undefined;
}

type Accept = (conn: Conn) => ConnHandler;

type ListenTls =
  | { readonly mode: Extract<TlsMode, "none"> }
  | { readonly mode: Exclude<TlsMode, "none">; readonly options: Bun.TLSOptions };

/** Conns of all transports that come from one. */
interface ConnCount {
  value: number;
}

export class BunTransport implements Transport {
  readonly #options: BunTransportOptions;
  readonly #count: ConnCount;
  readonly #tls: TlsTexts | undefined;

  constructor(
    options: BunTransportOptions,
    of: { readonly count: ConnCount; readonly tls: TlsTexts | undefined } = { count: { value: 0 }, tls: undefined },
  ) {
    this.#options = options;
    this.#count = of.count;
    this.#tls = of.tls;
  }

  /** One that shares the limit with this one, and neither takes nor makes a conn without TLS. */
  secured(tls: TlsTexts): BunTransport {
    return new BunTransport(this.#options, { count: this.#count, tls });
  }

  /** Takes conns with TLS alone, asks for nobody's certificate, and shares the limit with this one. */
  serving({ certificate, key }: KeyPairTexts): Pick<Transport, "listen"> {
    const tls = { mode: "server", options: { cert: certificate, key } } as const;
    return { listen: (address, accept) => this.#listen(address, accept, tls) };
  }

  get connCount(): number {
    return this.#count.value;
  }

  listen(address: Address, accept: Accept): Listener {
    const tls = this.#tls;
    if (tls === undefined) return this.#listen(address, accept, { mode: "none" });
    return this.#listen(address, accept, { mode: "mutual", options: { ...tlsOptions(tls), requestCert: true } });
  }

  #listen(address: Address, accept: Accept, tls: ListenTls): Listener {
    try {
      const listener = Bun.listen<BunConn | undefined>({
        hostname: address.host,
        port: address.port,
        allowHalfOpen: true,
        ...(tls.mode === "none" ? {} : { tls: tls.options }),
        socket: {
          ...SOCKET_HANDLERS,
          // Whoever accepts has its limits for conns that say nothing: it hears of them before TLS is established.
          open: (socket) =>
            this.#adopt(socket, { tls: tls.mode, isDialled: false, peerName: undefined })?.start(accept),
        },
      });
      return { address: { host: address.host, port: listener.port }, close: () => listener.stop() };
    } catch (error) {
      throw new ListenError(`Cannot listen on ${addressText(address)}: ${listenReason(error)}`, { cause: error });
    }
  }

  dial(address: Address, handler: DialHandler, peerName?: string): { cancel(): void } {
    const attempt: Attempt = { isOver: false, conn: undefined };
    const failed = (reason: string, tlsFault?: TlsFault): void => {
      attempt.conn = undefined;
      if (attempt.isOver) return;
      attempt.isOver = true;
      guarded(() => handler.failed(reason, tlsFault));
    };
    const begin = (conn: BunConn): void => {
      attempt.conn = undefined;
      attempt.isOver = true;
      conn.start((it) => handler.opened(it));
    };
    const opened = (socket: BunSocket): void => {
      const tls = this.#tls === undefined ? "none" : "mutual";
      const conn = this.#adopt(socket, { tls, isDialled: true, peerName });
      if (attempt.isOver) conn?.terminate();
      else if (conn === undefined) failed("too many conns");
      else if (this.#tls === undefined) begin(conn);
      else {
        attempt.conn = conn;
        conn.onSecure = () => begin(conn);
        conn.start(() => ({ ...UNHEARD, closed: (reason) => failed(reason, conn.tlsFault) }));
      }
    };
    const refused = (error: unknown): void => failed(dialReason(error));
    void this.#open(address, { opened, failed: refused, peerName }).catch(refused);
    return {
      cancel: () => {
        attempt.isOver = true;
        attempt.conn?.terminate();
      },
    };
  }

  /** A name is resolved first: dialling one that has several addresses would open several sockets. */
  async #open(
    address: Address,
    to: {
      readonly opened: (socket: BunSocket) => void;
      readonly failed: (error: Error) => void;
      readonly peerName: string | undefined;
    },
  ): Promise<void> {
    const hostname = isIP(address.host) > 0 ? address.host : await resolveName(address.host);
    const tls = this.#tls;
    await Bun.connect<BunConn | undefined>({
      hostname,
      port: address.port,
      allowHalfOpen: true,
      // Without a name nobody is trusted.
      ...(tls === undefined ? {} : { tls: { ...tlsOptions(tls), serverName: to.peerName ?? "" } }),
      socket: { ...SOCKET_HANDLERS, open: to.opened, connectError: (_socket, error) => to.failed(error) },
    });
  }

  /** Undefined when it is one too many; then it is closed already. */
  #adopt(socket: BunSocket, of: Omit<BunConnOptions, "released">): BunConn | undefined {
    const count = this.#count;
    const conn = new BunConn(socket, {
      ...of,
      released: () => {
        count.value -= 1;
      },
    });
    count.value += 1;
    socket.data = conn;
    if (count.value <= this.#options.connsMax) return conn;
    this.#options.onOverLimit?.();
    conn.terminate();
    return undefined;
  }
}

/** Checked before it is used: Bun would only say that it cannot listen, or fail each dial. */
export function bunSecureTransport(plain: BunTransport): SecureTransport {
  return (texts, name) => {
    const problem = tlsProblem(texts, name);
    if (problem !== undefined) return { kind: "problem", problem };
    return { kind: "ok", transport: plain.secured(texts), validToMs: validToMs(texts.certificate) };
  };
}

const UNHEARD: ConnHandler = { data: () => {}, drained: () => {}, ended: () => {}, closed: () => {} };

function tlsOptions(tls: TlsTexts): Bun.TLSOptions {
  return { cert: tls.certificate, key: tls.key, ca: tls.authority, rejectUnauthorized: true };
}

async function resolveName(name: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (error) {
    throw new Error(`Cannot resolve ${name}: ${messageOf(error)}`, { cause: error });
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
