import { describe, expect, test } from "#test";
import { PlayerClient } from "#client/client.ts";
import { webSocketConnect } from "#client/web_socket.ts";
import { decodeClientPacket, encodeServerPacket } from "#session/client_codec.ts";
import { PACKET_UP_SIZE_MAX } from "#session/client_packets.ts";
import { WELCOME } from "./script.ts";

describe("webSocketConnect()", () => {
  test("refuses what is no address of a WebSocket", () => {
    expect(() => webSocketConnect("https://a.example/")).toThrow(
      "Cannot connect to https://a.example/: its scheme is https:, allowed is ws: or wss:",
    );
    expect(() => webSocketConnect("nowhere")).toThrow(TypeError);
  });

  test("carries packets over a real connection, with the clock of the platform", async () => {
    const heard: unknown[] = [];
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 400 })),
      websocket: {
        message: (socket, data) => {
          const packet = decodeClientPacket(data as Buffer, PACKET_UP_SIZE_MAX);
          heard.push(packet.kind);
          if (packet.kind === "hello") {
            socket.sendBinary(encodeServerPacket({ kind: "welcome", welcome: WELCOME }));
            socket.sendBinary(encodeServerPacket({ kind: "push", pushSeq: 1, type: "news", body: "hello" }));
          }
          if (packet.kind === "request") {
            socket.sendBinary(encodeServerPacket({ kind: "reply", seq: packet.seq, body: packet.body }));
          }
        },
        close: () => closed.resolve(),
      },
    });
    const closed = Promise.withResolvers<void>();
    const pushed = Promise.withResolvers<unknown>();
    const client = new PlayerClient({ url: `ws://127.0.0.1:${server.port}/`, token: () => "token-1" });
    client.subscribe("news", (body) => pushed.resolve(body));
    client.connect();
    expect(await client.request(2000, { text: "跨服", bytes: new Uint8Array([1, 2]) })).toEqual({
      text: "跨服",
      bytes: new Uint8Array([1, 2]),
    });
    expect(await pushed.promise).toBe("hello");
    client.close();
    await closed.promise;
    expect(heard).toEqual(["hello", "request", "bye"]);
    await server.stop(true);
  });

  test("hears that a connection could not be made", async () => {
    const gone = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("no") });
    const url = `ws://127.0.0.1:${gone.port}/`;
    await gone.stop(true);
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      webSocketConnect(url)({
        opened: () => events.push("opened"),
        message: () => events.push("message"),
        closed: () => {
          events.push("closed");
          resolve();
        },
      });
    });
    expect(events).toEqual(["closed"]);
  });
});
