/**
 * A player's connection as an argument: whole packets both ways, over a WebSocket, TCP, or a test's own. The door
 * decides; what is behind this only carries.
 */

import type { Address } from "#link/transport.ts";
import type { PacketFault } from "./client_packets.ts";

export interface PlayerConn {
  /** For people and for limits: the other end, as `Conn.remote` says it. */
  readonly address: string;
  /** Bytes that were sent and are not with the system yet. */
  readonly queuedSize: number;
  /** One packet. "full": it was dropped, and the connection is of no more use. */
  send(bytes: Uint8Array): "ok" | "full" | "closed";
  /** Ends it when what was sent has left, or soon anyway. `closed` is still called, once. */
  close(): void;
}

export interface PlayerConnHandler {
  /** One packet, valid until this returns. */
  received(bytes: Uint8Array): void;
  /** What came is no packet, or will be none. */
  broken(fault: PacketFault): void;
  /** Called exactly once; nothing is called after it. */
  closed(): void;
}

export interface PlayerListener {
  /** The address that is bound, with the port that the system chose if it was asked to. */
  readonly address: Address;
  /** Accepts no more; connections that are open stay open. */
  close(): void;
}

/** Throws ListenError (link/transport.ts) when the address cannot be bound. */
export type ListenPlayers = (address: Address, accept: (conn: PlayerConn) => PlayerConnHandler) => PlayerListener;
