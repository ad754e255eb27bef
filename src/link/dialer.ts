/**
 * Keeps one link to one node that accepts: dials, shakes hands, waits, dials again, for ever. It gives up only
 * when it is stopped, so that no order of starting is wrong.
 */

import type { Timer } from "#base/clock.ts";
import { isLoggedAttempt } from "#base/log.ts";
import type { Refusal } from "#wire/handshake.ts";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import { certificateName } from "./accept_policy.ts";
import { attemptsAfterUp, backoffMs, connectLimitMs } from "./backoff.ts";
import { HANDSHAKE_MS_MAX } from "./handshake.ts";
import { HandshakeConn } from "./handshake_conn.ts";
import type { DialTarget } from "./handshake_dialer.ts";
import { DialerHandshake } from "./handshake_dialer.ts";
import type { Link } from "./link.ts";
import type { LinkContext } from "./link_context.ts";
import type { CloseReason, LinkRelation, LinkStatus } from "./link_port.ts";
import type { LinkRegistry } from "./link_registry.ts";
import type { Address, Conn, ConnHandler, TlsFault, Transport } from "./transport.ts";
import { addressText } from "./transport.ts";

export const CONNECT_MS_MAX = HANDSHAKE_MS_MAX;
/** From this attempt on a failure is a warning: before, the other end may just be starting. */
const WARN_ATTEMPT = 8;

export type DialState =
  | { readonly kind: "dialing"; readonly limit: Timer; attempt: { cancel(): void } | undefined }
  | { readonly kind: "handshaking"; readonly conn: HandshakeConn }
  | { readonly kind: "up"; readonly link: Link }
  | { readonly kind: "backing_off"; readonly untilMs: number; readonly timer: Timer }
  | { readonly kind: "closed" };

export interface DialerOptions {
  readonly context: LinkContext;
  readonly transport: Transport;
  readonly registry: LinkRegistry;
  readonly target: DialTarget;
  readonly address: Address;
}

export class Dialer {
  readonly target: NodeId;
  readonly #options: DialerOptions;
  readonly #context: LinkContext;
  readonly #relation: LinkRelation;
  #state: DialState = { kind: "closed" };
  #sinceWallMs = 0;
  /** Attempts since the last link that was good. */
  #attempt = 0;
  #lastError: string | undefined;
  #hurryMs: number | undefined;
  #isStopped = false;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.target = nodeId(options.target.role, options.target.number);
    const { role } = options.context.own.self;
    this.#relation = role === "cross_gateway" && options.target.role === "cross_gateway" ? "peer" : "above";
  }

  start(): void {
    if (this.#state.kind === "closed" && !this.#isStopped) this.#dial();
  }

  /** With `paceMs`: waits no longer than that between attempts, from now on. Without: backs off again. */
  hurry(paceMs: number | undefined): void {
    if (this.#hurryMs === paceMs) return;
    this.#hurryMs = paceMs;
    if (paceMs === undefined) return;
    if (this.#state.kind === "backing_off") {
      this.#state.timer.cancel();
      this.#backOff();
    } else if (this.#state.kind === "dialing") {
      // It may be older than the trouble and wait for a packet that was lost.
      this.#cancelDial(this.#state);
      this.#dial();
    }
  }

  /** For good. The link is left to the hub. */
  stop(): void {
    this.#isStopped = true;
    const state = this.#state;
    if (state.kind === "up") return;
    this.#become({ kind: "closed" });
    if (state.kind === "dialing") this.#cancelDial(state);
    if (state.kind === "handshaking") state.conn.fail("stopping", "");
    if (state.kind === "backing_off") state.timer.cancel();
  }

  status(): LinkStatus {
    const state = this.#state;
    const link = state.kind === "up" ? state.link : undefined;
    return {
      peer: this.target,
      relation: this.#relation,
      address: addressText(this.#options.address),
      state: state.kind,
      sinceMs: this.#sinceWallMs,
      attempt: this.#attempt,
      lastError: this.#lastError,
      nextRetryMs: state.kind === "backing_off" ? Math.max(0, state.untilMs - this.#context.clock.nowMs()) : undefined,
      rttMs: link?.rttMs,
      queuedSize: link?.queuedSize ?? 0,
      boot: link?.peer.boot,
    };
  }

  #become(state: DialState): void {
    if (state.kind !== this.#state.kind) this.#sinceWallMs = this.#context.clock.wallMs();
    this.#state = state;
  }

  #dial(): void {
    const { transport, address, target } = this.#options;
    const limitMs = connectLimitMs(CONNECT_MS_MAX, { hurryMs: this.#hurryMs, attempt: this.#attempt });
    const limit = this.#context.clock.after(limitMs, () => {
      this.#cancelDial(state);
      this.#dialFailed(state, "dial_timeout", `no connection within ${limitMs} ms`);
    });
    const state: DialState & { kind: "dialing" } = { kind: "dialing", limit, attempt: undefined };
    this.#become(state);
    const handler = {
      opened: (conn: Conn) => this.#opened(state, conn),
      failed: (reason: string, tlsFault?: TlsFault) => this.#dialFailed(state, tlsFault ?? "dial_failed", reason),
    };
    state.attempt = transport.dial(address, handler, certificateName(target, this.#context.own.cluster));
  }

  #cancelDial(state: DialState & { kind: "dialing" }): void {
    state.limit.cancel();
    state.attempt?.cancel();
  }

  #dialFailed(state: DialState, reason: CloseReason, detail: string): void {
    if (this.#state !== state) return;
    if (state.kind === "dialing") state.limit.cancel();
    this.#context.counters.add(`link.closed:${reason}`);
    this.#failed(reason, detail);
  }

  #opened(dialing: DialState & { kind: "dialing" }, conn: Conn): ConnHandler {
    dialing.limit.cancel();
    const { registry, target } = this.#options;
    const { own } = this.#context;
    const handshake: HandshakeConn = new HandshakeConn({
      context: this.#context,
      conn,
      machine: new DialerHandshake(own, target, () => conn.peerNames),
      owner: {
        proved: (proved) =>
          registry.offer(proved, {
            relation: this.#relation,
            admitted: (link) => this.#become({ kind: "up", link }),
            ended: (link, reason, detail) => this.#linkEnded(link, reason, detail),
          }),
        refused: (refusal) => this.#refused(refusal),
        failed: (reason, detail) => this.#failed(reason, detail),
        released: () => {},
      },
    });
    if (this.#state === dialing) this.#become({ kind: "handshaking", conn: handshake });
    else handshake.fail("stopping", "this attempt was given up");
    return handshake.stages;
  }

  #refused(refusal: Refusal): void {
    const { events, own, counters } = this.#context;
    counters.add(`link.refused_by_peer:${refusal.reason}`);
    const { otherStartedAtMs } = refusal;
    const isOlder = otherStartedAtMs > 0 && otherStartedAtMs <= own.self.startedAtMs;
    events.refused(this.target, refusal, refusal.reason === "duplicate_identity" && isOlder);
  }

  #linkEnded(link: Link, reason: CloseReason, detail: string): void {
    if (this.#state.kind !== "up" || this.#state.link !== link) return;
    this.#attempt = attemptsAfterUp(this.#attempt, this.#context.clock.nowMs() - link.upSinceMs);
    this.#again(reason, detail);
  }

  #failed(reason: CloseReason, detail: string): void {
    if (this.#state.kind === "closed" || this.#state.kind === "up") return;
    this.#again(reason, detail);
    if (this.#isStopped || !isLoggedAttempt(this.#attempt)) return;
    const line = {
      target: this.target,
      address: addressText(this.#options.address),
      attempt: this.#attempt,
      reason,
      detail,
    };
    const { log } = this.#context;
    if (this.#attempt >= WARN_ATTEMPT) log.warn("dial failed", line);
    else log.info("dial failed", line);
  }

  #again(reason: CloseReason, detail: string): void {
    this.#attempt += 1;
    this.#lastError = detail === "" ? reason : `${reason}: ${detail}`;
    if (this.#isStopped) this.#become({ kind: "closed" });
    else this.#backOff();
  }

  #backOff(): void {
    const { clock, own } = this.#context;
    const delayMs = backoffMs({
      attempt: this.#attempt,
      unit: own.random.unit(),
      hurryMs: this.#hurryMs,
    });
    const timer = clock.after(delayMs, () => {
      if (this.#state.kind === "backing_off" && this.#state.timer === timer) this.#dial();
    });
    this.#become({ kind: "backing_off", untilMs: clock.nowMs() + delayMs, timer });
  }
}
