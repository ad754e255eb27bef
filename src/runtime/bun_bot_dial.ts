/**
 * Connections of bots on Bun's WebSocket, which can be ended without a goodbye, as a cable that is pulled out.
 */

import type { BotDial } from "#bots/bot_network.ts";

export const bunBotDial: BotDial = (url, events) => {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => events.opened());
  socket.addEventListener("message", ({ data }: { readonly data: unknown }) => {
    // A text message is no packet: the codec says so of no bytes.
    events.message(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0));
  });
  // It comes after every end, also of a connection that could not be made.
  socket.addEventListener("close", () => {
    events.closed();
    events.gone();
  });
  return {
    send: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
    close: () => socket.close(),
    cut: () => socket.terminate(),
  };
};
