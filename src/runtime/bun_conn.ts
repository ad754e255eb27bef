/**
 * A conn on a Bun socket, with TLS or without. Over TLS nothing that the other end sends is delivered before its
 * certificate is verified, or TLS is established where none is asked for; until then the conn takes no bytes either. What Bun has deciphered already still comes after
 * `pause`: at most what it reads at once.
 *
 * A handler that throws is a bug, and Bun would only hand it to the socket's `error`: it is thrown again outside,
 * where it ends the process.
 */

import { messageOf } from "#base/log.ts";
import { namesText } from "#link/accept_policy.ts";
import { addressText, type Conn, type ConnHandler, type TlsFault } from "#link/transport.ts";
import { type Distrust, dnsNames, handshakeFault, isCertificateAlert } from "./certificate.ts";

/** Undefined until it is open. */
export type BunSocket = Bun.Socket<BunConn | undefined>;

/** `server`: the other end is a stranger who shows no certificate. */
export type TlsMode = "none" | "mutual" | "server";

/** `waiting`: TLS is being established. */
type Security = "plain" | "waiting" | "secure";

export interface BunConnOptions {
  readonly tls: TlsMode;
  /** We are the one who dialled: how it ends before TLS is established tells what is wrong. */
  readonly isDialled: boolean;
  readonly peerName: string | undefined;
  readonly released: () => void;
}

/** All sockets share these: what differs is how they open. */
export const SOCKET_HANDLERS = {
  handshake: (socket: BunSocket, isDone: boolean, error: Error | null) => socket.data?.onHandshake(isDone, error),
  data: (socket: BunSocket, chunk: Uint8Array) => socket.data?.onData(chunk),
  drain: (socket: BunSocket) => socket.data?.onDrain(),
  end: (socket: BunSocket) => socket.data?.onEnd(),
  error: (socket: BunSocket, error: Error) => socket.data?.onError(error),
  close: (socket: BunSocket, error?: Error) => socket.data?.onClose(error),
};

export class BunConn implements Conn {
  readonly remote: string;
  /** TLS is established. Set by whoever starts the conn, before it is. */
  onSecure: () => void = () => {};
  readonly #socket: BunSocket;
  readonly #options: BunConnOptions;
  #security: Security;
  #peerNames: readonly string[] | undefined;
  #tlsFault: TlsFault | undefined;
  #handler: ConnHandler | undefined;
  #isPaused = false;
  #isClosed = false;
  #reason = "closed";

  constructor(socket: BunSocket, options: BunConnOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#security = options.tls === "none" ? "plain" : "waiting";
    this.remote = remoteText(socket);
  }

  get peerNames(): readonly string[] | undefined {
    return this.#peerNames;
  }
  get tlsFault(): TlsFault | undefined {
    return this.#tlsFault;
  }

  /** From now on `accept`'s handler hears it. */
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
    if (this.#security === "waiting" || bytes.length === 0) return 0;
    return this.#socket.write(bytes);
  }

  shutdown(): void {
    if (this.#security === "waiting") this.terminate();
    else if (!this.#isClosed) this.#socket.shutdown();
  }

  terminate(): void {
    if (this.#isClosed) return;
    if (this.#tlsFault === undefined) this.#reason = "terminated here";
    this.#socket.terminate();
  }

  pause(): void {
    this.#isPaused = true;
    if (!this.#isClosed && this.#security !== "waiting") this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isClosed && this.#security !== "waiting") this.#socket.resume();
  }

  onHandshake(isDone: boolean, error: Error | null): void {
    if (this.#isClosed || this.#security !== "waiting") return;
    // Bun misses the certificate that nobody has asked for, in `error`.
    if (isDone && this.#options.tls === "server") this.#established();
    // `isDone` is true for a stranger's certificate as well.
    else if (isDone && (error === null || error === undefined) && this.#socket.authorized) this.#verified();
    else if (isReset(error)) this.#unestablished();
    else this.#distrust(this.#faultOf(error));
  }

  onData(chunk: Uint8Array): void {
    if (this.#security === "waiting") return;
    guarded(() => this.#handler?.data(chunk));
  }

  onDrain(): void {
    if (this.#security === "waiting") return;
    guarded(() => this.#handler?.drained());
  }

  onEnd(): void {
    if (this.#security === "waiting") this.#unestablished();
    else guarded(() => this.#handler?.ended());
  }

  onError(error: Error): void {
    this.#reason = messageOf(error);
    if (this.#security === "plain" || !isCertificateAlert(this.#reason)) return;
    ({ fault: this.#tlsFault, reason: this.#reason } = handshakeFault(error));
  }

  onClose(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (error !== undefined && this.#tlsFault === undefined) this.#reason = messageOf(error);
    if (this.#security === "waiting" && this.#reason !== "terminated here") this.#noteUnestablished();
    this.#options.released();
    const handler = this.#handler;
    this.#handler = undefined;
    guarded(() => handler?.closed(this.#reason));
  }

  #verified(): void {
    const raw: unknown = this.#socket.getPeerCertificate()?.raw;
    if (!(raw instanceof Uint8Array)) {
      this.#distrust({ fault: "bad_certificate", reason: "the other end shows no certificate" });
      return;
    }
    const names = dnsNames(raw);
    // The library has looked as well, but has ways of its own to match a name.
    if (this.#options.isDialled && !names.some((each) => each.toLowerCase() === this.#options.peerName)) {
      this.#distrust(this.#wrongName(names));
      return;
    }
    this.#peerNames = names;
    this.#established();
  }

  #established(): void {
    this.#security = "secure";
    if (this.#isPaused) this.#socket.pause();
    guarded(() => this.onSecure());
    // What was written before was not taken.
    this.onDrain();
  }

  #faultOf(error: Error | null): Distrust {
    const code = error !== null && "code" in error ? error.code : "";
    if (code !== "ERR_TLS_CERT_ALTNAME_INVALID") return handshakeFault(error);
    const raw: unknown = this.#socket.getPeerCertificate()?.raw;
    return this.#wrongName(raw instanceof Uint8Array ? dnsNames(raw) : []);
  }

  #wrongName(names: readonly string[]): Distrust {
    const reason = `the certificate of the other end is for ${namesText(names)}, not for ${this.#options.peerName ?? "any"}`;
    return { fault: "bad_certificate", reason };
  }

  #distrust({ fault, reason }: Distrust): void {
    this.#tlsFault = fault;
    this.#reason = reason;
    this.#socket.terminate();
  }

  #unestablished(): void {
    this.#noteUnestablished();
    this.#socket.terminate();
  }

  /** For the end that accepts it is nothing to tell anybody: a port check opens and closes as well. */
  #noteUnestablished(): void {
    if (this.#tlsFault !== undefined) return;
    this.#reason = "the other end closed before TLS was established: it may speak none, or not trust our certificate";
    if (this.#options.isDialled) this.#tlsFault = "tls_failed";
  }
}

function isReset(error: Error | null): boolean {
  return error !== null && error !== undefined && "code" in error && error.code === "ECONNRESET";
}

/** The types promise an address, but a conn that was reset before it is reported as open has none any more. */
function remoteText(socket: BunSocket): string {
  const host: string | undefined = socket.remoteAddress;
  return host === undefined ? "unknown" : addressText({ host, port: socket.remotePort });
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
