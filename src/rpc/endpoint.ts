/**
 * Endpoint: the caller and the server of one node behind one door. What a node sends to itself goes the
 * same way, after the running callback, so that a target's place never changes what happens.
 */

import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { Router, SendOutcome } from "#mesh/router.ts";
import { Kind, frameKind, joinParts } from "#wire/header.ts";
import type { Identity } from "#wire/identity.ts";
import { Caller } from "./caller.ts";
import { Server } from "./server.ts";

export class Endpoint {
  readonly caller: Caller;
  readonly server: Server;
  readonly #clock: Clock;
  readonly #router: Pick<Router, "send">;

  constructor(options: {
    readonly self: Identity;
    readonly clock: Clock;
    readonly random: Random;
    readonly counters: Counters;
    readonly log: Log;
    readonly router: Pick<Router, "send">;
  }) {
    this.#clock = options.clock;
    this.#router = options.router;
    const send = (header: Uint8Array, body: Uint8Array): SendOutcome => this.#send(header, body);
    this.caller = new Caller({ ...options, send });
    this.server = new Server({ ...options, send });
  }

  /** A routed frame whose target is this node. The view is valid until it returns. */
  receive(buffer: Uint8Array, offset: number): void {
    const kind = frameKind(buffer, offset);
    if (kind === Kind.call || kind === Kind.cast) this.server.receive(buffer, offset);
    else this.caller.receive(buffer, offset);
  }

  #send(header: Uint8Array, body: Uint8Array): SendOutcome {
    const outcome = this.#router.send(header, body);
    if (outcome.kind === "local") {
      const copy = joinParts(header, body);
      this.#clock.soon(() => this.receive(copy, 0));
    }
    return outcome;
  }
}
