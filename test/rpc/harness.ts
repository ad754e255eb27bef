/**
 * A caller and a server on their own, with whoever is at the other end played by the test; and endpoints on a
 * small network of routers.
 */

import * as v from "valibot";
import { Counters } from "#base/counters.ts";
import { seededRandom } from "#base/random.ts";
import type { SendOutcome } from "#mesh/router.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { Caller } from "#rpc/caller.ts";
import { contract } from "#rpc/contract.ts";
import { Endpoint } from "#rpc/endpoint.ts";
import { Server } from "#rpc/server.ts";
import { packBody } from "#wire/body.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import { encodeCallError } from "#wire/call_error.ts";
import { joinParts } from "#wire/header.ts";
import { callerTag } from "#wire/identity.ts";
import { FakeClock, FakeLink, frame, key, node, read, recordingLog, settle } from "../mesh/harness.ts";
import type { LogLine, ReadFrame } from "../mesh/harness.ts";
import { Network } from "../mesh/network.ts";

export const Shop = contract("shop", {
  buy: {
    id: 2000,
    request: v.object({ item: v.string(), basket: v.optional(v.object({ count: v.pipe(v.number(), v.minValue(1)) })) }),
    reply: v.object({ price: v.number() }),
  },
  /** May be executed twice. */
  look: { id: 2001, idempotent: true, request: v.object({ item: v.string() }), reply: v.object({ price: v.number() }) },
});

export const RAW = { id: 2100, name: "shop.raw" };

/** How a call ended, in words. */
export interface Ended {
  readonly value?: unknown;
  readonly code?: CallErrorCode;
  readonly at?: string;
  readonly sent?: boolean;
  readonly notExecuted?: boolean;
  readonly detail?: string;
}

/** Follows a call: what it ended with, and when. */
export class Watched {
  ended: Ended | undefined;
  endedAtMs: number | undefined;
  endCount = 0;

  constructor(call: Promise<unknown>, clock: FakeClock) {
    const end = (ended: Ended): void => {
      this.ended = ended;
      this.endedAtMs = clock.nowMs();
      this.endCount += 1;
    };
    void call.then(
      (value) => end({ value }),
      (error: unknown) => {
        if (!isCallError(error)) return end({ value: error });
        const { code, at, sent, notExecuted, detail } = error;
        return end({ code, at, sent, notExecuted, detail });
      },
    );
  }
}

/** A caller whose frames stay with the test. */
export class ScriptedCaller {
  readonly self = node("center:3");
  readonly clock = new FakeClock(1000);
  readonly counters = new Counters();
  readonly frames: ReadFrame[] = [];
  readonly link = new FakeLink("gateway:3", "above");
  readonly caller: Caller;
  /** What becomes of a frame; the default is that it leaves on `link`. */
  outcome: (() => SendOutcome) | undefined;

  constructor() {
    this.caller = new Caller({
      self: this.self,
      clock: this.clock,
      random: seededRandom(1),
      counters: this.counters,
      send: (header, body) => {
        const buffer = joinParts(header, body);
        this.frames.push(read(buffer));
        if (this.outcome !== undefined) return this.outcome();
        const position = this.link.dataQueuedSize;
        this.link.send(buffer, 0, "may");
        return { kind: "sent", link: this.link, position };
      },
    });
  }

  watch(call: Promise<unknown>): Watched {
    return new Watched(call, this.clock);
  }

  /** Answers a frame that was sent. */
  answer(
    to: ReadFrame | undefined,
    with_: {
      readonly from?: string;
      readonly error?: CallErrorCode;
      readonly value?: unknown;
      readonly raw?: Uint8Array;
      readonly body?: Uint8Array;
      readonly tag?: number;
    },
  ): void {
    if (to === undefined) throw new TypeError("no frame to answer");
    const from = with_.from ?? to.to;
    const { error, value, raw } = with_;
    const content =
      error === undefined
        ? (raw ?? packBody(value))
        : encodeCallError({ code: error, at: key(from), detail: "because" });
    const bytes = frame({
      kind: error === undefined ? "reply" : "error",
      from,
      to: this.self.key,
      callerTag: with_.tag ?? to.callerTag,
      callId: to.callId,
      flags: raw === undefined ? 0 : 1,
      body: with_.body ?? content,
    });
    this.caller.receive(bytes, 0);
    // The view is valid until then: nobody may read it later.
    bytes.fill(0xee);
  }
}

/** A server whose answers stay with the test. */
export class ScriptedServer {
  readonly self = node("center:3");
  readonly clock = new FakeClock(1000);
  readonly counters = new Counters();
  readonly lines: LogLine[];
  readonly answers: ReadFrame[] = [];
  readonly server: Server;
  outcome: SendOutcome = { kind: "local" };

  constructor() {
    const { log, lines } = recordingLog();
    this.lines = lines;
    this.server = new Server({
      self: this.self,
      clock: this.clock,
      counters: this.counters,
      log,
      send: (header, body) => {
        this.answers.push(read(joinParts(header, body)));
        return this.outcome;
      },
    });
  }

  /** Comes in, from user:301 unless said otherwise. */
  receive(of: {
    readonly kind?: "call" | "cast";
    readonly from?: string;
    readonly method?: number;
    readonly value?: unknown;
    readonly body?: Uint8Array;
    readonly flags?: number;
    readonly deadlineMs?: number;
    readonly callId?: number;
  }): void {
    const { kind = "call", from = "user:301", method = Shop.buy.id, value, body, flags = 0 } = of;
    const bytes = frame({
      kind,
      from,
      to: this.self.key,
      method,
      flags,
      callerTag: 0xabcd,
      callId: of.callId ?? 5,
      deadlineMs: of.deadlineMs ?? (kind === "cast" ? 0 : 1000),
      body: body ?? packBody(value),
    });
    this.server.receive(bytes, 0);
    bytes.fill(0xee);
  }
}

/** Endpoints on a network, one clock for all. */
export class RpcNetwork {
  readonly clock = new FakeClock(1000);
  readonly network: Network;
  readonly endpoints = new Map<string, Endpoint>();

  constructor(lines: readonly string[]) {
    this.network = new Network(lines);
    for (const [id, at] of this.network.nodes) {
      const endpoint = new Endpoint({
        self: at.self,
        clock: this.clock,
        random: seededRandom(at.self.key),
        counters: at.counters,
        log: recordingLog().log,
        router: at.router,
      });
      this.endpoints.set(id, endpoint);
      at.onDeliver = (buffer, offset) => endpoint.receive(buffer, offset);
      at.onLinkDown = (link) => endpoint.caller.linkLost(link);
      at.onUnreachable = (target) => endpoint.caller.unreachable(target);
    }
  }

  at(id: string): Endpoint {
    const endpoint = this.endpoints.get(id);
    if (endpoint === undefined) throw new TypeError(`no node ${id}`);
    return endpoint;
  }

  watch(call: Promise<unknown>): Watched {
    return new Watched(call, this.clock);
  }

  /** Delivers everything, lets promises go on, and passes time in steps of a millisecond. */
  async run(ms = 0): Promise<void> {
    for (let passed = 0; passed <= ms; passed += 1) {
      if (passed > 0) this.clock.advance(1);
      for (let turn = 0; turn < 5; turn += 1) {
        this.network.run();
        this.clock.advance(0);
        await settle();
      }
    }
  }
}

export const TAG = callerTag(node("center:3").boot);
