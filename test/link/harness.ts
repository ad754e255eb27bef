/**
 * Nodes for the tests of link/: a hub with everything it needs, and a record of what it told the layers above.
 */

import { Alarms } from "#base/alarms.ts";
import { Counters } from "#base/counters.ts";
import type { Log, LogData, LogLevel } from "#base/log.ts";
import { seededRandom } from "#base/random.ts";
import type { LinkHubOptions } from "#link/hub.ts";
import { LinkHub } from "#link/hub.ts";
import type { CloseReason, LinkEvents, PeerLink } from "#link/link_port.ts";
import type { Address } from "#link/transport.ts";
import type { Refusal } from "#wire/handshake.ts";
import type { Header } from "#wire/header.ts";
import { Kind, encodeFrame, frameBody, frameSize } from "#wire/header.ts";
import type { Heartbeat } from "#wire/heartbeat.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import type { NodeId, NodeKey, Role } from "#wire/role.ts";
import { nodeKey, tierOf } from "#wire/role.ts";
import type { SyncMessage } from "#wire/sync_message.ts";
import { digest } from "../wire/digest.ts";
import { ByteNet } from "./byte_net.ts";
import { FakeClock } from "./fake_clock.ts";

export { digest };

export const KEY = new TextEncoder().encode("the cluster key of the tests....");
export const OTHER_KEY = new TextEncoder().encode("another key, of another cluster.");
export const CLUSTER = "test";
const ANY: Address = { host: "127.0.0.1", port: 0 };

export interface Line {
  readonly level: LogLevel;
  readonly phrase: string;
  readonly data: LogData;
}

/** What was heard, in order, as text that a test can compare as a whole. */
export class Record implements LinkEvents {
  readonly heard: string[] = [];
  readonly frames: Uint8Array[] = [];
  readonly beats: Heartbeat[] = [];
  readonly syncs: SyncMessage[] = [];
  readonly refusals: { target: NodeId; refusal: Refusal; duplicate: boolean }[] = [];
  readonly downs: CloseReason[] = [];
  tickCount = 0;
  onUp: ((link: PeerLink) => void) | undefined;
  onDown: ((link: PeerLink, reason: CloseReason) => void) | undefined;
  onRouted: ((link: PeerLink, buffer: Uint8Array, offset: number) => void) | undefined;
  /** Sync messages that wait, per link. */
  readonly syncWaiting: SyncMessage[] = [];
  said = 0n;
  applied = 0n;
  readonly #clusterMs: () => number;

  constructor(clusterMs: () => number) {
    this.#clusterMs = clusterMs;
  }

  up(link: PeerLink): void {
    this.heard.push(`up ${link.peer.id}`);
    this.onUp?.(link);
  }
  down(link: PeerLink, reason: CloseReason): void {
    this.heard.push(`down ${link.peer.id} ${reason}`);
    this.downs.push(reason);
    this.onDown?.(link, reason);
  }
  routed(link: PeerLink, buffer: Uint8Array, offset: number): void {
    this.frames.push(buffer.slice(offset, offset + frameSize(buffer, offset)));
    this.onRouted?.(link, buffer, offset);
  }
  sync(_link: PeerLink, message: SyncMessage): void {
    this.syncs.push(message);
  }
  heartbeat(_link: PeerLink, beat: Heartbeat): void {
    this.beats.push(beat);
  }
  tick(): void {
    this.tickCount += 1;
  }
  goodbye(link: PeerLink, reason: string): void {
    this.heard.push(`goodbye ${link.peer.id} ${reason}`);
  }
  nextSync(): SyncMessage | undefined {
    return this.syncWaiting.shift();
  }
  saidDigest(): bigint {
    return this.said;
  }
  appliedDigest(): bigint {
    return this.applied;
  }
  clusterMs(): number {
    return this.#clusterMs();
  }
  refused(target: NodeId, refusal: Refusal, duplicate: boolean): void {
    this.refusals.push({ target, refusal, duplicate });
  }

  /** Bodies of the routed frames, as text. */
  get texts(): string[] {
    return this.frames.map((frame) => new TextDecoder().decode(frameBody(frame, 0)));
  }
}

export interface TestNode {
  readonly self: Identity;
  readonly hub: LinkHub;
  readonly record: Record;
  readonly counters: Counters;
  readonly alarms: Alarms;
  readonly lines: Line[];
  readonly address: Address;
  link(key: NodeKey): PeerLink;
}

export interface NodeWish {
  readonly role: Role;
  readonly number: number;
  readonly shard?: number;
  readonly boot?: string;
  readonly startedAtMs?: number;
}

export class World {
  readonly clock = new FakeClock();
  readonly net = new ByteNet(this.clock);
  #seed = 1;

  node(wish: NodeWish, options: Partial<LinkHubOptions> = {}): TestNode {
    const { role, number } = wish;
    this.#seed += 1;
    const boot = wish.boot ?? this.#seed.toString(16).padStart(32, "0");
    const shard = wish.shard ?? (tierOf(role) === "shard" ? 1 : 0);
    const self = identity({ role, number, shard, boot, startedAtMs: wish.startedAtMs ?? this.clock.wallMs() });
    const { clock, net } = this;
    const lines: Line[] = [];
    const write =
      (level: LogLevel) =>
      (phrase: string, data: LogData = {}): void => {
        lines.push({ level, phrase, data });
      };
    const log: Log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
    const counters = new Counters();
    const alarms = new Alarms({ clock, log });
    const record = new Record(() => clock.wallMs());
    const hub = new LinkHub({
      self,
      cluster: CLUSTER,
      keys: [KEY],
      heartbeatMs: 1000,
      transport: net,
      clock,
      random: seededRandom(this.#seed),
      digest,
      log,
      counters,
      alarms,
      events: record,
      ...options,
    });
    const address = role === "gateway" || role === "cross_gateway" ? hub.listen(ANY) : ANY;
    const link = (key: NodeKey): PeerLink => {
      const found = hub.link(key);
      if (found === undefined) throw new Error(`${self.id} has no link to ${key}`);
      return found;
    };
    return { self, hub, record, counters, alarms, lines, address, link };
  }

  /** Two nodes of shard 1 with a link that is up. */
  linked(options: Partial<LinkHubOptions> = {}): { readonly gateway: TestNode; readonly center: TestNode } {
    const gateway = this.node({ role: "gateway", number: 1 }, options);
    const center = this.node({ role: "center", number: 1 }, options);
    this.connect(center, gateway);
    return { gateway, center };
  }

  connect(below: TestNode, above: TestNode): void {
    below.hub.dial({ role: above.self.role, number: above.self.number }, above.address);
    this.clock.runUntil(
      () => below.hub.link(above.self.key) !== undefined && above.hub.link(below.self.key) !== undefined,
    );
  }
}

export const GATEWAY = nodeKey("gateway", 1);
export const CENTER = nodeKey("center", 1);

/** A cast with this text as its body. */
export function cast(text: string, header: Partial<Header> = {}): Uint8Array {
  return encodeFrame(
    { kind: Kind.cast, source: CENTER, target: GATEWAY, method: 1024, ...header },
    new TextEncoder().encode(text),
  );
}

/** A cast with a body of so many bytes. */
export function castOfSize(bodySize: number): Uint8Array {
  return encodeFrame({ kind: Kind.cast, source: CENTER, target: GATEWAY, method: 1024 }, new Uint8Array(bodySize));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
