/**
 * A player's client as a state machine: an input and the time in, outputs out. Pure: no socket, no timer, no promise.
 * client.ts carries the outputs out, in order, and calls again with a tick when wakeAtMs has come.
 *
 * What belongs to an attempt to connect carries its number, so that word of an older one changes nothing.
 */

import { unreachable } from "#base/assert.ts";
import type {
  ClientPacket,
  CloseCode,
  PacketFault,
  PacketIgnored,
  ServerPacket,
  Welcome,
} from "#session/client_packets.ts";
import { QUEUED_INTERVAL_MS_MAX } from "#session/client_packets.ts";
import type { ClientReason, ClientStatus } from "./client_status.ts";
import { isSameStatus } from "./client_status.ts";
import type { ClientInput, ClientOutput, RequestOutcome } from "./client_steps.ts";
import { Pace } from "./pace.ts";
import { Pulse } from "./pulse.ts";
import { PushLog } from "./push_log.ts";
import { AFTER_CLOSE, BACKOFF_RESET_MS, reconnectMs } from "./reconnect.ts";
import type { RequestFailure } from "./request_error.ts";
import type { PendingRequest } from "./request_ledger.ts";
import { REQUESTS_QUEUED_MAX, RequestLedger } from "./request_ledger.ts";

export const TOKEN_MS_MAX = 30_000;
export const CONNECT_MS_MAX = 10_000;
/** From the hello to the welcome, or to a place in the queue. */
export const WELCOME_MS_MAX = 15_000;
export const QUEUED_SILENCE_MS_MAX = 3 * QUEUED_INTERVAL_MS_MAX;

type Phase =
  | { readonly kind: "offline" }
  | { readonly kind: "waiting"; readonly untilMs: number }
  | { readonly kind: "fetching"; readonly untilMs: number }
  | { readonly kind: "opening"; readonly untilMs: number; readonly token: string }
  | { readonly kind: "greeting"; readonly untilMs: number; readonly sentMs: number }
  | { readonly kind: "queued"; readonly untilMs: number; readonly place: number; readonly estimateMs: number }
  | { readonly kind: "online"; readonly sinceMs: number; readonly resumed: boolean };

interface Session {
  readonly session: string;
  readonly player: string;
  readonly resumeToken: string;
  readonly pushes: PushLog;
}

export class ClientState {
  readonly #random: { unit(): number };
  readonly #requests = new RequestLedger();
  readonly #pulse = new Pulse();
  readonly #pace = new Pace();
  #phase: Phase = { kind: "offline" };
  #session: Session | undefined;
  /** Number of the attempt to connect that counts now. */
  #current = 0;
  #failures = 0;
  #reason: ClientReason | null = null;
  #status: ClientStatus = { kind: "offline", reason: null };
  #out: ClientOutput[] = [];
  #nowMs = 0;

  constructor(random: { unit(): number }) {
    this.#random = random;
  }

  get status(): ClientStatus {
    return this.#status;
  }

  serverMs(nowMs: number): number | undefined {
    return this.#pulse.serverMs(nowMs);
  }

  /** When the next tick is due; Infinity when nothing waits. */
  get wakeAtMs(): number {
    const phase = this.#phase;
    const phaseMs = "untilMs" in phase ? phase.untilMs : Infinity;
    const ackMs = phase.kind === "online" ? (this.#session?.pushes.ackAtMs ?? Infinity) : Infinity;
    const nextSize = phase.kind === "online" ? this.#requests.nextSize : undefined;
    const paceMs = nextSize === undefined ? Infinity : this.#pace.readyAtMs(nextSize);
    return Math.min(phaseMs, ackMs, paceMs, this.#pulse.tickAtMs, this.#requests.earliestDeadlineMs);
  }

  step(input: ClientInput, nowMs: number): readonly ClientOutput[] {
    this.#nowMs = nowMs;
    this.#out = [];
    if (!("attempt" in input) || input.attempt === this.#current) this.#take(input);
    this.#sendDue();
    this.#tellStatus();
    return this.#out;
  }

  #take(input: ClientInput): void {
    const phase = this.#phase;
    switch (input.kind) {
      case "connect":
        if (phase.kind === "offline") {
          this.#failures = 0;
          this.#reason = null;
        }
        if (phase.kind === "offline" || phase.kind === "waiting") this.#begin();
        return;
      case "close":
        if (phase.kind === "online") this.#send({ kind: "bye" });
        return this.#stop({ code: "closed", detail: "closed by the client" });
      case "token":
        if (phase.kind !== "fetching") return;
        this.#phase = { kind: "opening", untilMs: this.#nowMs + CONNECT_MS_MAX, token: input.token };
        this.#out.push({ kind: "open", attempt: this.#current });
        return;
      case "token_failed":
        return this.#retry({ code: "token_failed", detail: input.detail });
      case "opened":
        if (phase.kind === "opening") this.#greet(phase.token);
        return;
      case "closed":
        return this.#retry({ code: "lost", detail: `the connection ended while ${phase.kind}` });
      case "packet":
        this.#pulse.heard();
        return this.#hear(input.packet, input.size);
      case "request":
        return this.#request(input.request);
      case "abort":
        return this.#giveUp(input.id, { code: "ABORTED", detail: "the caller gave it up" });
      case "tick":
        return this.#tick();
      default:
        return unreachable(input);
    }
  }

  #begin(): void {
    this.#current += 1;
    this.#phase = { kind: "fetching", untilMs: this.#nowMs + TOKEN_MS_MAX };
    this.#out.push({ kind: "fetch_token", attempt: this.#current });
  }

  #greet(token: string): void {
    const session = this.#session;
    this.#phase = { kind: "greeting", untilMs: this.#nowMs + WELCOME_MS_MAX, sentMs: this.#nowMs };
    const resume =
      session === undefined
        ? null
        : { session: session.session, resumeToken: session.resumeToken, ackedPush: session.pushes.taken };
    this.#send({ kind: "hello", token, resume });
  }

  #hear(packet: ServerPacket | PacketIgnored | PacketFault, size: number): void {
    const phase = this.#phase;
    switch (packet.kind) {
      case "ignored":
        return;
      case "fault":
        return this.#blame(packet.detail);
      case "refuse":
        return this.#closedBy(packet.code, packet.detail, packet.retryMs ?? 0);
      case "kicked":
        return this.#closedBy(packet.code, packet.detail, 0);
      case "welcome":
        if (phase.kind !== "greeting" && phase.kind !== "queued") return this.#blame("a welcome out of turn");
        return this.#welcome(packet.welcome, phase.kind === "greeting" ? phase.sentMs : undefined);
      case "queued": {
        if (phase.kind !== "greeting" && phase.kind !== "queued")
          return this.#blame("a place in the queue out of turn");
        const { place, estimateMs } = packet;
        this.#phase = { kind: "queued", untilMs: this.#nowMs + QUEUED_SILENCE_MS_MAX, place, estimateMs };
        return;
      }
      case "reply":
      case "error":
      case "push":
      case "pong":
      case "renew":
        if (phase.kind !== "online" || this.#session === undefined)
          return this.#blame(`${packet.kind} before the welcome`);
        return this.#hearOnline(packet, { session: this.#session, size });
      default:
        return unreachable(packet);
    }
  }

  #hearOnline(
    packet: Extract<ServerPacket, { readonly kind: "reply" | "error" | "push" | "pong" | "renew" }>,
    { session, size }: { readonly session: Session; readonly size: number },
  ): void {
    switch (packet.kind) {
      case "reply":
        return this.#answer(packet.seq, { kind: "reply", body: packet.body });
      case "error": {
        const { code, detail, executed } = packet;
        return this.#answer(packet.seq, { kind: "failure", code, detail, executed });
      }
      case "push": {
        const taken = session.pushes.take(packet.pushSeq, { size, nowMs: this.#nowMs });
        if (taken === "gap") return this.#blame(`push ${packet.pushSeq} after ${session.pushes.taken}`);
        if (taken === "next") this.#out.push({ kind: "push", type: packet.type, body: packet.body });
        return;
      }
      case "pong":
        return this.#pulse.pong(packet.n, { serverMs: packet.serverMs, nowMs: this.#nowMs });
      case "renew":
        this.#session = { ...session, resumeToken: packet.resumeToken };
        return;
      default:
        return unreachable(packet);
    }
  }

  #welcome(welcome: Welcome, helloMs: number | undefined): void {
    const { session, player, resumeToken, resumed, serverMs, heartbeatMs, answered } = welcome;
    const old = this.#session;
    if (resumed && old?.session !== session) return this.#blame("a resumed session that is another");
    if (!resumed) this.#endSession("the server began a new session");
    const pushes = resumed && old !== undefined ? old.pushes : new PushLog();
    pushes.said();
    this.#session = { session, player, resumeToken, pushes };
    this.#phase = { kind: "online", sinceMs: this.#nowMs, resumed };
    this.#reason = null;
    this.#pulse.start(heartbeatMs, this.#nowMs);
    if (helloMs !== undefined) this.#pulse.measure({ serverMs, sentMs: helloMs, nowMs: this.#nowMs });
    this.#tellStatus();
    this.#pace.reset(this.#nowMs);
    if (resumed) this.#requests.resume(answered);
  }

  #answer(seq: number, outcome: RequestOutcome): void {
    const found = this.#requests.answer(seq);
    if (found === "never_sent") return this.#blame(`an answer to request ${seq}, which was not sent`);
    if (found === "given_up") return;
    const isSureOfThisSessionOnly = found.wasSentBefore && outcome.kind === "failure" && outcome.executed === false;
    this.#out.push({
      kind: "settle",
      id: found.id,
      outcome: isSureOfThisSessionOnly ? { ...outcome, executed: null } : outcome,
    });
  }

  #request(request: PendingRequest): void {
    if (this.#phase.kind === "offline") {
      return this.#fail(request.id, { code: "LINK_LOST", detail: "the client is offline", executed: false });
    }
    if (this.#requests.add(request)) return;
    const detail = `requests that wait are ${REQUESTS_QUEUED_MAX}, limit is ${REQUESTS_QUEUED_MAX}`;
    this.#fail(request.id, { code: "OVERLOADED", detail, executed: false });
  }

  #tick(): void {
    for (const id of this.#requests.expired(this.#nowMs)) {
      this.#giveUp(id, { code: "DEADLINE", detail: "no reply in time" });
    }
    if (this.#nowMs >= this.#pulse.tickAtMs) {
      const beat = this.#pulse.tick(this.#nowMs);
      if (beat.kind === "dead") return this.#retry({ code: "silent", detail: "no byte in two heartbeat intervals" });
      this.#send(beat);
    }
    const phase = this.#phase;
    if (!("untilMs" in phase) || this.#nowMs < phase.untilMs) return;
    if (phase.kind === "waiting") return this.#begin();
    this.#retry({ code: "silent", detail: `nothing came in time while ${phase.kind}` });
  }

  #sendDue(): void {
    if (this.#phase.kind !== "online" || this.#session === undefined) return;
    for (const packet of this.#requests.takeSendable((size) => this.#pace.take(size, this.#nowMs))) this.#send(packet);
    const { pushes } = this.#session;
    if (this.#nowMs < pushes.ackAtMs) return;
    pushes.said();
    this.#send({ kind: "ack", pushSeq: pushes.taken });
  }

  /** The server's word that this connection is over. */
  #closedBy(code: CloseCode, detail: string, retryMs: number): void {
    const reason = { code, detail };
    const after = AFTER_CLOSE[code];
    switch (after) {
      case "again":
        return this.#retry(reason, retryMs);
      case "anew": {
        const isStale = code === "session_gone" && this.#session !== undefined && this.#phase.kind !== "online";
        this.#endSession(`the server ended the session: ${code}`);
        if (!isStale || retryMs > 0) return this.#retry(reason, retryMs);
        // Nothing is wrong with the server: a login is welcome at once.
        this.#leave(reason);
        return this.#begin();
      }
      case "stop":
        return this.#stop(reason);
      default:
        return unreachable(after);
    }
  }

  /** The server broke the protocol: what the session knows can't be trusted. */
  #blame(detail: string): void {
    this.#endSession(`the server broke the protocol: ${detail}`);
    this.#retry({ code: "bad_server", detail });
  }

  #retry(reason: ClientReason, retryMs = 0): void {
    const phase = this.#phase;
    if (phase.kind === "offline" || phase.kind === "waiting") return;
    if (phase.kind === "online" && this.#nowMs - phase.sinceMs >= BACKOFF_RESET_MS) this.#failures = 0;
    this.#failures += 1;
    this.#leave(reason);
    const delayMs = reconnectMs({ attempt: this.#failures, unit: this.#random.unit(), retryMs });
    this.#phase = { kind: "waiting", untilMs: this.#nowMs + delayMs };
  }

  #stop(reason: ClientReason): void {
    if (this.#phase.kind === "offline") return;
    this.#endSession(reason.detail);
    const detail = `the client went offline: ${reason.code}`;
    for (const { id, wasSentBefore } of this.#requests.endQueue()) {
      this.#fail(id, { code: "LINK_LOST", detail, executed: wasSentBefore ? null : false });
    }
    this.#leave(reason);
    this.#phase = { kind: "offline" };
  }

  #leave(reason: ClientReason): void {
    this.#reason = reason;
    this.#pulse.stop();
    // Word of this attempt counts no more, even if another does not begin at once.
    this.#current += 1;
    this.#out.push({ kind: "shut" });
  }

  #endSession(detail: string): void {
    this.#session = undefined;
    for (const id of this.#requests.endSession()) this.#fail(id, { code: "LINK_LOST", detail, executed: null });
  }

  #giveUp(id: number, { code, detail }: { readonly code: "ABORTED" | "DEADLINE"; readonly detail: string }): void {
    const found = this.#requests.giveUp(id);
    if (found !== undefined) this.#fail(id, { code, detail, executed: found === "sent" ? null : false });
  }

  #fail(id: number, failure: RequestFailure): void {
    this.#out.push({ kind: "settle", id, outcome: { kind: "failure", ...failure } });
  }

  #send(packet: ClientPacket): void {
    this.#out.push({ kind: "send", packet });
  }

  #tellStatus(): void {
    const status = this.#statusNow();
    if (isSameStatus(status, this.#status)) return;
    this.#status = status;
    this.#out.push({ kind: "status", status });
  }

  #statusNow(): ClientStatus {
    const phase = this.#phase;
    const session = this.#session;
    if (phase.kind === "offline") return { kind: "offline", reason: this.#reason };
    if (phase.kind === "queued") return { kind: "queued", place: phase.place, estimateMs: phase.estimateMs };
    const progress = { attempt: this.#failures, reason: this.#reason };
    if (session === undefined) return { kind: "connecting", ...progress };
    const { session: name, player } = session;
    if (phase.kind === "online") return { kind: "online", session: name, player, resumed: phase.resumed };
    return { kind: "resuming", session: name, player, ...progress };
  }
}
