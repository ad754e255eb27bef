/**
 * Players' connections on Bun's WebSocket server, plain or with TLS and nothing else: one packet in each binary message, no
 * compression, the given address only. Idle time and all other limits are the door's; what is kept here is what it cannot see, a message so large that it
 * must not be read at all, and a goodbye that the other end does not take.
 */

import { messageOf } from "#base/log.ts";
import { type Address, addressText, ListenError } from "#link/transport.ts";
import { PACKET_UP_SIZE_MAX, type PacketFault } from "#session/client_packets.ts";
import { CONN_QUEUED_SIZE_MAX } from "#session/door_limits.ts";
import type { ListenPlayers, PlayerConn, PlayerConnHandler, PlayerListener } from "#session/player_conn.ts";
import type { SecurePlayers } from "#session/player_ways.ts";
import { guarded } from "./bun_conn.ts";
import type { BunTransport } from "./bun_transport.ts";
import { keyPairProblem, validToMs } from "./certificate.ts";
import { SystemTimer } from "./system_timer.ts";

/** Until a request is upgraded, or answered otherwise. */
const IDLE_TIMEOUT_S = 10;
/** Larger ones Bun closes itself; up to there the door says that they are too large. */
const MESSAGE_SIZE_MAX = 2 * PACKET_UP_SIZE_MAX;
/** Beyond what the door lets wait: Bun then drops, and says so. */
const BACKPRESSURE_SIZE_MAX = 2 * CONN_QUEUED_SIZE_MAX;
const CLOSE_MS_MAX = 2_000;
const TEXT: PacketFault = { kind: "fault", code: "bad_packet", detail: "a text message, allowed is a binary one" };

type Socket = Bun.ServerWebSocket<SocketData>;

interface SocketData {
  conn?: BunPlayerConn;
}

export const bunListenPlayers: ListenPlayers = (address, accept) => listen(address, accept, {});

/** Checked before it is used: Bun would only say that it cannot listen. TCP is `transport`'s. */
export function bunSecurePlayers(transport: BunTransport): SecurePlayers {
  return (texts) => {
    const problem = keyPairProblem(texts);
    if (problem !== undefined) return { kind: "problem", problem };
    const tls = { cert: texts.certificate, key: texts.key };
    const webSocket: ListenPlayers = (address, accept) => listen(address, accept, { tls });
    return { kind: "ok", ways: { webSocket, tcp: transport.serving(texts) }, validToMs: validToMs(texts.certificate) };
  };
}

function listen(
  address: Address,
  accept: (conn: PlayerConn) => PlayerConnHandler,
  secret: { readonly tls?: Bun.TLSOptions },
): PlayerListener {
  try {
    const server = Bun.serve<SocketData>({
      hostname: address.host,
      port: address.port,
      ...secret,
      development: false,
      reusePort: false,
      idleTimeout: IDLE_TIMEOUT_S,
      maxRequestBodySize: 0,
      fetch: (request, self) => {
        if (self.upgrade(request, { data: {} })) return undefined;
        return new Response("players come in by WebSocket\n", { status: 426, headers: { upgrade: "websocket" } });
      },
      websocket: {
        maxPayloadLength: MESSAGE_SIZE_MAX,
        backpressureLimit: BACKPRESSURE_SIZE_MAX,
        closeOnBackpressureLimit: false,
        perMessageDeflate: false,
        idleTimeout: 0,
        sendPings: false,
        open: (socket) => {
          socket.binaryType = "uint8array";
          const conn = new BunPlayerConn(socket);
          socket.data.conn = conn;
          guarded(() => conn.start(accept(conn)));
        },
        message: (socket, message) => {
          guarded(() => socket.data.conn?.onMessage(message));
        },
        close: (socket) => guarded(() => socket.data.conn?.onClose()),
      },
    });
    const bound = { host: address.host, port: server.port ?? address.port };
    return {
      address: bound,
      // It never resolves while a socket is open; the door ends those.
      close: () => void server.stop(false).catch(() => undefined),
    };
  } catch (error) {
    const inUse = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const reason = inUse ? "the port is in use" : messageOf(error);
    throw new ListenError(`Cannot listen for players on ${addressText(address)}: ${reason}`, { cause: error });
  }
}

class BunPlayerConn implements PlayerConn {
  readonly address: string;
  readonly #socket: Socket;
  #handler: PlayerConnHandler | undefined;
  #timer: SystemTimer | undefined;
  #isClosed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    // Limits are counted by host: which port it was does not matter.
    this.address = addressText({ host: socket.remoteAddress, port: 0 });
  }

  get queuedSize(): number {
    return this.#isClosed ? 0 : this.#socket.getBufferedAmount();
  }

  start(handler: PlayerConnHandler): void {
    if (this.#isClosed) handler.closed();
    else this.#handler = handler;
  }

  send(bytes: Uint8Array): "ok" | "full" | "closed" {
    if (this.#isClosed || this.#socket.readyState !== WebSocket.OPEN) return "closed";
    // -1: it waits; 0: it was dropped.
    return this.#socket.send(bytes) === 0 ? "full" : "ok";
  }

  close(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = new SystemTimer(CLOSE_MS_MAX, () => this.#socket.terminate());
    this.#socket.close(1000);
  }

  onMessage(message: string | Uint8Array): void {
    if (this.#timer !== undefined) return;
    if (typeof message === "string") this.#handler?.broken(TEXT);
    else this.#handler?.received(message);
  }

  onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed();
  }
}
