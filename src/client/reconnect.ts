/**
 * What a client does when its connection has ended: whether it comes back, with which session, and when. Pure.
 * Full jitter, as between nodes, but over longer times: a gateway that was restarted has thousands of clients.
 */

import type { CloseCode } from "#session/client_packets.ts";

export const BACKOFF_MIN_MS = 500;
export const BACKOFF_MAX_MS = 15_000;
/** A connection that was online for so long has made good for the failures before it. */
export const BACKOFF_RESET_MS = 10_000;

/**
 * again: with the session, if there is one. anew: the session is given up. stop: until the caller connects again;
 * after `replaced` the two devices would take turns for ever otherwise.
 */
export type AfterClose = "again" | "anew" | "stop";

export const AFTER_CLOSE: Readonly<Record<CloseCode, AfterClose>> = {
  bad_packet: "anew",
  unsupported_protocol: "stop",
  bad_token: "stop",
  token_expired: "again",
  session_gone: "anew",
  full: "again",
  maintenance: "again",
  replaced: "stop",
  kicked: "stop",
  too_fast: "again",
  too_large: "anew",
  out_of_order: "anew",
  slow_reader: "again",
  idle: "again",
  login_timeout: "again",
  shutting_down: "again",
  too_many_connections: "again",
  internal: "again",
};

/** Milliseconds until the next attempt. `attempt`: 1 after the first failure; `retryMs`: what the server wished. */
export function reconnectMs({
  attempt,
  unit,
  retryMs,
}: {
  readonly attempt: number;
  /** Uniform in [0, 1). */
  readonly unit: number;
  readonly retryMs: number;
}): number {
  const bound = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(attempt - 1, 16));
  return retryMs + bound * unit;
}
