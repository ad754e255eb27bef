/**
 * What a client's owner is told about its connection.
 */

import type { CloseCode } from "#session/client_packets.ts";

/** Why the last connection ended. Codes that are not the server's own are the client's observation. */
export interface ClientReason {
  readonly code:
    | CloseCode
    /** The caller closed it. */
    | "closed"
    /** The connection ended, or could not be made. */
    | "lost"
    /** Two heartbeat intervals without a byte, or no answer to the hello. */
    | "silent"
    /** token() threw, or gave none that can be sent. */
    | "token_failed"
    /** The server sent what is no packet, or not in its turn. */
    | "bad_server";
  readonly detail: string;
}

export type ClientStatus =
  /** Nothing is tried until connect(). */
  | { readonly kind: "offline"; readonly reason: ClientReason | null }
  /** There is no session. `attempt` is 0 at first and grows with each failure. */
  | { readonly kind: "connecting"; readonly attempt: number; readonly reason: ClientReason | null }
  | { readonly kind: "queued"; readonly place: number; readonly estimateMs: number }
  /** `resumed` false: a new session; what was known of the player may be out of date. */
  | { readonly kind: "online"; readonly session: string; readonly player: string; readonly resumed: boolean }
  /** The connection is lost, the session is held. */
  | {
      readonly kind: "resuming";
      readonly session: string;
      readonly player: string;
      readonly attempt: number;
      readonly reason: ClientReason | null;
    };

export function isSameStatus(a: ClientStatus, b: ClientStatus): boolean {
  const left: Readonly<Record<string, unknown>> = { ...a };
  const right: Readonly<Record<string, unknown>> = { ...b };
  return Object.keys({ ...left, ...right }).every((key) => left[key] === right[key]);
}
