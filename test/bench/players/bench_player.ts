/**
 * One player's connection as the benchmark has it: packets through the client's codec, one request in flight. Against the
 * bare server it sends what it wants back. Whatever is not expected ends the process.
 */

import { decodeServerPacket, encodeClientPacket, encodeServerPacket } from "#session/client_codec.ts";

export type Door = "kuafu" | "bare";

export class BenchPlayer {
  readonly #door: Door;
  readonly #socket: WebSocket;
  readonly #online = Promise.withResolvers<void>();
  #seq = 0;
  startedMs = 0;
  onReply: (player: BenchPlayer) => void = () => {};
  onPush: () => void = () => {};

  constructor(door: Door, url: string, token: string) {
    this.#door = door;
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", () => {
      if (door === "bare") this.#online.resolve();
      else this.#send(encodeClientPacket({ kind: "hello", token, resume: null }));
    });
    this.#socket.addEventListener("message", ({ data }: { readonly data: unknown }) => this.#message(data));
    this.#socket.addEventListener("close", ({ code, reason }) => fail(`the connection closed: ${code} ${reason}`));
  }

  /** Welcome; for the bare server: open. */
  get online(): Promise<void> {
    return this.#online.promise;
  }

  ask(method: number, body: unknown): void {
    this.#seq += 1;
    this.#send(
      this.#door === "bare"
        ? encodeServerPacket({ kind: "reply", seq: this.#seq, body })
        : encodeClientPacket({ kind: "request", seq: this.#seq, method, body }),
    );
  }

  ping(): void {
    if (this.#door === "kuafu") this.#send(encodeClientPacket({ kind: "ping", n: 1 }));
  }

  /** The bare server's sign to push. */
  sign(): void {
    this.#socket.send("push");
  }

  #message(data: unknown): void {
    const packet = decodeServerPacket(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0));
    switch (packet.kind) {
      case "welcome":
        return this.#online.resolve();
      case "reply":
        if (packet.seq !== this.#seq) fail(`reply ${packet.seq} came, expected is ${this.#seq}`);
        return this.onReply(this);
      case "push":
        return this.onPush();
      case "pong":
      case "renew":
        return;
      default:
        fail(JSON.stringify(packet));
    }
  }

  #send(bytes: Uint8Array): void {
    this.#socket.send(bytes as Uint8Array<ArrayBuffer>);
  }
}

function fail(why: string): never {
  console.error(`Cannot go on with the players' benchmark: ${why}`);
  process.exit(1);
}
