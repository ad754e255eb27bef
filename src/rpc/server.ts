/**
 * Server: the serving side of contracts. Requests are validated at the door; a handler gets what the schema
 * says or is not called. A handler that throws fails its own call and nothing else.
 */

import { safeParse } from "valibot";
import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import type { SendOutcome } from "#mesh/router.ts";
import { packBody, unpackBody } from "#wire/body.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import { encodeCallError } from "#wire/call_error.ts";
import {
  FLAG_RAW,
  Kind,
  Offset,
  copyBody,
  frameBody,
  frameKind,
  readU16,
  readU32,
  sourceKey,
  writeHeader,
} from "#wire/header.ts";
import type { Header } from "#wire/header.ts";
import type { Identity } from "#wire/identity.ts";
import { BODY_SIZE_MAX, HEADER_SIZE } from "#wire/limits.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { idOfKey } from "#wire/role.ts";
import type { AnswerOf, HeardRequestOf, Method } from "./contract.ts";
import { ContractError } from "./contract.ts";
import { issueText } from "./issue_text.ts";

/** Calls that one node executes at once: beyond it they are answered with OVERLOADED. */
export const EXECUTING_MAX = 16_384;

export interface CallContext {
  /** Who called, as its links have proved. */
  readonly source: NodeId;
  /** Milliseconds that are left; Infinity for a cast. */
  timeLeftMs(): number;
  readonly isCast: boolean;
}

export type Handler<M extends Method> = (
  request: HeardRequestOf<M>,
  context: CallContext,
) => AnswerOf<M> | Promise<AnswerOf<M>>;

export type RawHandler = (body: Uint8Array, context: CallContext) => Uint8Array | Promise<Uint8Array>;

type Run = (request: unknown, context: CallContext) => unknown;

interface Entry {
  readonly name: string;
  readonly raw: boolean;
  readonly whileDraining: boolean;
  /** Of the frame at `offset`; shares no memory with it. */
  readonly parse: (
    buffer: Uint8Array,
    offset: number,
  ) => { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly detail: string };
  readonly run: (request: unknown, context: CallContext) => unknown;
}

interface Question {
  readonly source: NodeKey;
  readonly callerTag: number;
  readonly callId: number;
  readonly deadlineAtMs: number;
  readonly isCast: boolean;
}

export class Server {
  readonly #self: Identity;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #send: (header: Uint8Array, body: Uint8Array) => SendOutcome;
  readonly #entries = new Map<number, Entry>();
  readonly #idle: (() => void)[] = [];
  #watcher: ((tookMs: number) => void) | undefined;
  #executing = 0;
  #draining = false;
  /** The header of every answer. */
  readonly #scratch = new Uint8Array(HEADER_SIZE);
  #sending = false;

  constructor(options: {
    readonly self: Identity;
    readonly clock: Clock;
    readonly counters: Counters;
    readonly log: Log;
    /** Routes the frame that they make; copies what it keeps. */
    readonly send: (header: Uint8Array, body: Uint8Array) => SendOutcome;
  }) {
    this.#self = options.self;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#log = options.log;
    this.#send = options.send;
  }

  /** Throws ContractError when the id is served already. */
  serve<M extends Method>(method: M, handler: Handler<M>): void {
    this.#add(method, {
      name: method.name,
      raw: false,
      whileDraining: method.whileDraining === true,
      parse: (buffer, offset) => parseWith(method, frameBody(buffer, offset)),
      run: (request, context) => this.#timed(handler as Run, request, context),
    });
  }

  serveRaw(method: { readonly id: number; readonly name: string }, handler: RawHandler): void {
    this.#add(method, {
      name: method.name,
      raw: true,
      whileDraining: false,
      parse: (buffer, offset) => ({ ok: true, value: copyBody(buffer, offset) }),
      run: handler as (request: unknown, context: CallContext) => unknown,
    });
  }

  /** From now on only methods that say `whileDraining` are executed. */
  drain(): void {
    this.#draining = true;
  }

  /** Tells how long each handler took that is not raw. At most one listener; without one nothing is measured. */
  watch(watcher: ((tookMs: number) => void) | undefined): void {
    this.#watcher = watcher;
  }

  get executingCount(): number {
    return this.#executing;
  }

  /** Resolves when nothing is being executed. The caller sets the time limit. */
  idle(): Promise<void> {
    if (this.#executing === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** A call or a cast for this node. */
  receive(buffer: Uint8Array, offset: number): void {
    const methodId = readU16(buffer, offset + Offset.method);
    const deadlineMs = readU32(buffer, offset + Offset.deadlineMs);
    const isCast = frameKind(buffer, offset) === Kind.cast;
    const question: Question = {
      source: sourceKey(buffer, offset),
      callerTag: readU32(buffer, offset + Offset.callerTag),
      callId: readU32(buffer, offset + Offset.callId),
      deadlineAtMs: isCast && deadlineMs === 0 ? Number.POSITIVE_INFINITY : this.#clock.nowMs() + deadlineMs,
      isCast,
    };
    const entry = this.#entries.get(methodId);
    if (entry === undefined) return this.#fail(question, "UNKNOWN_METHOD", `method ${methodId} is not served here`);
    if (this.#draining && !entry.whileDraining) return this.#fail(question, "DRAINING", "this node is leaving");
    if (this.#executing >= EXECUTING_MAX)
      return this.#fail(question, "OVERLOADED", `${EXECUTING_MAX} calls are being executed`);
    if (!isCast && deadlineMs === 0) return this.#fail(question, "DEADLINE", "the call came without time left");
    const isRaw = ((buffer[offset + Offset.flags] as number) & FLAG_RAW) !== 0;
    if (isRaw !== entry.raw)
      return this.#fail(question, "INVALID", `${entry.name} takes ${entry.raw ? "raw bytes" : "MessagePack"}`);
    const request = entry.parse(buffer, offset);
    if (!request.ok) return this.#fail(question, "INVALID", request.detail);
    this.#executing += 1;
    this.#execute(entry, request.value, question);
    return undefined;
  }

  #add(method: { readonly id: number; readonly name: string }, entry: Entry): void {
    const other = this.#entries.get(method.id);
    if (other !== undefined) {
      throw new ContractError(`Cannot serve ${method.name}: id ${method.id} is served by ${other.name} already`);
    }
    this.#entries.set(method.id, entry);
  }

  /** Only a handler that answers with a promise costs one. */
  #execute(entry: Entry, request: unknown, question: Question): void {
    const context = new Context(question, this.#clock);
    try {
      const answer: unknown = entry.run(request, context);
      if (answer instanceof Promise) {
        void this.#settle(entry, answer, context);
        return;
      }
      if (!question.isCast) this.#reply(entry, question, answer);
    } catch (error) {
      this.#failed(entry, context, error);
    }
    this.#executed();
  }

  /** Never rejects. */
  async #settle(entry: Entry, pending: Promise<unknown>, context: Context): Promise<void> {
    const { question } = context;
    try {
      const answer = await pending;
      if (!question.isCast) this.#reply(entry, question, answer);
    } catch (error) {
      this.#failed(entry, context, error);
    } finally {
      this.#executed();
    }
  }

  #timed(run: Run, request: unknown, context: CallContext): unknown {
    const watcher = this.#watcher;
    if (watcher === undefined) return run(request, context);
    const startMs = this.#clock.nowMs();
    const done = (): void => watcher(this.#clock.nowMs() - startMs);
    try {
      const answer = run(request, context);
      if (answer instanceof Promise) return answer.finally(() => done());
      done();
      return answer;
    } catch (error) {
      done();
      throw error;
    }
  }

  #failed(entry: Entry, context: Context, error: unknown): void {
    this.#counters.add("rpc.handler_failed");
    this.#log.warn("handler failed", { method: entry.name, source: context.source, error: messageOf(error) });
    this.#fail(context.question, "FAILED", messageOf(error));
  }

  #executed(): void {
    this.#executing -= 1;
    if (this.#executing === 0 && this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #reply(entry: Entry, question: Question, answer: unknown): void {
    if (this.#clock.nowMs() > question.deadlineAtMs) {
      this.#counters.add("rpc.reply_too_late");
      return;
    }
    if (entry.raw && !(answer instanceof Uint8Array)) {
      this.#fail(question, "FAILED", `${entry.name} did not answer raw bytes`);
      return;
    }
    const body = entry.raw ? (answer as Uint8Array) : packBody(answer);
    if (body.length > BODY_SIZE_MAX) {
      this.#fail(question, "FAILED", `reply is ${body.length} bytes, limit is ${BODY_SIZE_MAX}`);
      return;
    }
    this.#answer(Kind.reply, question, { body, flags: entry.raw ? FLAG_RAW : 0 });
  }

  #fail(question: Question, code: CallErrorCode, detail: string): void {
    this.#counters.add(`rpc.refused:${code}`);
    if (question.isCast) return;
    this.#answer(Kind.error, question, { body: encodeCallError({ code, at: this.#self.key, detail }), flags: 0 });
  }

  #answer(
    kind: typeof Kind.reply | typeof Kind.error,
    question: Question,
    content: { readonly body: Uint8Array; readonly flags: number },
  ): void {
    const header = {
      kind,
      source: this.#self.key,
      target: question.source,
      callerTag: question.callerTag,
      callId: question.callId,
      flags: content.flags,
    };
    const outcome = this.#sendFrame(header, content.body);
    if (outcome.kind !== "sent" && outcome.kind !== "local") this.#counters.add("rpc.reply_dropped");
  }

  #sendFrame(header: Header, body: Uint8Array): SendOutcome {
    // Sending can end a link, and whoever hears of that may make a handler answer: the buffer is still in use then.
    const before = this.#sending;
    const bytes = before ? new Uint8Array(HEADER_SIZE) : this.#scratch;
    writeHeader(bytes, 0, { header, bodySize: body.length });
    this.#sending = true;
    try {
      return this.#send(bytes, body);
    } finally {
      this.#sending = before;
    }
  }
}

/** Most handlers ask for nothing: names are made when somebody does. */
class Context implements CallContext {
  readonly question: Question;
  readonly #clock: Clock;

  constructor(question: Question, clock: Clock) {
    this.question = question;
    this.#clock = clock;
  }

  get source(): NodeId {
    return idOfKey(this.question.source);
  }
  get isCast(): boolean {
    return this.question.isCast;
  }
  timeLeftMs(): number {
    return Math.max(0, this.question.deadlineAtMs - this.#clock.nowMs());
  }
}

function parseWith(method: Method, body: Uint8Array): ReturnType<Entry["parse"]> {
  try {
    const parsed = safeParse(method.request, unpackBody(body));
    if (parsed.success) return { ok: true, value: parsed.output };
    return { ok: false, detail: `${method.name}: ${issueText(parsed.issues[0], "request")}` };
  } catch (error) {
    return { ok: false, detail: `${method.name}: ${messageOf(error)}` };
  }
}
