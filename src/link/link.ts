/**
 * A conn after the handshake: heartbeat, send queue, and delivery of what comes in. It begins with `start` and
 * ends exactly once, whoever ends it; nothing is delivered afterwards. Which links there may be is not its
 * matter, nor what routed frames and sync messages mean.
 */

import { messageOf } from "#base/log.ts";
import type { DecodeFault, Decoder } from "#wire/decoder.ts";
import { faultText } from "#wire/decoder.ts";
import type { GoodbyeReason } from "#wire/handshake.ts";
import { decodeGoodbye, encodeGoodbye } from "#wire/handshake.ts";
import { Kind, Offset, frameBody, isRouted, kindName, readU16 } from "#wire/header.ts";
import type { Identity } from "#wire/identity.ts";
import { decodeSync, encodeSync } from "#wire/sync_message.ts";
import { Farewell } from "./farewell.ts";
import type { Flushable } from "./flusher.ts";
import type { Agreement } from "./handshake.ts";
import { hopFrame } from "./handshake.ts";
import type { LinkContext } from "./link_context.ts";
import { isQuietEnd } from "./link_end.ts";
import type { CloseReason, LinkRelation, PeerLink, SendClass, SendResult } from "./link_port.ts";
import { Pulse } from "./pulse.ts";
import type { BudgetMember } from "./send_budget.ts";
import type { QueueResult, SendQueue } from "./send_queue.ts";
import type { Stages } from "./stages.ts";
import type { Conn, ConnHandler } from "./transport.ts";

/** Of what a goodbye says to people. */
const DETAIL_LENGTH_MAX = 512;

export interface LinkOptions {
  readonly context: LinkContext;
  readonly stages: Stages;
  readonly conn: Conn;
  readonly decoder: Decoder;
  readonly queue: SendQueue;
  readonly agreement: Agreement;
  readonly relation: LinkRelation;
  /** Bytes that the handshake has received. */
  readonly receivedSize: number;
  /** Called once: `forget` before `LinkEvents.down`, `ended` after it. */
  readonly forget: (link: Link) => void;
  readonly ended: (link: Link, reason: CloseReason, detail: string) => void;
}

export class Link implements PeerLink, ConnHandler, Flushable, BudgetMember {
  readonly serial: number;
  readonly peer: Identity;
  readonly relation: LinkRelation;
  readonly heartbeatMs: number;
  readonly upSinceMs: number;
  readonly upSinceWallMs: number;
  flushWaits = false;
  readonly #options: LinkOptions;
  readonly #context: LinkContext;
  readonly #queue: SendQueue;
  readonly #decoder: Decoder;
  readonly #sink: (buffer: Uint8Array, offset: number) => boolean;
  readonly #target: { write(bytes: Uint8Array): number; nextSync(): Uint8Array | undefined };
  readonly #pulse: Pulse;
  #phase: "new" | "up" | "down" = "new";
  #wasAnnounced = false;
  #receivedSize: number;

  constructor(options: LinkOptions) {
    const { context, agreement, conn } = options;
    this.#options = options;
    this.#context = context;
    this.#queue = options.queue;
    this.#decoder = options.decoder;
    this.#receivedSize = options.receivedSize;
    this.serial = context.nextSerial();
    this.peer = agreement.peer;
    this.relation = options.relation;
    this.heartbeatMs = agreement.heartbeatMs;
    this.upSinceMs = context.clock.nowMs();
    this.upSinceWallMs = context.clock.wallMs();
    this.#sink = (buffer, offset) => this.receive(buffer, offset);
    this.#target = { write: (bytes) => conn.write(bytes), nextSync: () => this.#nextSync() };
    this.#pulse = new Pulse({
      link: this,
      clock: context.clock,
      ticks: context.ticks,
      events: context.events,
      queue: options.queue,
      send: (kind, body) => this.#control(this.#hop(kind, body, 0)),
      ignored: () => context.counters.add("link.beat_ignored"),
      guard: (run) => this.#guard(run),
    });
  }

  get isUp(): boolean {
    return this.#phase === "up";
  }
  get receivedSize(): number {
    return this.#receivedSize;
  }
  get rttMs(): number | undefined {
    return this.#pulse.rttMs;
  }
  get clusterOffsetMs(): number | undefined {
    return this.#pulse.clusterOffsetMs;
  }
  get dataQueuedSize(): number {
    return this.#queue.dataQueuedSize;
  }
  get dataWrittenSize(): number {
    return this.#queue.dataWrittenSize;
  }
  get queuedSize(): number {
    return this.#queue.queuedSize;
  }
  get remote(): string {
    return this.#options.conn.remote;
  }

  /** Up from now on. `welcome` goes out before anything else. */
  start(welcome: Uint8Array | undefined): void {
    const { context } = this.#options;
    this.#phase = "up";
    this.#decoder.setReady();
    context.budget.join(this);
    context.counters.add("link.up");
    context.log.info("link up", {
      peer: this.peer.id,
      relation: this.relation,
      remote: this.remote,
      boot: this.peer.boot,
    });
    if (welcome !== undefined) this.#control(welcome);
    this.#guard(() => {
      if (this.#phase !== "up") return;
      this.#wasAnnounced = true;
      context.events.up(this);
      if (!this.isUp) return;
      this.#pulse.start();
      this.syncReady();
    });
  }

  send(buffer: Uint8Array, offset: number, as: SendClass): SendResult {
    if (this.#phase !== "up") return "closed";
    return this.#queued(this.#queue.pushData(buffer, offset, as));
  }

  sendParts(header: Uint8Array, body: Uint8Array, as: SendClass): SendResult {
    if (this.#phase !== "up") return "closed";
    return this.#queued(this.#queue.pushParts(header, body, as));
  }

  syncReady(): void {
    if (this.#phase !== "up") return;
    this.#queue.wantSync();
    if (!this.flushWaits) this.#context.flusher.mark(this);
  }

  /** Pings, and calls back when the other end has answered that very ping or a later one. */
  probe(answered: () => void): void {
    if (this.#phase === "up") this.#pulse.probe(answered);
  }

  close(reason: CloseReason): void {
    this.end(reason, "");
  }

  /** Says goodbye behind what is queued, or, when replaced, instead of it. */
  leave(reason: GoodbyeReason, detail: string): void {
    if (this.#phase !== "up") return;
    const frame = this.#hop(Kind.goodbye, encodeGoodbye(reason, detail.slice(0, DETAIL_LENGTH_MAX)), 0);
    const { context, stages, conn } = this.#options;
    const { clock, flusher, budget, farewells } = context;
    const queue = this.#queue;
    queue.finish(frame, { keepWaiting: reason !== "replaced" });
    this.#end(reason === "replaced" ? "replaced" : "stopping", detail, () => {
      stages.become(new Farewell({ clock, flusher, budget, farewells, conn, queue, done: () => {} }));
    });
  }

  end(reason: CloseReason, detail: string): void {
    if (this.#phase === "down") return;
    this.#queue.close();
    this.#end(reason, detail, () => this.#options.conn.terminate());
  }

  data(chunk: Uint8Array): void {
    if (this.#phase !== "up") return;
    this.#receivedSize += chunk.length;
    const { flusher } = this.#context;
    flusher.enter();
    try {
      const fault = this.#decoder.push(chunk, this.#sink);
      if (fault !== undefined) this.malformed(fault);
    } catch (error) {
      this.crash(error);
    } finally {
      flusher.leave();
    }
  }

  drained(): void {
    this.#queue.drained();
    this.flush();
  }
  ended(): void {
    this.end("peer_closed", "the other end sends no more");
  }
  closed(reason: string): void {
    this.end("peer_closed", reason);
  }
  overBudget(): void {
    this.end("over_budget", `${this.queuedSize} bytes wait for it, and too many in this process`);
  }

  flush(): void {
    if (this.#phase !== "up") return;
    try {
      if (this.#queue.flush(this.#target) === "closed") this.end("peer_closed", "it takes no more");
    } catch (error) {
      this.crash(error);
    }
  }

  malformed(fault: DecodeFault): void {
    this.end(fault.code, faultText(fault));
  }

  /** A handler threw: a bug of ours, which must not reach the transport. */
  crash(error: unknown): void {
    this.#context.log.error("link handler failed", {
      peer: this.peer.id,
      error: messageOf(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
    this.end("internal_error", messageOf(error));
  }

  /** Takes a whole frame; false when no more is wanted. */
  receive(buffer: Uint8Array, offset: number): boolean {
    if (this.#phase !== "up") return false;
    const kind = buffer[offset + Offset.kind] as number;
    if (isRouted(kind)) this.#context.events.routed(this, buffer, offset);
    else this.#receiveHop(kind, buffer, offset);
    return this.isUp;
  }

  #receiveHop(kind: number, buffer: Uint8Array, offset: number): void {
    const body = frameBody(buffer, offset);
    switch (kind) {
      case Kind.sync: {
        const message = decodeSync(readU16(buffer, offset + Offset.method), body);
        if (message === undefined) return this.end("bad_sync", "the body is not what its method says");
        return this.#context.events.sync(this, message);
      }
      case Kind.ping:
      case Kind.pong:
        return this.#pulse.receive(kind, body);
      case Kind.goodbye: {
        const { reason, detail } = decodeGoodbye(body) ?? { reason: "unknown", detail: "" };
        this.#context.events.goodbye(this, reason);
        return this.end("goodbye", detail === "" ? reason : `${reason}: ${detail}`);
      }
      default:
        return this.end("unexpected_frame", `${kindName(kind) ?? "unknown"} on a link that is up`);
    }
  }

  #hop(kind: Kind, body: Uint8Array, method: number): Uint8Array {
    const { protocol } = this.#options.agreement;
    return hopFrame({ kind, source: this.#context.own.self.key, target: this.peer.key, method, protocol }, body);
  }

  #control(frame: Uint8Array): void {
    if (this.#phase === "up") this.#queued(this.#queue.pushControl(frame));
  }

  #queued(result: QueueResult): SendResult {
    if (result === "ok") {
      if (!this.flushWaits) this.#context.flusher.mark(this);
      return "ok";
    }
    if (result === "overloaded") return "overloaded";
    if (result === "full") this.end("slow_consumer", `${this.queuedSize} bytes wait for it`);
    return "closed";
  }

  #nextSync(): Uint8Array | undefined {
    const message = this.#context.events.nextSync(this);
    if (message === undefined) return undefined;
    const { method, body } = encodeSync(message);
    return this.#hop(Kind.sync, body, method);
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.crash(error);
    }
  }

  #end(reason: CloseReason, detail: string, part: () => void): void {
    if (this.#phase === "down") return;
    this.#phase = "down";
    this.#pulse.stop();
    const { context, forget, ended } = this.#options;
    context.budget.leave(this);
    forget(this);
    context.counters.add(`link.closed:${reason}`);
    const line = { peer: this.peer.id, relation: this.relation, remote: this.remote, reason, detail };
    if (isQuietEnd(reason)) context.log.info("link down", line);
    else context.log.warn("link down", line);
    part();
    if (this.#wasAnnounced) {
      try {
        context.events.down(this, reason);
      } catch (error) {
        context.log.error("link handler failed", { peer: this.peer.id, error: messageOf(error) });
      }
    }
    ended(this, reason, detail);
  }
}
