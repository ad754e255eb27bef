/**
 * What goes into the state machine of a player's client and what comes out of it. Types alone.
 */

import type { ClientPacket, PacketFault, PacketIgnored, ServerPacket } from "#session/client_packets.ts";
import type { ClientStatus } from "./client_status.ts";
import type { RequestFailure } from "./request_error.ts";
import type { PendingRequest } from "./request_ledger.ts";

export type ClientInput =
  | { readonly kind: "connect" }
  | { readonly kind: "close" }
  | { readonly kind: "token"; readonly attempt: number; readonly token: string }
  | { readonly kind: "token_failed"; readonly attempt: number; readonly detail: string }
  | { readonly kind: "opened"; readonly attempt: number }
  | { readonly kind: "closed"; readonly attempt: number }
  | {
      readonly kind: "packet";
      readonly attempt: number;
      readonly packet: ServerPacket | PacketIgnored | PacketFault;
      readonly size: number;
    }
  | { readonly kind: "request"; readonly request: PendingRequest }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "tick" };

export type RequestOutcome =
  { readonly kind: "reply"; readonly body: unknown } | ({ readonly kind: "failure" } & RequestFailure);

export type ClientOutput =
  | { readonly kind: "fetch_token"; readonly attempt: number }
  | { readonly kind: "open"; readonly attempt: number }
  | { readonly kind: "send"; readonly packet: ClientPacket }
  /** The connection is to be closed; no word of it counts any more. */
  | { readonly kind: "shut" }
  | { readonly kind: "status"; readonly status: ClientStatus }
  | { readonly kind: "settle"; readonly id: number; readonly outcome: RequestOutcome }
  | { readonly kind: "push"; readonly type: string; readonly body: unknown };
