/**
 * Byte streams as an argument: Bun's sockets, Deno's, the simulator's network. Everything here is synchronous
 * and handlers must not throw: a link catches its own faults.
 */

/** `tls_failed`: the other end speaks no TLS, or none of ours. `bad_certificate`: one end does not take the other's. */
export type TlsFault = "tls_failed" | "bad_certificate";

/** An open byte stream. */
export interface Conn {
  /** For people: the address of the other end. */
  readonly remote: string;
  /**
   * The DNS names of the other end's certificate, which the transport has verified. Undefined without TLS, and until
   * TLS is established: it is before any data.
   */
  readonly peerNames?: readonly string[] | undefined;
  /** Why TLS came to nothing; to be asked when it is closed. */
  readonly tlsFault?: TlsFault | undefined;
  /**
   * Takes a prefix of `bytes` and returns how many; 0 when full (wait for `drained`), -1 when closed. What it
   * took is copied: the caller reuses the buffer as soon as this returns.
   */
  write(bytes: Uint8Array): number;
  /** No more will be written; the other end sees the end after all that was taken. */
  shutdown(): void;
  /**
   * Closes at once, both ways. `closed` is called, once, possibly from inside this call. The other end hears `ended` or
   * `closed`, as its system has it.
   */
  terminate(): void;
  /** Stops and resumes reading: real backpressure. */
  pause(): void;
  resume(): void;
}

export interface ConnHandler {
  /** The chunk is the handler's to keep. */
  data(chunk: Uint8Array): void;
  /** There is room again after a partial write. */
  drained(): void;
  /** The other end will send no more. */
  ended(): void;
  /** Called exactly once per conn; nothing is called after it. `reason` is for people. */
  closed(reason: string): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  /** The address that is bound, with the port that the system chose if it was asked to. */
  readonly address: Address;
  /** Accepts no more; conns that are open stay open. */
  close(): void;
}

export interface DialHandler {
  /** The conn is open; returns who hears from it. Not called after `cancel`. */
  opened(conn: Conn): ConnHandler;
  /** It could not be opened. Called at most once, instead of `opened`. */
  failed(reason: string, tlsFault?: TlsFault): void;
}

export interface Transport {
  /** Throws ListenError when the address cannot be bound. */
  listen(address: Address, accept: (conn: Conn) => ConnHandler): Listener;
  /**
   * Tries once; `cancel` ends the attempt (a conn that opens late is terminated). The caller sets the time limit.
   * `peerName`: what the other end's certificate must name, where there is TLS.
   */
  dial(address: Address, handler: DialHandler, peerName?: string): { cancel(): void };
}

/** An address could not be bound: taken, not ours, not allowed. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code = "LISTEN_FAILED";
}

export function addressText(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
