/**
 * What both sides of the handshake share: hello → challenge → proof → welcome.
 *
 *   proof.mac    HMAC-SHA-256(key, "kuafu dial"   | hello frame | challenge frame)
 *   welcome.mac  HMAC-SHA-256(key, "kuafu accept" | hello frame | challenge frame)
 *
 * Frames are meant whole, header included, so a byte changed on the way fails the proof; both nonces are in
 * them, so no proof serves twice; the labels differ, so a proof sent back is no welcome. The dialer signs with
 * its first key, the acceptor tries all of its own and answers with the one that verified, so that two keys may
 * be live during a rotation. The machines are pure: frames in, steps out; timers and conns are the caller's.
 */

import type { Digest } from "#base/digest.ts";
import type { Random } from "#base/random.ts";
import type { Introduction, Refusal, RefuseReason } from "#wire/handshake.ts";
import type { Kind } from "#wire/header.ts";
import { encodeFrame } from "#wire/header.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";
import { ROLE_NUMBERS, roleOfNumber } from "#wire/role.ts";
import type { ExpectedShard } from "./accept_policy.ts";
import { HEARTBEAT_MS_MAX, HEARTBEAT_MS_MIN } from "./heartbeat.ts";
import type { CloseReason } from "./link_port.ts";

/** For all of it, on both sides; opening the conn has a limit of its own. */
export const HANDSHAKE_MS_MAX = 3_000;
/** Of this release: none yet. */
export const CAPABILITIES = 0;

const LABELS = {
  dial: new TextEncoder().encode("kuafu dial"),
  accept: new TextEncoder().encode("kuafu accept"),
};

/** Who we are and what we hold. */
export interface HandshakeSelf {
  readonly self: Identity;
  readonly cluster: string;
  /** One, or two during a rotation. */
  readonly keys: readonly Uint8Array[];
  readonly heartbeatMs: number;
  readonly random: Random;
  readonly digest: Digest;
  readonly expectedShard?: ExpectedShard | undefined;
}

/** The verified names of the other end's certificate; undefined without TLS. Asked when the other end has spoken. */
export type PeerNames = () => readonly string[] | undefined;

/** What the two ends have come to. */
export interface Agreement {
  readonly peer: Identity;
  readonly protocol: number;
  readonly heartbeatMs: number;
}

export type HandshakeStep =
  | { readonly kind: "send"; readonly frame: Uint8Array }
  /** The other end has proved the key. The acceptor sends `welcome` when it admits the link. */
  | { readonly kind: "proved"; readonly agreement: Agreement; readonly welcome: Uint8Array | undefined }
  /** The other end does not want us. */
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** We do not want the other end, and tell it so. */
  | { readonly kind: "refuse"; readonly reason: RefuseReason; readonly detail: string }
  /** The other end does not speak as it must. */
  | { readonly kind: "fault"; readonly reason: CloseReason; readonly detail: string };

export interface Handshake {
  /** What to send before anything has come in. */
  start(): Uint8Array | undefined;
  /** Takes the next whole frame; a view is enough. Not called again after any step but `send`. */
  receive(buffer: Uint8Array, offset: number): HandshakeStep;
}

export function fault(reason: CloseReason, detail: string): HandshakeStep {
  return { kind: "fault", reason, detail };
}

/** A frame that ends at the next node. */
export interface HopHeader {
  readonly kind: Kind;
  readonly source: NodeKey;
  /** 0 where it is not known yet. */
  readonly target: NodeKey;
  readonly method?: number;
  readonly protocol?: number;
}

export function hopFrame(header: HopHeader, body: Uint8Array): Uint8Array {
  return encodeFrame({ ...header, hops: 1 }, body);
}

export interface Transcript {
  readonly hello: Uint8Array;
  readonly challenge: Uint8Array;
}

export interface Signer {
  readonly digest: Digest;
  readonly key: Uint8Array;
}

export function mac(side: keyof typeof LABELS, { hello, challenge }: Transcript, { digest, key }: Signer): Uint8Array {
  return digest.hmacSha256(key, LABELS[side], hello, challenge);
}

export function introduce(from: HandshakeSelf, nonce: Uint8Array): Introduction {
  const { self, heartbeatMs } = from;
  const roleNumber = ROLE_NUMBERS[self.role];
  const { boot, startedAtMs, number, shard } = self;
  return { capabilities: CAPABILITIES, heartbeatMs, nonce, boot, startedAtMs, roleNumber, number, shard };
}

/** The identity that is claimed, or undefined when this release does not know the role. */
export function claimedIdentity(of: Introduction): Identity | undefined {
  const role = roleOfNumber(of.roleNumber);
  if (role === undefined) return undefined;
  return identity({ role, number: of.number, shard: of.shard, boot: of.boot, startedAtMs: of.startedAtMs });
}

/** What is wrong with the values, in words; roles and numbers are the accept policy's. */
export function invalidValues(of: Introduction): string | undefined {
  if (of.heartbeatMs < HEARTBEAT_MS_MIN || of.heartbeatMs > HEARTBEAT_MS_MAX) {
    return `heartbeat interval is ${of.heartbeatMs} ms, allowed is ${HEARTBEAT_MS_MIN} to ${HEARTBEAT_MS_MAX}`;
  }
  if (!Number.isSafeInteger(of.startedAtMs)) return "start time is out of range";
  return undefined;
}
