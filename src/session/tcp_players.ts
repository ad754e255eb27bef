/**
 * Players' connections over a byte stream: each packet is preceded by its size (packet_splitter.ts). What a conn does not
 * take waits here; the door bounds how much. TLS is not its matter: the transport is plain or is not.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Conn, ConnHandler, Transport } from "#link/transport.ts";
import { PACKET_UP_SIZE_MAX } from "./client_packets.ts";
import { PacketSplitter, prefixPacket } from "./packet_splitter.ts";
import type { ListenPlayers, PlayerConn, PlayerConnHandler } from "./player_conn.ts";

/** For what waits, and for the other end's own end, after it was closed here. */
const CLOSE_MS_MAX = 2_000;

export function tcpListenPlayers(transport: Pick<Transport, "listen">, clock: Clock): ListenPlayers {
  return (address, accept) =>
    transport.listen(address, (conn) => {
      const player = new TcpPlayerConn(conn, clock);
      player.start(accept(player));
      return player;
    });
}

class TcpPlayerConn implements PlayerConn, ConnHandler {
  readonly #conn: Conn;
  readonly #clock: Clock;
  /** The door's own limit before the welcome is lower, and tells the player. */
  readonly #splitter = new PacketSplitter(PACKET_UP_SIZE_MAX);
  /** What the conn has not taken; of the first the bytes from #sent on. */
  readonly #waiting: Uint8Array[] = [];
  #sent = 0;
  #queuedSize = 0;
  #handler: PlayerConnHandler | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #isShut = false;
  #timer: Timer | undefined;

  constructor(conn: Conn, clock: Clock) {
    this.#conn = conn;
    this.#clock = clock;
  }

  get address(): string {
    return this.#conn.remote;
  }
  get queuedSize(): number {
    return this.#queuedSize;
  }

  start(handler: PlayerConnHandler): void {
    if (this.#state !== "closed") this.#handler = handler;
    else handler.closed();
  }

  send(bytes: Uint8Array): "ok" | "full" | "closed" {
    if (this.#state !== "open") return "closed";
    const packet = prefixPacket(bytes);
    this.#waiting.push(packet);
    this.#queuedSize += packet.length;
    this.#flush();
    return "ok";
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#timer = this.#clock.after(CLOSE_MS_MAX, () => this.#conn.terminate());
    this.#flush();
  }

  data(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    const fault = this.#splitter.push(chunk, (packet) => {
      this.#handler?.received(packet);
      return this.#state === "open";
    });
    if (fault !== undefined) this.#handler?.broken(fault);
  }

  drained(): void {
    this.#flush();
  }

  /** A player who sends no more has left. */
  ended(): void {
    this.#conn.terminate();
  }

  closed(): void {
    this.#state = "closed";
    this.#timer?.cancel();
    this.#waiting.length = 0;
    this.#queuedSize = 0;
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed();
  }

  #flush(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const taken = this.#conn.write(first.subarray(this.#sent));
      // Closed: what comes next is `closed`.
      if (taken < 0) return;
      this.#sent += taken;
      this.#queuedSize -= taken;
      if (this.#sent < first.length) return;
      this.#waiting.shift();
      this.#sent = 0;
    }
    if (this.#state === "closing" && !this.#isShut) {
      this.#isShut = true;
      this.#conn.shutdown();
    }
  }
}
