/**
 * One end of a simulated conn: what its process holds as a Conn, and what its kernel does. The other end hears
 * of a close only by what arrives: an end, a reset, or nothing when the path is cut or the power is off.
 */

import type { Conn, ConnHandler } from "#link/transport.ts";
import type { PipeEnd, SimPipe } from "./sim_pipe.ts";
import type { Machine, SimProcess } from "./sim_process.ts";

/** How a process's end shows at the other side. */
export type Parting = "reset" | "end" | "nothing";

export interface EndpointNetwork {
  after(delayMs: number, fn: () => void): void;
  note(who: string, what: string, detail?: unknown): void;
  noteBytes(from: PipeEnd, to: PipeEnd, bytes: Uint8Array): void;
  forget(endpoint: SimEndpoint): void;
}

export class SimEndpoint implements Conn, PipeEnd {
  readonly serial: number;
  readonly remote: string;
  readonly process: SimProcess;
  readonly host: Machine;
  readonly #network: EndpointNetwork;
  #handler: ConnHandler | undefined;
  #in: SimPipe | undefined;
  #out: SimPipe | undefined;
  #isClosed = false;
  #isPaused = false;
  #isPausedByFault = false;
  #hasHeardEnd = false;
  #hasShutDown = false;

  constructor(options: { serial: number; remote: string; process: SimProcess; network: EndpointNetwork }) {
    this.serial = options.serial;
    this.remote = options.remote;
    this.process = options.process;
    this.host = options.process.host;
    this.#network = options.network;
  }

  /** Both pipes exist when the conn does. */
  connect(pipes: { in: SimPipe; out: SimPipe }): void {
    this.#in = pipes.in;
    this.#out = pipes.out;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Nothing is read: by its own wish, because a fault made it slow, or because nobody listens yet. */
  get isPaused(): boolean {
    return this.#isPaused || this.#isPausedByFault || this.#handler === undefined;
  }

  /** Name of the machine at the other end. */
  get peerHost(): string {
    return this.#out?.to.process.host.name ?? "";
  }

  get pipes(): readonly SimPipe[] {
    return this.#in === undefined || this.#out === undefined ? [] : [this.#in, this.#out];
  }

  /** Bytes that it has written and that have not been read. */
  get bufferedSize(): number {
    return this.#out?.bufferedSize ?? 0;
  }

  /** The process takes the conn over. */
  adopt(handler: ConnHandler): void {
    this.#handler = handler;
    // It may have been closed by the very callback that hands it over.
    if (this.#isClosed) handler.closed("terminated");
    else this.#in?.wake();
  }

  write(bytes: Uint8Array): number {
    if (this.#isClosed || this.#hasShutDown || !this.process.isAlive) return -1;
    return this.#out?.take(bytes) ?? -1;
  }

  shutdown(): void {
    if (this.#isClosed || this.#hasShutDown) return;
    this.#hasShutDown = true;
    this.#out?.finish();
    if (this.#hasHeardEnd) this.#network.after(0, () => this.process.deliver(() => this.closeBy("ended")));
  }

  terminate(): void {
    if (this.#isClosed) return;
    this.#part("reset");
    this.closeBy("terminated");
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isClosed) this.#in?.wake();
  }

  /** A fault: its process does not get to read for a while. */
  setSlow(isSlow: boolean): void {
    this.#isPausedByFault = isSlow;
    if (!isSlow && !this.#isClosed) this.#in?.wake();
  }

  /** Its process has ended. */
  abandon(parting: Parting): void {
    if (this.#isClosed) return;
    this.#part(parting);
    this.#isClosed = true;
    this.#network.forget(this);
    if (parting !== "nothing") this.#in?.receiverGone();
  }

  hear(chunk: Uint8Array): void {
    if (this.#in !== undefined) this.#network.noteBytes(this.#in.from, this, chunk);
    this.#handler?.data(chunk);
  }

  hearEnd(): void {
    this.#hasHeardEnd = true;
    this.#network.note(this.host.name, "conn ended", this.serial);
    this.#handler?.ended();
    if (this.#hasShutDown) this.closeBy("ended");
  }

  hearRoom(): void {
    if (!this.#isClosed) this.#handler?.drained();
  }

  /** The conn is over at this end. */
  closeBy(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#network.note(this.host.name, "conn closed", { conn: this.serial, reason });
    this.#network.forget(this);
    this.#in?.receiverGone();
    this.#handler?.closed(reason);
  }

  /** What the kernel sends when this end closes without having finished. */
  #part(parting: Parting): void {
    const out = this.#out;
    if (out === undefined || parting === "nothing") return;
    if (parting === "end") {
      out.finish();
      return;
    }
    const { to, path } = out;
    const atMs = out.truncate();
    this.#network.after(atMs - out.nowMs, () => {
      // A reset that is lost is not sent again: the other end finds out when it writes.
      if (path.isCut || !to.process.host.hasPower) return;
      to.process.deliver(() => to.closeBy("reset"));
    });
  }
}
