/**
 * How a request of a player's client ends when it has no reply.
 */

import type { RequestErrorCode } from "#session/client_packets.ts";

/** ABORTED: by the caller's signal. The others are those of calls between nodes (docs/client.md, "Codes"). */
export type RequestFailureCode = RequestErrorCode | "ABORTED";

export interface RequestFailure {
  readonly code: RequestFailureCode;
  readonly detail: string;
  /** False: it was not executed, and may be sent again. Null: nobody knows. */
  readonly executed: boolean | null;
}

export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: RequestFailureCode;
  readonly executed: boolean | null;

  constructor(failure: RequestFailure, cause?: unknown) {
    super(`Cannot request: ${failure.code}: ${failure.detail}`, cause === undefined ? undefined : { cause });
    this.code = failure.code;
    this.executed = failure.executed;
  }
}
