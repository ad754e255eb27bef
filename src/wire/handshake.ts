/**
 * Bodies of the handshake frames. The layout of hello is frozen for all protocol versions; trailing bytes of
 * hello, challenge and welcome are ignored, so that later versions can add to them.
 *
 *   hello      protocolMin u8, protocolMax u8, capabilities u32, heartbeatMs u32, nonce 32, boot 16,
 *              startedAtMs u64, role u16, number u32, shard u32, targetRole u16, targetNumber u32, cluster text8
 *   challenge  protocol u8, capabilities u32, heartbeatMs u32, nonce 32, boot 16, startedAtMs u64,
 *              role u16, number u32, shard u32
 *   proof      mac 32
 *   welcome    mac 32
 *   refuse     reason u8, detail text16, otherStartedAtMs u64 (duplicate_identity: of the node that is there; else 0)
 *   goodbye    reason u8, detail text16
 */

import { fromHex, toHex } from "#base/digest.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";

export const NONCE_SIZE = 32;
export const BOOT_SIZE = 16;
export const MAC_SIZE = 32;
/** UTF-16 units of a refusal's or goodbye's detail: what is longer is cut, when it is written and when it is read. */
const DETAIL_LENGTH_MAX = 512;

export const RefuseReason = {
  bad_hello: 1,
  bad_protocol: 2,
  bad_cluster: 3,
  bad_proof: 4,
  wrong_target: 5,
  role_not_allowed: 6,
  shard_mismatch: 7,
  duplicate_identity: 8,
  draining: 9,
  too_many_links: 10,
  bad_certificate: 11,
} as const;
export type RefuseReason = keyof typeof RefuseReason;

export const GoodbyeReason = {
  /** The process stops: a shard node whose gateway says so follows its death policy. */
  stopping: 1,
  /** A newer link of the same boot took this one's place. */
  replaced: 2,
  /** Reconfigured or closed by hand; the process stays. */
  closing: 3,
} as const;
export type GoodbyeReason = keyof typeof GoodbyeReason;

/** What both ends say about themselves. */
export interface Introduction {
  readonly capabilities: number;
  readonly heartbeatMs: number;
  readonly nonce: Uint8Array;
  readonly boot: string;
  readonly startedAtMs: number;
  readonly roleNumber: number;
  readonly number: number;
  readonly shard: number;
}

export interface Hello extends Introduction {
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly targetRoleNumber: number;
  readonly targetNumber: number;
  readonly cluster: string;
}

export interface Challenge extends Introduction {
  readonly protocol: number;
}

export interface Refusal {
  readonly reason: RefuseReason | "unknown";
  readonly detail: string;
  /** Of the node that holds our id, for `duplicate_identity`; else 0. */
  readonly otherStartedAtMs: number;
}

export function encodeHello(hello: Hello): Uint8Array {
  const writer = new ByteWriter().u8(hello.protocolMin).u8(hello.protocolMax);
  return writeIntroduction(writer, hello)
    .u16(hello.targetRoleNumber)
    .u32(hello.targetNumber)
    .text8(hello.cluster)
    .finish();
}

/** Undefined when it is too short or its text is not UTF-8. */
export function decodeHello(body: Uint8Array): Hello | undefined {
  const reader = new ByteReader(body);
  const hello: Hello = {
    protocolMin: reader.u8(),
    protocolMax: reader.u8(),
    ...readIntroduction(reader),
    targetRoleNumber: reader.u16(),
    targetNumber: reader.u32(),
    cluster: reader.text8(),
  };
  return reader.ok ? hello : undefined;
}

export function encodeChallenge(challenge: Challenge): Uint8Array {
  return writeIntroduction(new ByteWriter().u8(challenge.protocol), challenge).finish();
}

export function decodeChallenge(body: Uint8Array): Challenge | undefined {
  const reader = new ByteReader(body);
  const challenge: Challenge = { protocol: reader.u8(), ...readIntroduction(reader) };
  return reader.ok ? challenge : undefined;
}

/** The fields that hello and challenge have in common, in their order. */
function writeIntroduction(writer: ByteWriter, introduction: Introduction): ByteWriter {
  return writer
    .u32(introduction.capabilities)
    .u32(introduction.heartbeatMs)
    .fixed(introduction.nonce, NONCE_SIZE)
    .fixed(fromHex(introduction.boot), BOOT_SIZE)
    .ms(introduction.startedAtMs)
    .u16(introduction.roleNumber)
    .u32(introduction.number)
    .u32(introduction.shard);
}

function readIntroduction(reader: ByteReader): Introduction {
  return {
    capabilities: reader.u32(),
    heartbeatMs: reader.u32(),
    nonce: reader.bytes(NONCE_SIZE),
    boot: toHex(reader.bytes(BOOT_SIZE)),
    startedAtMs: reader.ms(),
    roleNumber: reader.u16(),
    number: reader.u32(),
    shard: reader.u32(),
  };
}

const REFUSE_NAMES = new Map(
  (Object.keys(RefuseReason) as RefuseReason[]).map((name) => [RefuseReason[name] as number, name]),
);
const GOODBYE_NAMES = new Map(
  (Object.keys(GoodbyeReason) as GoodbyeReason[]).map((name) => [GoodbyeReason[name] as number, name]),
);

export function encodeRefuse(reason: RefuseReason, detail: string, otherStartedAtMs = 0): Uint8Array {
  return new ByteWriter()
    .u8(RefuseReason[reason])
    .text16(detail.slice(0, DETAIL_LENGTH_MAX))
    .ms(otherStartedAtMs)
    .finish();
}

export function decodeRefuse(body: Uint8Array): Refusal | undefined {
  const reader = new ByteReader(body);
  const reason = REFUSE_NAMES.get(reader.u8()) ?? "unknown";
  const detail = reader.text16().slice(0, DETAIL_LENGTH_MAX);
  const otherStartedAtMs = reader.ms();
  return reader.ok ? { reason, detail, otherStartedAtMs } : undefined;
}

export function encodeGoodbye(reason: GoodbyeReason, detail: string): Uint8Array {
  return new ByteWriter().u8(GoodbyeReason[reason]).text16(detail.slice(0, DETAIL_LENGTH_MAX)).finish();
}

export function decodeGoodbye(body: Uint8Array): { reason: GoodbyeReason | "unknown"; detail: string } | undefined {
  const reader = new ByteReader(body);
  const reason = GOODBYE_NAMES.get(reader.u8()) ?? "unknown";
  const detail = reader.text16().slice(0, DETAIL_LENGTH_MAX);
  return reader.ok ? { reason, detail } : undefined;
}
