/**
 * One bot's way to its gateway: connections for its client, which can be cut without a word, and then held back until the
 * network is there again, as for a player in a tunnel.
 */

import type { Clock } from "#base/clock.ts";
import type { ClientConnect, ClientSocket, ClientSocketEvents } from "#client/client_socket.ts";

export interface BotSocket extends ClientSocket {
  /** Ends the connection at once: no goodbye of any protocol. */
  cut(): void;
}

export interface BotSocketEvents extends ClientSocketEvents {
  /** Once, whoever ended it: nothing is left of the connection. */
  gone(): void;
}

/** Begins to connect and answers at once; the events come later. */
export type BotDial = (url: string, events: BotSocketEvents) => BotSocket;

interface Connection {
  readonly events: ClientSocketEvents;
  socket: BotSocket | undefined;
  /** The client hears no more of it. */
  isOver: boolean;
}

export class BotNetwork {
  readonly #url: string;
  readonly #dial: BotDial;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #gone: () => void;
  #isUp = true;
  #current: Connection | undefined;
  #openCount = 0;
  #dialledMs = 0;

  /** `gone`: after each connection that has ended. */
  constructor(options: {
    readonly url: string;
    readonly dial: BotDial;
    readonly clock: Pick<Clock, "nowMs">;
    readonly gone: () => void;
  }) {
    this.#url = options.url;
    this.#dial = options.dial;
    this.#clock = options.clock;
    this.#gone = options.gone;
  }

  /** Connections of which something is left. */
  get openCount(): number {
    return this.#openCount;
  }

  /** When the newest connection was begun. */
  get dialledMs(): number {
    return this.#dialledMs;
  }

  /** For the client. */
  get connect(): ClientConnect {
    return (events) => {
      const connection: Connection = { events, socket: undefined, isOver: false };
      this.#current = connection;
      if (this.#isUp) this.#begin(connection);
      return {
        send: (bytes) => connection.socket?.send(bytes),
        close: () => {
          connection.isOver = true;
          connection.socket?.close();
        },
      };
    };
  }

  cut(): void {
    this.#isUp = false;
    const connection = this.#current;
    if (connection === undefined || connection.isOver) return;
    connection.isOver = true;
    connection.socket?.cut();
    connection.events.closed();
  }

  /** One that was held back is made now. */
  restore(): void {
    this.#isUp = true;
    const connection = this.#current;
    if (connection === undefined || connection.isOver || connection.socket !== undefined) return;
    this.#begin(connection);
  }

  #begin(connection: Connection): void {
    const { events } = connection;
    this.#dialledMs = this.#clock.nowMs();
    connection.socket = this.#dial(this.#url, {
      opened: () => {
        if (!connection.isOver) events.opened();
      },
      message: (bytes) => {
        if (!connection.isOver) events.message(bytes);
      },
      closed: () => {
        if (connection.isOver) return;
        connection.isOver = true;
        events.closed();
      },
      gone: () => {
        this.#openCount -= 1;
        this.#gone();
      },
    });
    this.#openCount += 1;
  }
}
