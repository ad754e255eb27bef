/**
 * Where players' requests go: to whoever serves the method. An interface, so that the door knows no mesh.
 */

import type { CallErrorCode } from "#wire/call_error.ts";

export interface PlayerRequest {
  readonly session: string;
  readonly player: string;
  /** Id of a contract's method, from METHOD_TEAM_MIN on. */
  readonly method: number;
  readonly body: unknown;
  /** What is left of the request's time. */
  readonly deadlineMs: number;
}

export type PlayerAnswer =
  | { readonly kind: "reply"; readonly body: unknown }
  | {
      readonly kind: "error";
      readonly code: CallErrorCode;
      readonly detail: string;
      /** Null: nobody knows. */
      readonly executed: boolean | null;
    };

export interface PlayerRouter {
  request(request: PlayerRequest): Promise<PlayerAnswer>;
}
