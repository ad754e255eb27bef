/**
 * A player's connection over the simulated network: packets with their size before them, as docs/client.md has them on
 * TCP. What the conn does not take waits.
 */

import type { Clock } from "#base/clock.ts";
import type { ClientConnect, ClientSocket, ClientSocketEvents } from "#client/client_socket.ts";
import type { Address, Conn, ConnHandler, Transport } from "#link/transport.ts";
import { PACKET_DOWN_SIZE_MAX } from "#session/client_packets.ts";
import { PacketSplitter, prefixPacket } from "#session/packet_splitter.ts";

/** For the other end's own end, after it was closed here. */
const CLOSE_MS_MAX = 2000;

export function simPlayerConnect(options: {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly address: Address;
  /** What came is no packet. */
  readonly garbled: (detail: string) => void;
}): ClientConnect {
  const { transport, clock, address, garbled } = options;
  return (events) => {
    const socket = new SimPlayerSocket(events, { clock, garbled });
    socket.dialed(transport.dial(address, { opened: (conn) => socket.opened(conn), failed: () => socket.closed() }));
    return socket;
  };
}

class SimPlayerSocket implements ClientSocket, ConnHandler {
  readonly #events: ClientSocketEvents;
  readonly #clock: Clock;
  readonly #garbled: (detail: string) => void;
  readonly #splitter = new PacketSplitter(PACKET_DOWN_SIZE_MAX);
  readonly #waiting: Uint8Array[] = [];
  #dial: { cancel(): void } | undefined;
  #conn: Conn | undefined;
  #isClosing = false;
  #isOver = false;

  constructor(
    events: ClientSocketEvents,
    options: { readonly clock: Clock; readonly garbled: (detail: string) => void },
  ) {
    this.#events = events;
    this.#clock = options.clock;
    this.#garbled = options.garbled;
  }

  dialed(dial: { cancel(): void }): void {
    this.#dial = dial;
  }

  opened(conn: Conn): ConnHandler {
    this.#conn = conn;
    this.#events.opened();
    return this;
  }

  send(bytes: Uint8Array): void {
    if (this.#isClosing || this.#isOver) return;
    this.#waiting.push(prefixPacket(bytes));
    this.#flush();
  }

  close(): void {
    this.#isClosing = true;
    const conn = this.#conn;
    if (conn === undefined) {
      this.#dial?.cancel();
      return;
    }
    this.#flush();
    this.#clock.after(CLOSE_MS_MAX, () => conn.terminate());
  }

  data(chunk: Uint8Array): void {
    if (this.#isClosing) return;
    const fault = this.#splitter.push(chunk, (packet) => {
      // The view is the splitter's.
      this.#events.message(packet.slice());
      return !this.#isClosing;
    });
    if (fault !== undefined) this.#garbled(fault.detail);
  }

  drained(): void {
    this.#flush();
  }

  ended(): void {
    this.#conn?.terminate();
  }

  closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#isClosing) this.#events.closed();
  }

  #flush(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const taken = this.#conn?.write(first) ?? -1;
      if (taken < 0) return;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#isClosing) this.#conn?.shutdown();
  }
}
