/**
 * The client of a player: logs in, asks, hears pushes, and comes back by itself when its connection is lost. Runs in
 * browsers, Bun and Deno. What it decides is in client_state.ts; here are the socket, one timer and the promises.
 */

import { Emitter } from "#base/emitter.ts";
import type { Timer } from "#base/clock.ts";
import type { Method, ReplyOf, RequestOf } from "#rpc/contract.ts";
import { PackedBody, packPacketBody } from "#session/client_body.ts";
import { decodeServerPacket, encodeClientPacket } from "#session/client_codec.ts";
import type { ClientPacket } from "#session/client_packets.ts";
import { PACKET_UP_SIZE_MAX } from "#session/client_packets.ts";
import { BodyError } from "#wire/body.ts";
import type { ClientConnect, ClientSocket } from "./client_socket.ts";
import { ClientState } from "./client_state.ts";
import type { ClientStatus } from "./client_status.ts";
import type { ClientInput, ClientOutput, RequestOutcome } from "./client_steps.ts";
import { RequestError } from "./request_error.ts";
import type { ClientClock } from "./web_clock.ts";
import { WEB_CLOCK, WEB_RANDOM } from "./web_clock.ts";
import { webSocketConnect } from "./web_socket.ts";

export const REQUEST_TIMEOUT_MS = 10_000;
/** A hello with a longer token would not be taken. */
export const TOKEN_LENGTH_MAX = 3 * 1024;
/** Of a request's packet, what is not its body: array, type, seq and method in their longest forms. */
const REQUEST_HEAD_SIZE_MAX = 10;

interface CommonOptions {
  /** Asked for each attempt to connect. */
  readonly token: () => Promise<string> | string;
  readonly clock?: ClientClock;
  readonly random?: { unit(): number };
  /** Hears what a listener threw. Without it such an error is lost. */
  readonly fault?: (error: unknown) => void;
}

export type PlayerClientOptions = CommonOptions & ({ readonly url: string } | { readonly connect: ClientConnect });

export interface RequestOptions {
  /** REQUEST_TIMEOUT_MS if not given. Time without a connection counts too. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /**
   * Executing it twice is as good as once, as with a key in its body that the server remembers: when the session is lost
   * and nobody knows whether it was executed, it is asked again in the next one. If not given: what the method says with
   * `idempotent`; a method by its number is not.
   */
  readonly repeatable?: boolean;
}

interface Waiter {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: RequestError) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

export class PlayerClient {
  readonly #state: ClientState;
  readonly #clock: ClientClock;
  readonly #connect: ClientConnect;
  readonly #token: () => Promise<string> | string;
  readonly #fault: (error: unknown) => void;
  readonly #statuses: Emitter<ClientStatus>;
  readonly #pushes = new Map<string, Emitter<unknown>>();
  readonly #allPushes: Emitter<{ readonly type: string; readonly body: unknown }>;
  readonly #waiters = new Map<number, Waiter>();
  readonly #inputs: ClientInput[] = [];
  #isStepping = false;
  #nextId = 1;
  #socket: ClientSocket | undefined;
  #timer: Timer | undefined;
  #timerAtMs = Infinity;

  constructor(options: PlayerClientOptions) {
    this.#state = new ClientState(options.random ?? WEB_RANDOM);
    this.#clock = options.clock ?? WEB_CLOCK;
    this.#connect = "url" in options ? webSocketConnect(options.url) : options.connect;
    this.#token = options.token;
    this.#fault = options.fault ?? (() => undefined);
    this.#statuses = new Emitter(this.#fault);
    this.#allPushes = new Emitter(this.#fault);
  }

  get status(): ClientStatus {
    return this.#state.status;
  }

  /** The server's calendar now, in milliseconds since 1970-01-01 UTC; undefined before the first welcome. */
  get serverMs(): number | undefined {
    return this.#state.serverMs(this.#clock.nowMs());
  }

  /** Begins to log in, and stays so until close() or until the server says no. While it waits to try again: tries now. */
  connect(): void {
    this.#take({ kind: "connect" });
  }

  /** Logs out. Requests without an answer are rejected. connect() begins anew. */
  close(): void {
    this.#take({ kind: "close" });
  }

  /** Returns what ends the subscription. */
  onStatus(listener: (status: ClientStatus) => void): () => void {
    return this.#statuses.on(listener);
  }

  /** Hears the pushes of a type, each once and in the order of the server. Returns what ends the subscription. */
  subscribe(type: string, listener: (body: unknown) => void): () => void {
    let emitter = this.#pushes.get(type);
    if (emitter === undefined) {
      emitter = new Emitter(this.#fault);
      this.#pushes.set(type, emitter);
    }
    return emitter.on(listener);
  }

  /** Hears the pushes of every type, after those who subscribed to it. Returns what ends that. */
  onPush(listener: (push: { readonly type: string; readonly body: unknown }) => void): () => void {
    return this.#allPushes.on(listener);
  }

  /**
   * Asks the server. Requests are executed one after the other in the order of these calls; one that was sent when the
   * connection was lost is sent again if the session goes on, and is executed once. If it does not, it is asked again in
   * the next one if it is repeatable, else it is rejected. Rejects with RequestError.
   */
  request<M extends Method>(method: M, body: RequestOf<M>, options?: RequestOptions): Promise<ReplyOf<M>>;
  request(method: number, body: unknown, options?: RequestOptions): Promise<unknown>;
  request(method: Method | number, body: unknown, options: RequestOptions = {}): Promise<unknown> {
    const { timeoutMs = REQUEST_TIMEOUT_MS, signal } = options;
    const packed = packRequest(body);
    if (packed instanceof RequestError) return Promise.reject(packed);
    if (signal?.aborted === true) {
      const failure = { code: "ABORTED", detail: "the signal was aborted before", executed: false } as const;
      return Promise.reject(new RequestError(failure, signal.reason));
    }
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#take({ kind: "abort", id });
      this.#waiters.set(id, { resolve, reject, signal, onAbort });
      signal?.addEventListener("abort", onAbort);
      const deadlineMs = this.#clock.nowMs() + timeoutMs;
      const number = typeof method === "number" ? method : method.id;
      const isRepeatable = options.repeatable ?? (typeof method !== "number" && method.idempotent === true);
      this.#take({ kind: "request", request: { id, method: number, body: packed, deadlineMs, isRepeatable } });
    });
  }

  /** A listener may call in again: what it asks for comes after what is under way. */
  #take(input: ClientInput): void {
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const output of this.#state.step(next, this.#clock.nowMs())) this.#carryOut(output);
      }
    } finally {
      this.#isStepping = false;
    }
    this.#setTimer();
  }

  #carryOut(output: ClientOutput): void {
    switch (output.kind) {
      case "fetch_token":
        void this.#fetchToken(output.attempt);
        return;
      case "open":
        return this.#open(output.attempt);
      case "send":
        return this.#send(output.packet);
      case "shut": {
        const socket = this.#socket;
        this.#socket = undefined;
        socket?.close();
        return;
      }
      case "status":
        return this.#statuses.emit(output.status);
      case "settle":
        return this.#settle(output.id, output.outcome);
      case "push":
        this.#pushes.get(output.type)?.emit(output.body);
        this.#allPushes.emit({ type: output.type, body: output.body });
        return;
    }
  }

  async #fetchToken(attempt: number): Promise<void> {
    try {
      const token = await this.#token();
      const isGood = typeof token === "string" && token.length >= 1 && token.length <= TOKEN_LENGTH_MAX;
      if (isGood) return this.#take({ kind: "token", attempt, token });
      const found = typeof token === "string" ? `${token.length} characters` : `no text but ${typeof token}`;
      const detail = `the token is ${found}, allowed is 1 to ${TOKEN_LENGTH_MAX} characters`;
      this.#take({ kind: "token_failed", attempt, detail });
    } catch (error) {
      this.#take({ kind: "token_failed", attempt, detail: error instanceof Error ? error.message : String(error) });
    }
  }

  #open(attempt: number): void {
    try {
      this.#socket = this.#connect({
        opened: () => this.#take({ kind: "opened", attempt }),
        message: (bytes) => {
          this.#take({ kind: "packet", attempt, packet: decodeServerPacket(bytes), size: bytes.length });
        },
        closed: () => this.#take({ kind: "closed", attempt }),
      });
    } catch (error) {
      this.#fault(error);
      this.#take({ kind: "closed", attempt });
    }
  }

  /** A socket that can't send says so with its end as well, which is what counts. */
  #send(packet: ClientPacket): void {
    try {
      this.#socket?.send(encodeClientPacket(packet));
    } catch (error) {
      this.#fault(error);
    }
  }

  #settle(id: number, outcome: RequestOutcome): void {
    const waiter = this.#waiters.get(id);
    if (waiter === undefined) return;
    this.#waiters.delete(id);
    waiter.signal?.removeEventListener("abort", waiter.onAbort);
    if (outcome.kind === "reply") waiter.resolve(outcome.body);
    else waiter.reject(new RequestError(outcome, outcome.code === "ABORTED" ? waiter.signal?.reason : undefined));
  }

  #setTimer(): void {
    const wakeAtMs = this.#state.wakeAtMs;
    if (wakeAtMs === this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = wakeAtMs;
    if (wakeAtMs === Infinity) return;
    const delayMs = Math.max(0, wakeAtMs - this.#clock.nowMs());
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timerAtMs = Infinity;
      this.#take({ kind: "tick" });
    });
  }
}

/** Now, so that what the caller does with the value later changes nothing. */
function packRequest(body: unknown): PackedBody | RequestError {
  try {
    const packed = packPacketBody(body);
    const limit = PACKET_UP_SIZE_MAX - REQUEST_HEAD_SIZE_MAX;
    if (packed.bytes.length <= limit) return packed;
    const detail = `the body is ${packed.bytes.length} bytes, limit is ${limit}`;
    return new RequestError({ code: "INVALID", detail, executed: false });
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    return new RequestError({ code: "INVALID", detail: error.message, executed: false }, error);
  }
}
