/**
 * Every limit of the players' door that is not in the protocol (those are in client_packets.ts).
 */

import type { Rate } from "./token_bucket.ts";

/** How often a client pings; told in the welcome. */
export const PLAYER_HEARTBEAT_MS = 10_000;
/** Silent for so long: the connection is taken for dead, the session waits to be resumed. */
export const IDLE_MS_MAX = 3 * PLAYER_HEARTBEAT_MS;
/** Of one request, from when it is its turn. */
export const REQUEST_MS_MAX = 10_000;
/** What a router gets beyond it before it is answered for. */
export const REQUEST_GRACE_MS = 1_000;
/** Bytes that wait for one connection: all that may be sent again after a resume, and then some. */
export const CONN_QUEUED_SIZE_MAX = 4 * 1024 * 1024;
/** How often idle time, deadlines and the queue are looked at. */
export const SWEEP_MS = 1_000;
export const RENEW_MS = 15 * 60_000;
/** Logins that wait for a place; beyond it they are refused with `full`. */
export const LOGIN_QUEUE_MAX = 5_000;
export const QUEUED_MS_MAX = 30 * 60_000;
export const QUEUE_TELL_MS = 5_000;
/** What a refused client is told to wait. */
export const RETRY_MS = { full: 30_000, maintenance: 60_000, tooMany: 5_000, stopping: 5_000 };

/** Those that a test, or a config, may set. */
export interface DoorLimits {
  /** Sessions at once, those that wait to be resumed included. */
  readonly sessionsMax: number;
  readonly connsMax: number;
  /** From one address that is not loopback; an IPv6 /64 counts as one. Homes and cafes share theirs. */
  readonly connsPerAddressMax: number;
  readonly newConns: Rate;
  /** Of one connection: packets of every kind. */
  readonly packets: Rate;
  readonly bytes: Rate;
}

export const DOOR_LIMITS: DoorLimits = {
  sessionsMax: 5_000,
  connsMax: 12_000,
  connsPerAddressMax: 256,
  newConns: { perSecond: 1_500, burst: 5_000 },
  packets: { perSecond: 50, burst: 150 },
  bytes: { perSecond: 64 * 1024, burst: 512 * 1024 },
};
