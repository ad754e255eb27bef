/**
 * CallError: how a call ended other than by its reply. An operating failure with a code that peers share.
 */

import type { CallErrorCode } from "#wire/call_error.ts";
import type { NodeId } from "#wire/role.ts";

/** Codes that say that the call was not executed, whoever answers them. */
const NOT_EXECUTED: ReadonlySet<CallErrorCode> = new Set(["NO_ROUTE", "OVERLOADED", "DRAINING", "UNKNOWN_METHOD"]);

export class CallError extends Error {
  override readonly name = "CallError";
  readonly code: CallErrorCode;
  /** The node that says so. */
  readonly at: NodeId;
  /** False: no byte of the call left this process. */
  readonly sent: boolean;
  /** What is known, in words. */
  readonly detail: string;

  constructor(options: {
    readonly code: CallErrorCode;
    readonly at: NodeId;
    readonly sent: boolean;
    readonly method: string;
    readonly detail: string;
    readonly cause?: unknown;
  }) {
    super(`Cannot call ${options.method}: ${options.code} at ${options.at}, ${options.detail}`, {
      cause: options.cause,
    });
    this.code = options.code;
    this.at = options.at;
    this.sent = options.sent;
    this.detail = options.detail;
  }

  /** True when it is certain that the target did not execute it: then anybody may try again. */
  get notExecuted(): boolean {
    return !this.sent || NOT_EXECUTED.has(this.code);
  }
}

export function isCallError(error: unknown): error is CallError {
  return error instanceof CallError;
}
