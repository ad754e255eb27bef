/**
 * A stretch of network between dialers and a gateway: bytes go through both ways until it is cut. While it is cut,
 * what was connected is reset, and nobody gets through. It keeps no queue: a pair of which one end does not take
 * at once what the other one sent is dropped as well.
 */

import { takePorts } from "./ports.ts";

interface Pair {
  readonly near: Bun.Socket<PairState>;
  far: Bun.Socket<PairState> | undefined;
}

interface PairState {
  pair: Pair | undefined;
}

export class Cutter {
  readonly port: number;
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  readonly #listener: Bun.TCPSocketListener<PairState>;
  #isCut = false;

  constructor(target: number) {
    this.port = takePorts(1)[0] ?? 0;
    this.#target = target;
    this.#listener = Bun.listen<PairState>({
      hostname: "127.0.0.1",
      port: this.port,
      data: { pair: undefined },
      socket: {
        open: (socket) => this.#open(socket),
        data: (socket, bytes) => this.#pass(socket.data.pair, socket.data.pair?.far, bytes),
        close: (socket) => this.#drop(socket.data.pair),
        error: (socket) => this.#drop(socket.data.pair),
      },
    });
  }

  /** How many are connected through it now. */
  get count(): number {
    return this.#pairs.size;
  }

  cut(): void {
    this.#isCut = true;
    for (const pair of [...this.#pairs]) this.#drop(pair);
  }

  heal(): void {
    this.#isCut = false;
  }

  stop(): void {
    this.cut();
    this.#listener.stop(true);
  }

  #open(near: Bun.Socket<PairState>): void {
    if (this.#isCut) {
      near.terminate();
      return;
    }
    const pair: Pair = { near, far: undefined };
    near.data = { pair };
    this.#pairs.add(pair);
    near.pause();
    Bun.connect<PairState>({
      hostname: "127.0.0.1",
      port: this.#target,
      data: { pair },
      socket: {
        open: (far) => {
          pair.far = far;
          if (this.#pairs.has(pair)) near.resume();
          else far.terminate();
        },
        data: (_, bytes) => this.#pass(pair, near, bytes),
        close: () => this.#drop(pair),
        error: () => this.#drop(pair),
      },
    }).catch(() => this.#drop(pair));
  }

  #pass(pair: Pair | undefined, to: Bun.Socket<PairState> | undefined, bytes: Uint8Array): void {
    if (to?.write(bytes) !== bytes.length) this.#drop(pair);
  }

  #drop(pair: Pair | undefined): void {
    if (pair === undefined || !this.#pairs.delete(pair)) return;
    pair.near.terminate();
    pair.far?.terminate();
  }
}
