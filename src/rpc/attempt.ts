/**
 * One call on its way: what settles the promise that its caller waits for, and in which words. Knows nothing of
 * ids, frames and time; one object and no closures, since there is one per call.
 */

import type { PeerLink } from "#link/link_port.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import { decodeCallError } from "#wire/call_error.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { idOfKey } from "#wire/role.ts";
import { CallError } from "./call_failure.ts";
import type { CallOutcome, PendingCall } from "./pending_calls.ts";

export interface Reply {
  readonly raw: boolean;
  readonly body: Uint8Array;
}

export interface AttemptOptions {
  /** For people. */
  readonly method: string;
  readonly target: NodeKey;
  readonly here: NodeId;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: CallError) => void;
}

export class Attempt implements PendingCall {
  readonly target: NodeKey;
  link: PeerLink | undefined;
  position = 0;
  readonly #options: AttemptOptions;

  constructor(options: AttemptOptions) {
    this.target = options.target;
    this.#options = options;
  }

  settle(outcome: CallOutcome): void {
    const at = this.#options.here;
    switch (outcome.kind) {
      case "reply":
        return this.#options.resolve(outcome);
      case "deadline":
        return this.fail("DEADLINE", { at, sent: true, detail: "no reply in time" });
      case "lost":
        return this.fail("LINK_LOST", { at, sent: outcome.sent, detail: outcome.detail });
      case "refused":
        return this.refuse(outcome.code, outcome.detail);
      case "error": {
        const error = decodeCallError(outcome.body);
        if (error === undefined) {
          return this.fail("INVALID", { at, sent: true, detail: "the error that came back cannot be read" });
        }
        return this.fail(error.code, { at: idOfKey(error.at), sent: true, detail: error.detail });
      }
    }
  }

  /** It never left this node. */
  refuse(code: CallErrorCode, detail: string): void {
    this.fail(code, { at: this.#options.here, sent: false, detail });
  }

  fail(code: CallErrorCode, where: { readonly at: NodeId; readonly sent: boolean; readonly detail: string }): void {
    const { method, target, reject } = this.#options;
    reject(new CallError({ code, ...where, method: `${method} of ${idOfKey(target)}` }));
  }
}
