/** Players' clients over TLS, by WebSocket and by TCP: they hear packets one by one, in words that a test can compare. */

import { decodeServerPacket, encodeClientPacket } from "#session/client_codec.ts";
import type { ClientPacket } from "#session/client_packets.ts";
import { PACKET_DOWN_SIZE_MAX } from "#session/client_packets.ts";
import { PacketSplitter, prefixPacket } from "#session/packet_splitter.ts";
import { words } from "../session/door_ground.ts";

/** What TLS clients of Bun's take; `ca`: whom they trust. */
export interface Trust {
  readonly ca: string;
}

export interface TlsPlayer {
  say(packet: ClientPacket): void;
  /** The next packet, or "closed". */
  hear(): Promise<string>;
  leave(): void;
}

class Ears {
  readonly #heard: string[] = [];
  #next: () => void = () => {};

  packet(bytes: Uint8Array): void {
    const packet = decodeServerPacket(bytes);
    this.say(packet.kind === "fault" || packet.kind === "ignored" ? packet.kind : words(packet));
  }

  say(text: string): void {
    this.#heard.push(text);
    this.#next();
  }

  async hear(): Promise<string> {
    while (this.#heard.length === 0) await new Promise<void>((resolve) => (this.#next = resolve));
    return this.#heard.shift() ?? "";
  }
}

/** Resolves when it is open, rejects when it cannot be. */
export function playerByWebSocket(port: number, tls: Trust): Promise<TlsPlayer> {
  const ears = new Ears();
  const socket = new WebSocket(`wss://127.0.0.1:${port}/`, { tls });
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => ears.packet(new Uint8Array(data as ArrayBuffer)));
  return new Promise((resolve, reject) => {
    socket.addEventListener("close", () => {
      ears.say("closed");
      reject(new Error("closed before it was open"));
    });
    socket.addEventListener("open", () =>
      resolve({
        say: (packet) => socket.send(encodeClientPacket(packet)),
        hear: () => ears.hear(),
        leave: () => socket.terminate(),
      }),
    );
  });
}

/** Resolves when TLS is established, rejects when it cannot be. */
export function playerByTcp(port: number, tls: Trust): Promise<TlsPlayer> {
  const ears = new Ears();
  const splitter = new PacketSplitter(PACKET_DOWN_SIZE_MAX);
  return new Promise((resolve, reject) => {
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      tls: { ...tls, rejectUnauthorized: true },
      socket: {
        handshake: (socket, _isDone, error) => {
          if (!socket.authorized) {
            socket.terminate();
            reject(error ?? new Error("not to be trusted"));
            return;
          }
          resolve({
            say: (packet) => void socket.write(prefixPacket(encodeClientPacket(packet))),
            hear: () => ears.hear(),
            leave: () => socket.terminate(),
          });
        },
        data: (_, chunk) =>
          void splitter.push(chunk, (bytes) => {
            ears.packet(bytes);
            return true;
          }),
        close: () => {
          ears.say("closed");
          reject(new Error("closed before TLS was established"));
        },
      },
    }).catch(reject);
  });
}

/** A connection that says only what it is told to, in the clear; `closed` when the other end has ended it. */
export async function stranger(
  port: number,
  bytes: string | Uint8Array,
): Promise<{ readonly closed: Promise<number>; readonly leave: () => void }> {
  const closed = Promise.withResolvers<number>();
  let size = 0;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_, chunk) => void (size += chunk.length),
      end: (it) => void it.end(),
      close: () => closed.resolve(size),
    },
  });
  socket.write(bytes);
  return { closed: closed.promise, leave: () => socket.terminate() };
}
