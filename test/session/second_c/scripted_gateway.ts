/**
 * A gateway on TCP that a test plays by hand: what the client says, as packets, and whatever bytes the test answers. Keeps
 * no rule of the protocol.
 */

import type { Socket, TCPSocketListener } from "bun";
import { decodeClientPacket, encodeServerPacket } from "#session/client_codec.ts";
import type { ClientPacket, PacketFault, PacketIgnored, ServerPacket, Welcome } from "#session/client_packets.ts";
import { PACKET_UP_SIZE_MAX } from "#session/client_packets.ts";
import { PacketSplitter, prefixPacket } from "#session/packet_splitter.ts";
import { Notices, waitFor } from "../../cluster/harness/wait.ts";

const HEARD_MS_MAX = 10_000;

export type Heard = ClientPacket | PacketIgnored | PacketFault | { readonly kind: "ended" };

export const WELCOME: Welcome = {
  session: "00112233445566778899aabbccddeeff",
  player: "p-1",
  resumeToken: "r-1",
  resumed: false,
  serverMs: 1_763_000_000_000,
  heartbeatMs: 60_000,
  windowMs: 60_000,
  answered: 0,
};

interface Conn {
  readonly splitter: PacketSplitter;
}

export class ScriptedGateway {
  readonly #listener: TCPSocketListener<Conn>;
  readonly #heard: Heard[] = [];
  readonly #notices = new Notices();
  #taken = 0;
  #socket: Socket<Conn> | undefined;

  constructor() {
    this.#listener = Bun.listen<Conn>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => {
          socket.data = { splitter: new PacketSplitter(PACKET_UP_SIZE_MAX) };
          this.#socket = socket;
        },
        data: (socket, chunk) => {
          socket.data.splitter.push(chunk, (packet) => {
            this.#tell(decodeClientPacket(packet.slice(), PACKET_UP_SIZE_MAX));
            return true;
          });
        },
        close: () => this.#tell({ kind: "ended" }),
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** What is heard next, of whatever connection; `ended` once it is closed. */
  async next(): Promise<Heard> {
    const index = this.#taken;
    this.#taken += 1;
    return await waitFor(() => this.#heard[index], {
      what: `packet ${index + 1} of the client`,
      withinMs: HEARD_MS_MAX,
      notices: this.#notices,
    });
  }

  /** So many of what is heard next. */
  async some(count: number): Promise<readonly Heard[]> {
    const heard: Heard[] = [];
    while (heard.length < count) heard.push(await this.next());
    return heard;
  }

  /** What was heard and not taken yet. */
  get rest(): readonly Heard[] {
    return this.#heard.slice(this.#taken);
  }

  say(...packets: readonly ServerPacket[]): void {
    for (const packet of packets) this.raw(prefixPacket(encodeServerPacket(packet)));
  }

  welcome(welcome: Partial<Welcome> = {}): void {
    this.say({ kind: "welcome", welcome: { ...WELCOME, ...welcome } });
  }

  raw(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  /** Ends the connection. */
  end(): void {
    this.#socket?.end();
  }

  stop(): void {
    this.#listener.stop(true);
  }

  #tell(heard: Heard): void {
    this.#heard.push(heard);
    this.#notices.tell();
  }
}
