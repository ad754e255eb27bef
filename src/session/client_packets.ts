/**
 * What a player's client and the door of its gateway say to each other: packets, codes and every limit of that
 * protocol. docs/client.md is the specification; client_codec.ts turns packets into bytes and back.
 */

import { CallErrorCode } from "#wire/call_error.ts";

export const PLAYER_PROTOCOL = 1;

/** First field of each packet. Client to server below 16, server to client from 16 on. */
export const PacketType = {
  hello: 1,
  request: 2,
  ack: 3,
  ping: 4,
  bye: 5,
  welcome: 16,
  queued: 17,
  refuse: 18,
  reply: 19,
  error: 20,
  push: 21,
  pong: 22,
  kicked: 23,
  renew: 24,
} as const;

/** Types from here to PACKET_TYPE_MAX that a release does not know are ignored: a later one may say more. */
export const PACKET_TYPE_IGNORED_MIN = 64;
export const PACKET_TYPE_MAX = 127;

/** Bytes of one packet, without the length that stands before it on TCP. */
export const PACKET_UP_SIZE_MAX = 64 * 1024;
export const PACKET_DOWN_SIZE_MAX = 1024 * 1024;
/** Of a packet to the server before its welcome. */
export const PACKET_UP_SIZE_MAX_LOGIN = 4 * 1024;

/** Sequence numbers, and all other counts and durations but serverMs, fit into 32 bits. */
export const U32_MAX = 0xffff_ffff;
/** Requests that a session may have sent without having their answers. */
export const REQUESTS_WAITING_MAX = 32;
/** Answers that the server keeps for requests that come again. */
export const REPLIES_KEPT = 64;
/** Beyond it the oldest go as well, and who asks for one of them is told so. The newest is kept however large it is. */
export const REPLIES_KEPT_SIZE_MAX = 2 * 1024 * 1024;
/** Pushes that the server keeps until they are acknowledged; with more a session can't be resumed. */
export const PUSHES_KEPT_MAX = 256;
export const PUSHES_KEPT_SIZE_MAX = 1024 * 1024;
/** How long after its connection was lost a session can be resumed. */
export const RESUME_WINDOW_MS = 60_000;
/** From the opened connection to the hello. */
export const LOGIN_MS_MAX = 10_000;
/** While a client waits in the queue for logins it hears of it at least so often. */
export const QUEUED_INTERVAL_MS_MAX = 10_000;

/** Units of UTF-16, as all lengths of text here. */
export const NAME_LENGTH_MAX = 128;
export const RESUME_TOKEN_LENGTH_MAX = 256;
/** What is longer is cut when it is written. */
export const DETAIL_LENGTH_MAX = 1024;

/** Codes of `refuse` and `kicked`. One of a later release reads as `internal`. */
export const CLOSE_CODES = [
  "bad_packet",
  "unsupported_protocol",
  "bad_token",
  "token_expired",
  "session_gone",
  "full",
  "maintenance",
  "replaced",
  "kicked",
  "too_fast",
  "too_large",
  "out_of_order",
  "slow_reader",
  "idle",
  "login_timeout",
  "shutting_down",
  "too_many_connections",
  "internal",
] as const;
export type CloseCode = (typeof CLOSE_CODES)[number];

/** Codes of `error`: those of calls between nodes. One of a later release reads as FAILED. */
export type RequestErrorCode = CallErrorCode;
export const REQUEST_ERROR_CODES = Object.keys(CallErrorCode) as readonly RequestErrorCode[];

export interface Resume {
  readonly session: string;
  readonly resumeToken: string;
  /** The last push that the client has taken; 0 when there was none. */
  readonly ackedPush: number;
}

export interface Welcome {
  readonly session: string;
  readonly player: string;
  /** Good for one hello that resumes this session. */
  readonly resumeToken: string;
  readonly resumed: boolean;
  /** The server's calendar: milliseconds since 1970-01-01 UTC. */
  readonly serverMs: number;
  /** How often the client is to ping. */
  readonly heartbeatMs: number;
  readonly windowMs: number;
  /** All requests up to this one were answered in this session; 0 in a new one. */
  readonly answered: number;
}

/** A plain value. One that is a PackedBody (client_body.ts) is written as it is: packed once, sent often. */
export type PacketBody = unknown;

export type ClientPacket =
  | { readonly kind: "hello"; readonly token: string; readonly resume: Resume | null }
  | { readonly kind: "request"; readonly seq: number; readonly method: number; readonly body: PacketBody }
  | { readonly kind: "ack"; readonly pushSeq: number }
  | { readonly kind: "ping"; readonly n: number }
  | { readonly kind: "bye" };

export type ServerPacket =
  | { readonly kind: "welcome"; readonly welcome: Welcome }
  | { readonly kind: "queued"; readonly place: number; readonly estimateMs: number }
  | { readonly kind: "refuse"; readonly code: CloseCode; readonly detail: string; readonly retryMs: number | null }
  | { readonly kind: "reply"; readonly seq: number; readonly body: PacketBody }
  | {
      readonly kind: "error";
      readonly seq: number;
      readonly code: RequestErrorCode;
      readonly detail: string;
      /** Null: nobody knows. */
      readonly executed: boolean | null;
    }
  | { readonly kind: "push"; readonly pushSeq: number; readonly type: string; readonly body: PacketBody }
  | { readonly kind: "pong"; readonly n: number; readonly serverMs: number }
  | { readonly kind: "kicked"; readonly code: CloseCode; readonly detail: string }
  | { readonly kind: "renew"; readonly resumeToken: string };

/** A packet of a later release that may be passed over. */
export interface PacketIgnored {
  readonly kind: "ignored";
  readonly type: number;
}

/** Bytes that are no packet: the connection is to be closed, by the server with this code and detail. */
export interface PacketFault {
  readonly kind: "fault";
  readonly code: "bad_packet" | "too_large" | "unsupported_protocol";
  readonly detail: string;
}
