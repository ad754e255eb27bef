/**
 * A conn during the handshake: runs one of the two machines over it, with a time limit, and hands the conn over
 * to a Link when it is admitted. Who may be admitted is the registry's matter.
 *
 * Life: greeting → deciding (the other end is proved) → over (linked, refused or failed).
 */

import type { Timer } from "#base/clock.ts";
import { messageOf } from "#base/log.ts";
import { Decoder, faultText } from "#wire/decoder.ts";
import type { Refusal, RefuseReason } from "#wire/handshake.ts";
import { encodeRefuse } from "#wire/handshake.ts";
import { Kind } from "#wire/header.ts";
import type { NodeKey } from "#wire/role.ts";
import { Farewell } from "./farewell.ts";
import type { Flushable } from "./flusher.ts";
import type { Agreement, Handshake, HandshakeStep } from "./handshake.ts";
import { HANDSHAKE_MS_MAX, hopFrame } from "./handshake.ts";
import type { LinkOptions } from "./link.ts";
import { Link } from "./link.ts";
import type { LinkContext } from "./link_context.ts";
import type { CloseReason } from "./link_port.ts";
import { SendQueue } from "./send_queue.ts";
import { Stages } from "./stages.ts";
import type { Conn, ConnHandler } from "./transport.ts";

/** Who started it hears what becomes of it. */
export interface HandshakeOwner {
  /** To be answered by `link`, `refuse` or `fail`, now or later. */
  proved(handshake: HandshakeConn): void;
  /** The other end has refused us; `failed` follows. */
  refused(refusal: Refusal): void;
  /** Called once unless it became a link. */
  failed(reason: CloseReason, detail: string): void;
  /** The conn is closed or has become a link: it counts no more against the acceptor's limit. Called once. */
  released(): void;
}

export interface HandshakeConnOptions {
  readonly context: LinkContext;
  readonly conn: Conn;
  readonly machine: Handshake;
  readonly owner: HandshakeOwner;
}

const NO_NODE = 0 as NodeKey;

/** The close reason of a refusal that has no close reason of its own is `refused`. */
function closeReasonOf(reason: RefuseReason): CloseReason {
  switch (reason) {
    case "bad_hello":
    case "bad_protocol":
    case "bad_proof":
    case "bad_certificate":
      return reason;
    case "wrong_target":
      return "wrong_identity";
    case "bad_cluster":
    case "role_not_allowed":
    case "shard_mismatch":
    case "duplicate_identity":
    case "draining":
    case "too_many_links":
      return "refused";
  }
}

export class HandshakeConn implements ConnHandler, Flushable {
  /** What the transport talks to. */
  readonly stages: Stages;
  /** Monotonic: when the conn was opened. */
  readonly sinceMs: number;
  flushWaits = false;
  readonly #options: HandshakeConnOptions;
  readonly #decoder = new Decoder();
  readonly #queue: SendQueue;
  readonly #timer: Timer;
  #phase: "greeting" | "deciding" | "over" = "greeting";
  #proved: { readonly agreement: Agreement; readonly welcome: Uint8Array | undefined } | undefined;
  #link: Link | undefined;
  #receivedSize = 0;

  constructor(options: HandshakeConnOptions) {
    const { context, machine } = options;
    this.#options = options;
    this.stages = new Stages(this, {
      conn: options.conn,
      clock: context.clock,
      flusher: context.flusher,
      budget: context.budget,
      yielded: () => context.counters.add("link.turn_spent"),
    });
    this.sinceMs = context.clock.nowMs();
    this.#queue = new SendQueue({ pool: context.pool, budget: context.budget, nowMs: () => context.clock.nowMs() });
    this.#timer = context.clock.after(HANDSHAKE_MS_MAX, () =>
      this.fail("handshake_timeout", `not done within ${HANDSHAKE_MS_MAX} ms`),
    );
    const first = machine.start();
    if (first !== undefined) this.#send(first);
  }

  get remote(): string {
    return this.#options.conn.remote;
  }
  /** Set from `proved` on. */
  get agreement(): Agreement | undefined {
    return this.#proved?.agreement;
  }
  /** True while the decision that `proved` asked for is still wanted. */
  get isDeciding(): boolean {
    return this.#phase === "deciding";
  }

  /** Admits the proved node. The caller starts the link once it is registered. */
  link(
    of: Pick<LinkOptions, "relation" | "forget" | "ended">,
  ): { readonly link: Link; readonly welcome: Uint8Array | undefined } | undefined {
    const proved = this.#proved;
    if (this.#phase !== "deciding" || proved === undefined) return undefined;
    this.#phase = "over";
    this.#timer.cancel();
    const { context, conn, owner } = this.#options;
    const { agreement } = proved;
    const link = new Link({
      ...of,
      context,
      conn,
      agreement,
      stages: this.stages,
      decoder: this.#decoder,
      queue: this.#queue,
      receivedSize: this.#receivedSize,
    });
    this.#link = link;
    this.stages.become(link);
    owner.released();
    return { link, welcome: proved.welcome };
  }

  /** Tells the other end why, and closes when it has heard. */
  refuse(reason: RefuseReason, detail: string, otherStartedAtMs = 0): void {
    if (this.#phase === "over") return;
    const { context, conn, owner } = this.#options;
    const target = this.#proved?.agreement.peer.key ?? NO_NODE;
    const header = { kind: Kind.refuse, source: context.own.self.key, target };
    const queue = this.#queue;
    queue.finish(hopFrame(header, encodeRefuse(reason, detail, otherStartedAtMs)), { keepWaiting: true });
    context.counters.add(`link.refused:${reason}`);
    this.#over(closeReasonOf(reason), `${reason}: ${detail}`);
    const { clock, flusher, budget, farewells } = context;
    this.stages.become(new Farewell({ clock, flusher, budget, farewells, conn, queue, done: () => owner.released() }));
  }

  fail(reason: CloseReason, detail: string): void {
    if (this.#phase === "over") return;
    this.#over(reason, detail);
    this.#queue.close();
    this.#options.conn.terminate();
    this.#options.owner.released();
  }

  /** For a newcomer. One that is leaving already leaves at once. */
  giveWay(): void {
    if (this.#phase === "over") this.#options.conn.terminate();
    else this.fail("handshake_timeout", "another one wants its place");
  }

  data(chunk: Uint8Array): void {
    if (this.#phase === "over") return;
    this.#receivedSize += chunk.length;
    const { flusher } = this.#options.context;
    flusher.enter();
    try {
      // A link may begin within the chunk: the frames behind the welcome or the proof are already its own.
      const found = this.#decoder.push(
        chunk,
        (buffer, offset) => this.#link?.receive(buffer, offset) ?? this.#receive(buffer, offset),
      );
      if (found === undefined) return;
      if (this.#link === undefined) this.fail(found.code, faultText(found));
      else this.#link.malformed(found);
    } catch (error) {
      this.#crash(error);
    } finally {
      flusher.leave();
    }
  }

  drained(): void {
    this.#queue.drained();
    this.flush();
  }
  ended(): void {
    this.fail("peer_closed", this.#silence ?? "the other end sends no more");
  }
  closed(reason: string): void {
    const { tlsFault } = this.#options.conn;
    if (tlsFault === undefined) this.fail("peer_closed", this.#silence ?? reason);
    else this.fail(tlsFault, reason);
  }

  /** Under TLS 1.3 the end that dials learns in no other way that its certificate was not taken. */
  get #silence(): string | undefined {
    if (this.#options.conn.peerNames === undefined || this.#receivedSize > 0) return undefined;
    return "the other end closed without a word: it may not take our certificate, and its log says why";
  }

  flush(): void {
    if (this.#phase === "over") return;
    const { conn } = this.#options;
    const result = this.#queue.flush({ write: (bytes) => conn.write(bytes), nextSync: () => undefined });
    if (result === "closed") this.fail("peer_closed", "it takes no more");
  }

  #receive(buffer: Uint8Array, offset: number): boolean {
    if (this.#phase === "greeting") this.#take(this.#options.machine.receive(buffer, offset));
    else this.fail("unexpected_frame", "a frame before the welcome");
    return this.#phase !== "over" || this.#link?.isUp === true;
  }

  #take(step: HandshakeStep): void {
    const { owner } = this.#options;
    switch (step.kind) {
      case "send":
        return this.#send(step.frame);
      case "proved":
        this.#phase = "deciding";
        this.#proved = step;
        return owner.proved(this);
      case "refused":
        owner.refused(step.refusal);
        return this.fail("refused", `${step.refusal.reason}: ${step.refusal.detail}`);
      case "refuse":
        return this.refuse(step.reason, step.detail);
      case "fault":
        return this.fail(step.reason, step.detail);
    }
  }

  #send(frame: Uint8Array): void {
    this.#queue.pushControl(frame);
    this.#options.context.flusher.mark(this);
  }

  #crash(error: unknown): void {
    if (this.#link !== undefined) return this.#link.crash(error);
    this.#options.context.log.error("link handler failed", { remote: this.remote, error: messageOf(error) });
    this.fail("internal_error", messageOf(error));
  }

  #over(reason: CloseReason, detail: string): void {
    this.#phase = "over";
    this.#timer.cancel();
    this.#options.context.counters.add(`link.closed:${reason}`);
    this.#options.owner.failed(reason, detail);
  }
}
