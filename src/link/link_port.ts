/**
 * What the layers above see of links: a link that is up, what happens on it, and the state of those that
 * are not. The classes behind it are Link, Dialer, Acceptor and LinkHub.
 */

import type { GoodbyeReason, Refusal } from "#wire/handshake.ts";
import type { Heartbeat } from "#wire/heartbeat.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import type { SyncMessage } from "#wire/sync_message.ts";

/** Where the other end is: it accepted us, we accepted it, or both are cross gateways. */
export type LinkRelation = "above" | "below" | "peer";

/** Why a link ended, or why an attempt did. A closed set: counters are named by it. */
export type CloseReason =
  | "dial_failed"
  | "dial_timeout"
  | "tls_failed"
  | "bad_certificate"
  | "handshake_timeout"
  | "refused"
  | "bad_magic"
  | "bad_size"
  | "bad_protocol"
  | "bad_kind"
  | "bad_flags"
  | "bad_hello"
  | "bad_challenge"
  | "bad_proof"
  | "bad_welcome"
  | "bad_sync"
  | "bad_heartbeat"
  | "unexpected_frame"
  | "wrong_identity"
  | "silent"
  | "slow_consumer"
  | "over_budget"
  | "replaced"
  | "goodbye"
  | "peer_closed"
  | "stopping"
  /** A handler of ours threw: a bug, which ends this link only. */
  | "internal_error";

/** `overloaded`: nothing was queued. `closed`: the link is down. */
export type SendResult = "ok" | "overloaded" | "closed";

/** `may` is refused once 8 MiB wait (new calls, casts); `must` (replies, errors) only at the link's end. */
export type SendClass = "may" | "must";

/** A link that is or was up. */
export interface PeerLink {
  /** Unique in this process's life; a new link to the same node has another one. */
  readonly serial: number;
  readonly peer: Identity;
  readonly relation: LinkRelation;
  /** Monotonic. */
  readonly upSinceMs: number;
  readonly isUp: boolean;
  /** The larger of both ends' intervals. */
  readonly heartbeatMs: number;
  /** All bytes received so far: grows exactly when there was a sign of life. */
  readonly receivedSize: number;
  /** Round trip of the last answered ping. */
  readonly rttMs: number | undefined;
  /** What to add to our monotonic clock to have the other end's cluster time. */
  readonly clusterOffsetMs: number | undefined;

  /** Copies the whole routed frame that begins at `offset` into the data queue; its size is in its header. */
  send(buffer: Uint8Array, offset: number, as: SendClass): SendResult;
  /** As `send`, of a frame that begins at this node: its header, alone in a buffer, and its body. */
  sendParts(header: Uint8Array, body: Uint8Array, as: SendClass): SendResult;
  /** Bytes ever put into the data queue. The next frame that is sent begins at this position. */
  readonly dataQueuedSize: number;
  /** Bytes of it that the transport has taken: a frame whose position is not below it never left this process. */
  readonly dataWrittenSize: number;
  /** There is something for `LinkEvents.nextSync` again. Cheap; may be called often. */
  syncReady(): void;
  close(reason: CloseReason): void;
}

/** What a link tells the layers above. Handlers must not throw. */
export interface LinkEvents {
  /** After welcome, both ways, before anything else is delivered. */
  up(link: PeerLink): void;
  /** Exactly once for each `up`. Nothing is delivered afterwards. */
  down(link: PeerLink, reason: CloseReason): void;
  /** A cast, call, reply or error. The view is valid until this returns, and its header may be changed in place. */
  routed(link: PeerLink, buffer: Uint8Array, offset: number): void;
  sync(link: PeerLink, message: SyncMessage): void;
  /** A ping arrived; its digests are of what was written before it. */
  heartbeat(link: PeerLink, beat: Heartbeat): void;
  /** One counted tick of the link's own heartbeat (I/O was polled since the last one). */
  tick(link: PeerLink): void;
  /** The other end says that it leaves; `down` follows. */
  goodbye(link: PeerLink, reason: GoodbyeReason | "unknown"): void;
  /**
   * The next sync message for this link, or undefined when there is none. Asked when all control frames are
   * written and there is room, before any data; never while another one is not wholly taken by the transport.
   */
  nextSync(link: PeerLink): SyncMessage | undefined;
  /** For the ping that is about to be queued. */
  saidDigest(link: PeerLink): bigint;
  appliedDigest(): bigint;
  /** Estimate of the cluster's wall clock. */
  clusterMs(): number;
  /** The end that we dial has refused us. `duplicate` when a node of our id that started earlier is alive there. */
  refused(target: NodeId, refusal: Refusal, duplicate: boolean): void;
}

/** One line of "why can't A reach B": a link, or the attempt to have one. */
export interface LinkStatus {
  readonly peer: NodeId;
  readonly relation: LinkRelation;
  readonly address: string;
  readonly state: "dialing" | "handshaking" | "up" | "backing_off" | "closed";
  /** Wall clock since when it is in this state. */
  readonly sinceMs: number;
  readonly attempt: number;
  readonly lastError: string | undefined;
  /** Milliseconds until the next attempt, when it waits for one. */
  readonly nextRetryMs: number | undefined;
  readonly rttMs: number | undefined;
  readonly queuedSize: number;
  readonly boot: string | undefined;
}
