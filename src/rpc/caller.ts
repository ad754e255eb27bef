/**
 * Caller: the calling side of contracts. Every call ends exactly once: by its reply, a CallError, or its
 * deadline; the reply is validated here. Requests are validated where they are served.
 */

import { safeParse } from "valibot";
import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import { messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { PeerLink } from "#link/link_port.ts";
import type { SendOutcome } from "#mesh/router.ts";
import { packBody, unpackBody } from "#wire/body.ts";
import { FLAG_RAW, Kind, Offset, copyBody, frameKind, readU32, sourceKey, writeHeader } from "#wire/header.ts";
import type { Identity } from "#wire/identity.ts";
import { callerTag } from "#wire/identity.ts";
import { BODY_SIZE_MAX, HEADER_SIZE } from "#wire/limits.ts";
import type { NodeKey } from "#wire/role.ts";
import { NUMBER_EVERY, idOfKey, numberOfKey, roleOfKey, tierOf } from "#wire/role.ts";
import type { Reply } from "./attempt.ts";
import { Attempt } from "./attempt.ts";
import { CallError } from "./call_failure.ts";
import { issueText } from "./issue_text.ts";
import type { Method, ReplyOf, RequestOf } from "./contract.ts";
import type { PendingCall } from "./pending_calls.ts";
import { PENDING_MAX, PendingCalls } from "./pending_calls.ts";
import { RetryBudget } from "./retry_budget.ts";

export const TIMEOUT_DEFAULT_MS = 5_000;
export const TIMEOUT_MAX_MS = 600_000;
export const RETRIES_MAX = 16;
/**
 * Of the time that is left, what an attempt has that may be followed by another one: what is lost further away than
 * the first link ends without a word. The last attempt has all of it.
 */
const ATTEMPT_SHARE = 0.5;
const RETRY_DELAY_MIN_MS = 20;
const RETRY_DELAY_MAX_MS = 500;

export interface CallOptions {
  /** Milliseconds for all of it, retries included. 1 to TIMEOUT_MAX_MS; default 5 s. */
  readonly timeoutMs?: number;
  /**
   * Further attempts, within the time, when the call was not executed or the method is idempotent. Default 0.
   * An attempt of an idempotent method that another one may follow is given up after half of the time that is left.
   */
  readonly retries?: number;
}

export interface CallTarget {
  readonly key: NodeKey;
  /** For a group cast: 0 is all shards. */
  readonly shard?: number;
}

interface RawMethod {
  readonly name: string;
  readonly id: number;
}

export class Caller {
  readonly #self: Identity;
  readonly #tag: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #counters: Counters;
  readonly #send: (header: Uint8Array, body: Uint8Array) => SendOutcome;
  readonly #pending: PendingCalls;
  readonly #budget = new RetryBudget();
  readonly #scratch = new Uint8Array(HEADER_SIZE);
  #sending = false;
  #closed = false;

  constructor(options: {
    readonly self: Identity;
    readonly clock: Clock;
    readonly random: Random;
    readonly counters: Counters;
    /** Routes the frame that they make; copies what it keeps. */
    readonly send: (header: Uint8Array, body: Uint8Array) => SendOutcome;
  }) {
    this.#self = options.self;
    this.#tag = callerTag(options.self.boot);
    this.#clock = options.clock;
    this.#random = options.random;
    this.#counters = options.counters;
    this.#send = options.send;
    this.#pending = new PendingCalls(options.clock);
  }

  /** Calls under way. */
  get pendingCount(): number {
    return this.#pending.count;
  }

  /** Resolves with the validated reply; rejects with CallError. */
  async call<M extends Method>(
    method: M,
    request: RequestOf<M>,
    options: CallOptions & { readonly to: CallTarget },
  ): Promise<ReplyOf<M>> {
    const body = this.#pack(method, request);
    const timeoutMs = boundedTimeout(options.timeoutMs);
    const deadlineAtMs = this.#clock.nowMs() + timeoutMs;
    const retries = Math.min(options.retries ?? 0, RETRIES_MAX);
    this.#budget.called();
    let doubt: CallError | undefined;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const leftMs = deadlineAtMs - this.#clock.nowMs();
        const isLast = method.idempotent !== true || attempt >= retries;
        const untilMs = isLast ? deadlineAtMs : this.#clock.nowMs() + leftMs * ATTEMPT_SHARE;
        const reply = await this.#attempt(method, { to: options.to, body, flags: 0, deadlineAtMs: untilMs });
        return this.#parseReply(method, options.to.key, reply);
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        // Where an earlier try may have been executed, a later one cannot say that none was.
        if (!error.notExecuted) doubt = error;
        const last = doubt ?? error;
        if (!(attempt < retries) || !mayRetry(error, method) || !this.#budget.take()) throw last;
        const span = Math.min(RETRY_DELAY_MAX_MS, RETRY_DELAY_MIN_MS * 2 ** attempt);
        const delayMs = RETRY_DELAY_MIN_MS + this.#random.unit() * span;
        if (this.#clock.nowMs() + delayMs >= deadlineAtMs) throw last;
        this.#counters.add("rpc.retries");
        await sleep(this.#clock, delayMs);
      }
    }
  }

  /** As `call`, with bytes both ways, no schema and no retries. */
  callRaw(
    method: RawMethod,
    body: Uint8Array,
    options: Omit<CallOptions, "retries"> & { readonly to: CallTarget },
  ): Promise<Uint8Array> {
    const { to } = options;
    this.#budget.called();
    return new Promise((resolve, reject) => {
      const attempt: Attempt = new Attempt({
        method: method.name,
        target: to.key,
        here: this.#self.id,
        resolve: (reply) => {
          if (reply.raw) resolve(reply.body);
          else attempt.fail("INVALID", { at: idOfKey(to.key), sent: true, detail: "reply is no raw bytes" });
        },
        reject,
      });
      const nowMs = this.#clock.nowMs();
      const deadlineAtMs = nowMs + boundedTimeout(options.timeoutMs);
      this.#begin(attempt, method, { to, body, flags: FLAG_RAW, deadlineAtMs, nowMs });
    });
  }

  /** Sends without a reply. False when it could not leave; it may still be lost later, and is counted where it is. */
  cast<M extends Method>(method: M, request: RequestOf<M>, to: CallTarget): boolean {
    const body = this.#pack(method, request);
    const outcome = this.#route(Kind.cast, { method, to, body, flags: 0, callId: 0, deadlineMs: 0 });
    if (outcome.kind === "sent" || outcome.kind === "local") return true;
    this.#counters.add("rpc.cast_dropped");
    return false;
  }

  /** A reply or an error frame for this node. */
  receive(buffer: Uint8Array, offset: number): void {
    const callId = readU32(buffer, offset + Offset.callId);
    const call = readU32(buffer, offset + Offset.callerTag) === this.#tag ? this.#pending.get(callId) : undefined;
    if (call === undefined) {
      this.#counters.add("rpc.late_reply");
      return;
    }
    const source = sourceKey(buffer, offset);
    const isError = frameKind(buffer, offset) === Kind.error;
    // A reply must come from the id that was called; a gateway on the way may say that it could not go on.
    if (source !== call.target && !(isError && isOnTheWay(call, source))) {
      this.#counters.add("rpc.foreign_reply");
      return;
    }
    const body = copyBody(buffer, offset);
    const raw = ((buffer[offset + Offset.flags] as number) & FLAG_RAW) !== 0;
    this.#pending.end(callId, isError ? { kind: "error", body } : { kind: "reply", raw, body });
  }

  /** The first hop is gone: what never left it is told so. */
  linkLost(link: PeerLink): void {
    this.#pending.endWhere((call) => {
      if (call.link !== link) return undefined;
      const sent = call.position < link.dataWrittenSize;
      return { kind: "lost", sent, detail: `link to ${link.peer.id} is lost` };
    });
  }

  /** The target left the directory. */
  unreachable(target: NodeKey): void {
    this.#pending.endWhere((call) => {
      if (call.target !== target) return undefined;
      return { kind: "lost", sent: true, detail: `${idOfKey(target)} is unreachable` };
    });
  }

  /** Ends every call under way; later ones fail. */
  close(): void {
    this.#closed = true;
    this.#pending.endWhere(() => ({ kind: "lost", sent: true, detail: "this node stops" }));
    this.#pending.stop();
  }

  #attempt(
    method: RawMethod,
    options: { to: CallTarget; body: Uint8Array; flags: number; deadlineAtMs: number },
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const attempt = new Attempt({
        method: method.name,
        target: options.to.key,
        here: this.#self.id,
        resolve,
        reject,
      });
      this.#begin(attempt, method, { ...options, nowMs: this.#clock.nowMs() });
    });
  }

  /** Puts a call on its way, or ends it at once. */
  #begin(
    attempt: Attempt,
    method: RawMethod,
    options: { to: CallTarget; body: Uint8Array; flags: number; deadlineAtMs: number; nowMs: number },
  ): void {
    const { to, body, flags, deadlineAtMs } = options;
    if (this.#closed) return attempt.refuse("DRAINING", "this node stops");
    if (numberOfKey(to.key) === NUMBER_EVERY) {
      return attempt.refuse("INVALID", "only a cast may go to every node of a role");
    }
    if (body.length > BODY_SIZE_MAX) {
      return attempt.refuse("INVALID", `request is ${body.length} bytes, limit is ${BODY_SIZE_MAX}`);
    }
    const deadlineMs = Math.ceil(deadlineAtMs - options.nowMs);
    if (deadlineMs <= 0) return attempt.refuse("DEADLINE", "no time is left");
    const callId = this.#pending.add(attempt, deadlineAtMs);
    if (callId === undefined) return attempt.refuse("OVERLOADED", `${PENDING_MAX} calls are under way`);
    const outcome = this.#route(Kind.call, { method, to, body, flags, callId, deadlineMs });
    if (outcome.kind === "sent") {
      attempt.link = outcome.link;
      attempt.position = outcome.position;
    } else if (outcome.kind !== "local") {
      const code = outcome.kind === "overloaded" ? "OVERLOADED" : "NO_ROUTE";
      this.#pending.end(callId, { kind: "refused", code, detail: outcome.detail });
    }
    return undefined;
  }

  #route(
    kind: typeof Kind.call | typeof Kind.cast,
    options: { method: RawMethod; to: CallTarget; body: Uint8Array; flags: number; callId: number; deadlineMs: number },
  ): SendOutcome {
    const { method, to, body } = options;
    // Sending can end a link, and whoever hears of that may call at once: this header is then still in use.
    const before = this.#sending;
    const bytes = before ? new Uint8Array(HEADER_SIZE) : this.#scratch;
    writeHeader(bytes, 0, {
      header: {
        kind,
        source: this.#self.key,
        target: to.key,
        targetShard: to.shard ?? 0,
        callerTag: this.#tag,
        callId: options.callId,
        deadlineMs: options.deadlineMs,
        method: method.id,
        flags: options.flags,
      },
      bodySize: body.length,
    });
    this.#sending = true;
    try {
      return this.#send(bytes, body);
    } finally {
      this.#sending = before;
    }
  }

  #pack(method: Method, request: unknown): Uint8Array {
    try {
      const body = packBody(request);
      if (body.length <= BODY_SIZE_MAX) return body;
      throw new RangeError(`request is ${body.length} bytes, limit is ${BODY_SIZE_MAX}`);
    } catch (cause) {
      const detail = messageOf(cause);
      throw new CallError({ code: "INVALID", at: this.#self.id, sent: false, method: method.name, detail, cause });
    }
  }

  #parseReply<M extends Method>(method: M, target: NodeKey, reply: Reply): ReplyOf<M> {
    let detail = "reply is raw bytes";
    if (!reply.raw) {
      try {
        const parsed = safeParse(method.reply, unpackBody(reply.body));
        if (parsed.success) return parsed.output as ReplyOf<M>;
        detail = `reply does not fit the contract: ${issueText(parsed.issues[0], "reply")}`;
      } catch (error) {
        detail = messageOf(error);
      }
    }
    throw new CallError({ code: "INVALID", at: idOfKey(target), sent: true, method: method.name, detail });
  }
}

/** May this node be a gateway between here and the target? A shard's gateway is only at one of the two ends. */
function isOnTheWay(call: PendingCall, source: NodeKey): boolean {
  const role = roleOfKey(source);
  if (role === "cross_gateway") return true;
  if (role !== "gateway") return false;
  const target = roleOfKey(call.target);
  return source === call.link?.peer.key || target === undefined || tierOf(target) === "shard";
}

function boundedTimeout(timeoutMs: number | undefined): number {
  const wantedMs = timeoutMs === undefined || Number.isNaN(timeoutMs) ? TIMEOUT_DEFAULT_MS : timeoutMs;
  return Math.min(Math.max(1, wantedMs), TIMEOUT_MAX_MS);
}

function mayRetry(error: CallError, method: Method): boolean {
  if (error.code === "INVALID" || error.code === "FAILED" || error.code === "UNKNOWN_METHOD") return false;
  return error.notExecuted || method.idempotent === true;
}
