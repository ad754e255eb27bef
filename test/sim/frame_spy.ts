/**
 * Looks into what a process hears: decodes every frame that reaches it, beside the code under test, and knows which
 * conns have been welcomed and who is at the other end. Changes nothing.
 */

import type { Conn, ConnHandler, Transport } from "#link/transport.ts";
import { Decoder } from "#wire/decoder.ts";
import { Kind, frameBody, frameKind, isRouted, sourceKey } from "#wire/header.ts";
import { decodeChallenge, decodeGoodbye, decodeHello } from "#wire/handshake.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { idOfKey } from "#wire/role.ts";

export interface SpyHooks {
  /** Bytes of a conn that has been welcomed. */
  heard(peer: NodeId, size: number): void;
  /** The handshake with this peer is through. */
  welcomed(peer: NodeId, boot: string): void;
  goodbye(peer: NodeId, reason: string): void;
  routed(peer: NodeId, buffer: Uint8Array, offset: number): void;
  /** Something that is no frame: a bug, since nothing here sends any. */
  garbled(detail: string): void;
}

export function spyTransport(transport: Transport, hooks: SpyHooks): Transport {
  return {
    listen: (address, accept) => transport.listen(address, (conn) => spyHandler(accept(conn), hooks)),
    dial: (address, handler) =>
      transport.dial(address, {
        opened: (conn: Conn) => spyHandler(handler.opened(conn), hooks),
        failed: (reason) => handler.failed(reason),
      }),
  };
}

function spyHandler(handler: ConnHandler, hooks: SpyHooks): ConnHandler {
  const decoder = new Decoder();
  let peer: NodeKey | undefined;
  let boot = "";
  let isWelcomed = false;
  const look = (buffer: Uint8Array, offset: number): boolean => {
    const kind = frameKind(buffer, offset);
    if (kind === Kind.hello || kind === Kind.challenge) {
      peer = sourceKey(buffer, offset);
      const body = frameBody(buffer, offset);
      boot = (kind === Kind.hello ? decodeHello(body) : decodeChallenge(body))?.boot ?? "";
    }
    if (peer === undefined) return true;
    if (kind === Kind.welcome || kind === Kind.proof) {
      isWelcomed = true;
      decoder.setReady();
      hooks.welcomed(idOfKey(peer), boot);
    }
    if (kind === Kind.goodbye)
      hooks.goodbye(idOfKey(peer), decodeGoodbye(frameBody(buffer, offset))?.reason ?? "unknown");
    if (isRouted(kind)) hooks.routed(idOfKey(peer), buffer, offset);
    return true;
  };
  return {
    data: (chunk) => {
      const fault = decoder.push(chunk, look);
      if (fault !== undefined) hooks.garbled(JSON.stringify(fault));
      if (isWelcomed && peer !== undefined) hooks.heard(idOfKey(peer), chunk.length);
      handler.data(chunk);
    },
    drained: () => handler.drained(),
    ended: () => handler.ended(),
    closed: (reason) => handler.closed(reason),
  };
}
