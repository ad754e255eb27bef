/**
 * A client's connection over the WebSocket that browsers, Bun and Deno have in common. The one file of the client that
 * names it.
 */

import type { ClientConnect } from "./client_socket.ts";

/** Throws TypeError unless `url` is one of ws: or wss:. */
export function webSocketConnect(url: string): ClientConnect {
  const { protocol } = new URL(url);
  if (protocol !== "ws:" && protocol !== "wss:") {
    throw new TypeError(`Cannot connect to ${url}: its scheme is ${protocol}, allowed is ws: or wss:`);
  }
  return (events) => {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      events.closed();
    };
    socket.addEventListener("open", () => {
      if (!isOver) events.opened();
    });
    socket.addEventListener("message", ({ data }: { readonly data: unknown }) => {
      if (isOver) return;
      // A text message is no packet: the codec says so of no bytes.
      events.message(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0));
    });
    socket.addEventListener("error", end);
    socket.addEventListener("close", end);
    return {
      // A view of ArrayBuffer is what the type wants; the codec makes no other.
      send: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
      close: () => {
        isOver = true;
        socket.close();
      },
    };
  };
}
