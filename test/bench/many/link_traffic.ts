/**
 * What goes over the conns that a transport dials, frame by frame and by what the frames are: "ping", "snapshot",
 * "route applied" and so on, each with its count and its bytes, header and size field included. Beside the code
 * that is measured; changes nothing.
 */

import type { Conn, ConnHandler, Transport } from "#link/transport.ts";
import { decodeApplied, type Applied } from "#sync/applied.ts";
import { Decoder } from "#wire/decoder.ts";
import { frameBody, frameKind, frameSize, Kind, kindName, Offset, readU16 } from "#wire/header.ts";
import type { SyncMessage, Version } from "#wire/sync_message.ts";
import { decodeSync } from "#wire/sync_message.ts";

export interface Tally {
  count: number;
  size: number;
}

export type Tallies = Record<string, Tally>;

/** One conn, both ways. */
export class LinkTraffic {
  received: Tallies = {};
  sent: Tallies = {};
  /** Snapshots that came, in their order. */
  snapshots: { topic: string; version: Version; size: number }[] = [];
  /** The last word on `applied/…` that was sent. */
  applied: Applied | undefined;

  clear(): void {
    this.received = {};
    this.sent = {};
    this.snapshots = [];
  }

  note(way: "received" | "sent", buffer: Uint8Array, offset: number): void {
    const size = frameSize(buffer, offset);
    const kind = frameKind(buffer, offset);
    if (kind !== Kind.sync) {
      add(this[way], kindName(kind) ?? "unknown", size);
      return;
    }
    const message = decodeSync(readU16(buffer, offset + Offset.method), frameBody(buffer, offset));
    if (message === undefined) throw new Error("Cannot count a sync frame: it cannot be read");
    add(this[way], nameOf(message), size);
    if (way === "received" && message.kind === "snapshot") {
      const { topic, version } = message.snapshot;
      this.snapshots.push({ topic, version, size });
    }
    if (way === "sent" && message.kind === "route" && message.topic.startsWith("applied/")) {
      this.applied = decodeApplied(message.bytes.slice());
    }
  }
}

function nameOf(message: SyncMessage): string {
  if (message.kind !== "route" && message.kind !== "withdraw") return message.kind;
  return `${message.kind} ${message.topic.slice(0, message.topic.indexOf("/"))}`;
}

function add(tallies: Tallies, name: string, size: number): void {
  const tally = (tallies[name] ??= { count: 0, size: 0 });
  tally.count += 1;
  tally.size += size;
}

/** The same transport; what its dialled conns carry is noted. */
export function countedTransport(transport: Transport, traffic: LinkTraffic): Transport {
  return {
    listen: (address, accept) => transport.listen(address, accept),
    dial: (address, handler, peerName) =>
      transport.dial(
        address,
        {
          opened: (conn) => {
            const follow = follower(traffic);
            return noteReceived(handler.opened(noteSent(conn, follow("sent"))), follow("received"));
          },
          failed: (reason, tlsFault) => handler.failed(reason, tlsFault),
        },
        peerName,
      ),
  };
}

type Follow = (bytes: Uint8Array) => void;

function follower(traffic: LinkTraffic): (way: "received" | "sent") => Follow {
  return (way) => {
    const decoder = new Decoder();
    return (bytes) => {
      const fault = decoder.push(bytes, (buffer, offset) => {
        const kind = frameKind(buffer, offset);
        if (kind === Kind.welcome || kind === Kind.proof) decoder.setReady();
        traffic.note(way, buffer, offset);
        return true;
      });
      if (fault !== undefined) throw new Error(`Cannot follow a conn: ${JSON.stringify(fault)}`);
    };
  };
}

function noteSent(conn: Conn, follow: Follow): Conn {
  return {
    remote: conn.remote,
    write: (bytes) => {
      const taken = conn.write(bytes);
      if (taken > 0) follow(bytes.subarray(0, taken));
      return taken;
    },
    shutdown: () => conn.shutdown(),
    terminate: () => conn.terminate(),
    pause: () => conn.pause(),
    resume: () => conn.resume(),
  };
}

function noteReceived(handler: ConnHandler, follow: Follow): ConnHandler {
  return {
    data: (chunk) => {
      follow(chunk);
      handler.data(chunk);
    },
    drained: () => handler.drained(),
    ended: () => handler.ended(),
    closed: (reason) => handler.closed(reason),
  };
}
