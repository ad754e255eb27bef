import { describe, expect, test } from "#test";
import type { Conn } from "#link/transport.ts";
import { decodeServerPacket, encodeClientPacket } from "#session/client_codec.ts";
import type { ClientPacket } from "#session/client_packets.ts";
import { PACKET_DOWN_SIZE_MAX } from "#session/client_packets.ts";
import { PacketSplitter, prefixPacket } from "#session/packet_splitter.ts";
import { tcpListenPlayers } from "#session/tcp_players.ts";
import { ByteNet } from "../link/byte_net.ts";
import { DoorGround, settle, words } from "./door_ground.ts";

const ADDRESS = { host: "127.0.0.1", port: 9001 };

/** A client on TCP: what it hears, in words. */
class TcpClient {
  readonly heard: string[] = [];
  conn: Conn | undefined;
  readonly #splitter = new PacketSplitter(PACKET_DOWN_SIZE_MAX);

  constructor(net: ByteNet) {
    net.dial(ADDRESS, {
      opened: (conn) => {
        this.conn = conn;
        return {
          data: (chunk) =>
            void this.#splitter.push(chunk, (bytes) => {
              const packet = decodeServerPacket(bytes);
              this.heard.push(packet.kind === "fault" || packet.kind === "ignored" ? packet.kind : words(packet));
              return true;
            }),
          drained: () => {},
          ended: () => {
            this.heard.push("ended");
            conn.terminate();
          },
          closed: () => {},
        };
      },
      failed: (reason) => void this.heard.push(reason),
    });
  }

  say(packet: ClientPacket): void {
    this.conn?.write(prefixPacket(encodeClientPacket(packet)));
  }
}

async function setup(): Promise<{ ground: DoorGround; net: ByteNet; client: TcpClient }> {
  const ground = new DoorGround();
  const net = new ByteNet(ground.clock);
  tcpListenPlayers(net, ground.clock)(ADDRESS, (conn) => ground.door.accept(conn));
  const client = new TcpClient(net);
  ground.clock.run(10);
  return { ground, net, client };
}

async function login({ ground, client }: { ground: DoorGround; client: TcpClient }): Promise<void> {
  client.say({ kind: "hello", token: "ann", resume: null });
  ground.clock.run(10);
  await settle();
  ground.clock.run(10);
  expect(client.heard.splice(0)).toEqual(["welcome ann 0"]);
}

describe("tcpListenPlayers", () => {
  test("carries packets both ways, however the bytes are cut", async () => {
    const all = await setup();
    const { ground, net, client } = all;
    net.chunkSize = 1;
    await login(all);
    client.say({ kind: "request", seq: 1, method: 2000, body: "x" });
    client.say({ kind: "ping", n: 3 });
    ground.clock.run(100);
    expect(ground.router.waiting.map(({ request }) => request.body)).toEqual(["x"]);
    ground.router.reply("y");
    await settle();
    ground.clock.run(100);
    expect(client.heard).toEqual(["pong 3", 'reply 1 "y"']);
  });

  test("what the conn does not take goes out later, in order, and before it is closed", async () => {
    const all = await setup();
    const { ground, net, client } = all;
    await login(all);
    net.capacity = 1000;
    const body = new Uint8Array(3000);
    ground.door.push("ann", "map", body);
    ground.door.push("ann", "news", 1);
    ground.door.kick("ann", "cheats");
    ground.clock.run(1_000);
    expect(client.heard.map((text) => text.slice(0, 11))).toEqual([
      "push 1 map ",
      "push 2 news",
      "kicked kick",
      "ended",
    ]);
    expect(ground.door.status().conns).toEqual(0);
  });

  test("a client that does not take its goodbye is cut off", async () => {
    const all = await setup();
    const { ground, net, client } = all;
    await login(all);
    net.capacity = 1000;
    const conn = client.conn;
    conn?.pause();
    ground.door.push("ann", "map", new Uint8Array(3000));
    ground.door.kick("ann", "cheats");
    ground.clock.run(3_000);
    expect([ground.door.status().conns, ground.clock.timerCount]).toEqual([0, 1]);
  });

  test("a size that is too large is told; an end is a lost connection", async () => {
    const all = await setup();
    const { ground, client } = all;
    client.conn?.write(new Uint8Array([0, 1, 0, 1]));
    ground.clock.run(10);
    expect(client.heard).toEqual(["refuse too_large", "ended"]);
    const other = await setup();
    await login(other);
    other.client.conn?.shutdown();
    other.ground.clock.run(10);
    expect(other.ground.door.status()).toEqual({ conns: 0, sessions: 1, lost: 1, queued: 0, maintenance: false });
  });
});
