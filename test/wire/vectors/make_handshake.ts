/**
 * Vectors of the handshake: bodies with their fields, and whole transcripts with the keys and what each MAC must be.
 */

import { toHex } from "#base/digest.ts";
import { encodeChallenge, encodeGoodbye, encodeHello, encodeRefuse } from "#wire/handshake.ts";
import type { Challenge, GoodbyeReason, Hello, RefuseReason } from "#wire/handshake.ts";
import { GoodbyeReason as GoodbyeReasons, RefuseReason as RefuseReasons } from "#wire/handshake.ts";
import { Kind, encodeFrame } from "#wire/header.ts";
import { NUMBER_MAX, ROLE_NUMBERS, wireKey } from "#wire/role.ts";
import { digest } from "../digest.ts";

export interface BodyVector {
  readonly name: string;
  readonly kind: "hello" | "challenge" | "refuse" | "goodbye";
  readonly body: string;
  /** Null: the body must be refused. */
  readonly fields: Readonly<Record<string, number | string>> | null;
  /** Bytes at the end that this version ignores: an encoder does not write them. */
  readonly trailing: string;
}

export interface TranscriptVector {
  readonly name: string;
  readonly dialKeys: readonly string[];
  readonly acceptKeys: readonly string[];
  /** Whole frames. */
  readonly hello: string;
  readonly challenge: string;
  readonly proof: string;
  /** The mac of the proof is right under this key of the acceptor; -1: under none, answered with refuse bad_proof. */
  readonly acceptKeyIndex: number;
  readonly proofMac: string;
  /** Null when it ends with a refusal. */
  readonly welcome: string | null;
  readonly welcomeMac: string | null;
}

const ENCODER = new TextEncoder();
const counted = (from: number, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, index) => (from + index) & 0xff);

export const HELLO: Hello = {
  protocolMin: 1,
  protocolMax: 1,
  capabilities: 0,
  heartbeatMs: 1000,
  nonce: counted(0x00, 32),
  boot: "a1b2c3d4e5f60718293a4b5c6d7e8f90",
  startedAtMs: 1_767_225_600_000,
  roleNumber: ROLE_NUMBERS.user,
  number: 901,
  shard: 9,
  targetRoleNumber: ROLE_NUMBERS.gateway,
  targetNumber: 9,
  cluster: "kuafu-test",
};

export const CHALLENGE: Challenge = {
  protocol: 1,
  capabilities: 0,
  heartbeatMs: 500,
  nonce: counted(0x80, 32),
  boot: "00112233445566778899aabbccddeeff",
  startedAtMs: 1_767_225_500_123,
  roleNumber: ROLE_NUMBERS.gateway,
  number: 9,
  shard: 9,
};

/** For files: bytes as hex, everything else as it is. */
export function plainFields(of: Hello | Challenge): Readonly<Record<string, number | string>> {
  return { ...of, nonce: toHex(of.nonce) };
}

export function bodyVectors(): readonly BodyVector[] {
  const hello = toHex(encodeHello(HELLO));
  const challenge = toHex(encodeChallenge(CHALLENGE));
  const vector = (
    name: string,
    of: Pick<BodyVector, "kind" | "body" | "fields"> & { trailing?: string },
  ): BodyVector => ({
    name,
    kind: of.kind,
    body: of.body + (of.trailing ?? ""),
    fields: of.fields,
    trailing: of.trailing ?? "",
  });
  const future: Hello = {
    ...HELLO,
    protocolMin: 2,
    protocolMax: 9,
    capabilities: 0xffff_ffff,
    heartbeatMs: 0xffff_ffff,
    startedAtMs: Number.MAX_SAFE_INTEGER,
    number: NUMBER_MAX,
    cluster: "跨服",
  };
  return [
    vector("hello", { kind: "hello", body: hello, fields: plainFields(HELLO) }),
    vector("hello with bytes of a later version", {
      kind: "hello",
      body: hello,
      fields: plainFields(HELLO),
      trailing: "0102030405",
    }),
    vector("hello of a later version, largest values", {
      kind: "hello",
      body: toHex(encodeHello(future)),
      fields: plainFields(future),
    }),
    vector("hello without its last byte", { kind: "hello", body: hello.slice(0, -2), fields: null }),
    vector("hello without anything", { kind: "hello", body: "", fields: null }),
    vector("hello whose cluster name is not UTF-8", { kind: "hello", body: `${hello.slice(0, -2)}ff`, fields: null }),
    vector("hello started at 2^53", {
      kind: "hello",
      body: hello.replace(toHex(encodeHello(HELLO).subarray(58, 66)), "0020000000000000"),
      fields: null,
    }),
    vector("challenge", { kind: "challenge", body: challenge, fields: plainFields(CHALLENGE) }),
    vector("challenge with bytes of a later version", {
      kind: "challenge",
      body: challenge,
      fields: plainFields(CHALLENGE),
      trailing: "ff",
    }),
    vector("challenge without its last byte", { kind: "challenge", body: challenge.slice(0, -2), fields: null }),
    ...(Object.keys(RefuseReasons) as RefuseReason[]).map((reason) => {
      const otherStartedAtMs = reason === "duplicate_identity" ? 1_767_225_000_000 : 0;
      const detail = `because of ${reason}`;
      return vector(`refuse ${reason}`, {
        kind: "refuse",
        body: toHex(encodeRefuse(reason, detail, otherStartedAtMs)),
        fields: { reason, detail, otherStartedAtMs },
      });
    }),
    vector("refuse for a reason of a later version", {
      kind: "refuse",
      body: "c8000178" + "0000000000000000",
      fields: { reason: "unknown", detail: "x", otherStartedAtMs: 0 },
    }),
    vector("refuse cut in its text", { kind: "refuse", body: "01000578", fields: null }),
    ...(Object.keys(GoodbyeReasons) as GoodbyeReason[]).map((reason) =>
      vector(`goodbye ${reason}`, {
        kind: "goodbye",
        body: toHex(encodeGoodbye(reason, "")),
        fields: { reason, detail: "" },
      }),
    ),
    vector("goodbye with a detail", {
      kind: "goodbye",
      body: toHex(encodeGoodbye("stopping", "再见")),
      fields: { reason: "stopping", detail: "再见" },
    }),
    vector("goodbye without a body", { kind: "goodbye", body: "", fields: null }),
  ];
}

function transcript(
  name: string,
  of: { dialKeys: readonly string[]; acceptKeys: readonly string[]; helloTrailing?: string },
): TranscriptVector {
  const user = wireKey(HELLO.roleNumber, HELLO.number);
  const gateway = wireKey(CHALLENGE.roleNumber, CHALLENGE.number);
  const trailing = ENCODER.encode(of.helloTrailing ?? "");
  const hello = encodeFrame(
    { kind: Kind.hello, source: user, target: gateway, hops: 1 },
    Uint8Array.of(...encodeHello(HELLO), ...trailing),
  );
  const challenge = encodeFrame(
    { kind: Kind.challenge, source: gateway, target: user, hops: 1 },
    encodeChallenge(CHALLENGE),
  );
  const mac = (key: string, label: string): Uint8Array =>
    digest.hmacSha256(ENCODER.encode(key), ENCODER.encode(label), hello, challenge);
  const dialKey = of.dialKeys[0] ?? "";
  const acceptKeyIndex = of.acceptKeys.indexOf(dialKey);
  const proofMac = mac(dialKey, "kuafu dial");
  const welcomeMac = acceptKeyIndex < 0 ? undefined : mac(dialKey, "kuafu accept");
  const keyHex = (key: string): string => toHex(ENCODER.encode(key));
  return {
    name,
    dialKeys: of.dialKeys.map(keyHex),
    acceptKeys: of.acceptKeys.map(keyHex),
    hello: toHex(hello),
    challenge: toHex(challenge),
    proof: toHex(encodeFrame({ kind: Kind.proof, source: user, target: gateway, hops: 1 }, proofMac)),
    acceptKeyIndex,
    proofMac: toHex(proofMac),
    welcome:
      welcomeMac === undefined
        ? null
        : toHex(encodeFrame({ kind: Kind.welcome, source: gateway, target: user, hops: 1 }, welcomeMac)),
    welcomeMac: welcomeMac === undefined ? null : toHex(welcomeMac),
  };
}

export function transcriptVectors(): readonly TranscriptVector[] {
  const first = "first key of the test vectors";
  const second = "second key of the test vectors, which is longer than the 64 bytes of a block of SHA-256";
  return [
    transcript("one key", { dialKeys: [first], acceptKeys: [first] }),
    transcript("rotation: the acceptor has the new key too", { dialKeys: [first], acceptKeys: [second, first] }),
    transcript("rotation: the dialler signs with its first key, not with the common one", {
      dialKeys: [second, first],
      acceptKeys: [first],
    }),
    transcript("hello with bytes of a later version: they are signed too", {
      dialKeys: [second],
      acceptKeys: [second],
      helloTrailing: "later",
    }),
    transcript("another key", { dialKeys: [second], acceptKeys: [first] }),
  ];
}
