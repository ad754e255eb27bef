/**
 * The yardstick: Bun's own WebSocket server, which sends every packet back unread. A text message makes it send one
 * push to everybody. No tokens, no sessions, no limits, no hop.
 */

import { encodeServerPacket } from "#session/client_codec.ts";
import { answers } from "../answers.ts";
import { PUSHED_TEXT } from "./load.ts";

const sockets = new Set<Bun.ServerWebSocket>();
const pushed = encodeServerPacket({ kind: "push", pushSeq: 1, type: "told", body: { text: PUSHED_TEXT } });

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("not a WebSocket", { status: 400 })),
  websocket: {
    idleTimeout: 0,
    open: (socket) => void sockets.add(socket),
    close: (socket) => void sockets.delete(socket),
    message: (socket, message) => {
      if (typeof message !== "string") socket.sendBinary(message);
      else for (const each of sockets) each.sendBinary(pushed);
    },
  },
});

answers(() => ({ port: server.port }));
