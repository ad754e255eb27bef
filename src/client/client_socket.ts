/**
 * What a player's client needs of a connection: whole packets both ways. web_socket.ts is one; a test or a game engine
 * may bring another.
 */

export interface ClientSocketEvents {
  /** Once, before any message. */
  opened(): void;
  /** One packet. */
  message(bytes: Uint8Array): void;
  /** Once, when the connection has ended or could not be made. Not needed after close(). */
  closed(): void;
}

export interface ClientSocket {
  /** Called between opened and closed only. */
  send(bytes: Uint8Array): void;
  close(): void;
}

/** Begins to connect and answers at once; the events come later. */
export type ClientConnect = (events: ClientSocketEvents) => ClientSocket;
