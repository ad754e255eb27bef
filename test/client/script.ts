/**
 * A client with a socket that a test plays by hand: what the client sent, as packets, and what the server says.
 */

import { PlayerClient } from "#client/client.ts";
import type { ClientSocketEvents } from "#client/client_socket.ts";
import type { ClientStatus } from "#client/client_status.ts";
import { RequestError } from "#client/request_error.ts";
import { decodeClientPacket, encodeServerPacket } from "#session/client_codec.ts";
import type { ServerPacket, Welcome } from "#session/client_packets.ts";
import { PACKET_UP_SIZE_MAX } from "#session/client_packets.ts";
import { FakeClock } from "../link/fake_clock.ts";

export const SESSION = "00112233445566778899aabbccddeeff";

export const WELCOME: Welcome = {
  session: SESSION,
  player: "p-1",
  resumeToken: "r-1",
  resumed: false,
  serverMs: 1_763_000_000_000,
  heartbeatMs: 10_000,
  windowMs: 60_000,
  answered: 0,
};

/** Promise jobs that are ready, and those that they make ready. */
export async function settled(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await Promise.resolve();
}

/** The first hello. */
export const HELLO = { kind: "hello", token: "token-1", resume: null };

/** What a promise came to. */
export async function endOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof RequestError)) return error;
    return { code: error.code, executed: error.executed };
  }
}

export function request(seq: number, body: unknown): unknown {
  return { kind: "request", seq, method: 2000, body };
}

export class Script {
  readonly clock = new FakeClock();
  readonly statuses: ClientStatus[] = [];
  readonly faults: unknown[] = [];
  readonly client: PlayerClient;
  token: () => Promise<string> | string = () => "token-1";
  opens = 0;
  shuts = 0;
  #sent: unknown[] = [];
  #events: ClientSocketEvents | undefined;

  constructor() {
    this.client = new PlayerClient({
      connect: (events) => {
        this.opens += 1;
        this.#events = events;
        return {
          send: (bytes) => this.#sent.push(decodeClientPacket(bytes, PACKET_UP_SIZE_MAX)),
          close: () => {
            this.shuts += 1;
          },
        };
      },
      token: () => this.token(),
      clock: this.clock,
      random: { unit: () => 0.5 },
      fault: (error) => this.faults.push(error),
    });
    this.client.onStatus((status) => this.statuses.push(status));
  }

  /** Events of the newest connection, also when the client has closed it. */
  get socket(): ClientSocketEvents {
    if (this.#events === undefined) throw new Error("the client has not connected");
    return this.#events;
  }

  /** What was sent since the last call. */
  takeSent(): readonly unknown[] {
    return this.#sent.splice(0);
  }

  say(...packets: readonly ServerPacket[]): void {
    for (const packet of packets) this.socket.message(encodeServerPacket(packet));
  }

  async run(durationMs: number): Promise<void> {
    this.clock.run(durationMs);
    await settled();
  }

  /** Up to the sent hello. */
  async greet(): Promise<void> {
    this.client.connect();
    await settled();
    this.socket.opened();
  }

  async login(welcome: Partial<Welcome> = {}): Promise<void> {
    await this.greet();
    this.say({ kind: "welcome", welcome: { ...WELCOME, ...welcome } });
    this.takeSent();
    this.statuses.length = 0;
  }

  /** The connection is lost, and another is open once the pause is over. */
  async reopen(): Promise<void> {
    this.socket.closed();
    // The first pause is 250 ms at a unit of 0.5.
    await this.run(250);
    this.socket.opened();
  }
}
