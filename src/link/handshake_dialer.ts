/**
 * The dialing side of the handshake: sends hello, answers the challenge with a proof, checks the welcome.
 * Pure; holds no conn and no timer.
 */

import { equalConstantTime } from "#base/digest.ts";
import { MAC_SIZE, NONCE_SIZE, decodeChallenge, decodeRefuse, encodeHello } from "#wire/handshake.ts";
import { Kind, Offset, frameBody, frameKind, frameSize, kindName, sourceKey } from "#wire/header.ts";
import { PROTOCOL_MIN, PROTOCOL_VERSION } from "#wire/limits.ts";
import type { Role } from "#wire/role.ts";
import { ROLE_NUMBERS, idOfKey, nodeKey, wireKey } from "#wire/role.ts";
import { certificateObjection, objectionTo } from "./accept_policy.ts";
import type { Agreement, Handshake, HandshakeSelf, HandshakeStep, PeerNames } from "./handshake.ts";
import { claimedIdentity, fault, hopFrame, introduce, invalidValues, mac } from "./handshake.ts";

export interface DialTarget {
  readonly role: Role;
  readonly number: number;
}

type State =
  | { readonly kind: "challenge_awaited" }
  | { readonly kind: "welcome_awaited"; readonly challenge: Uint8Array; readonly agreement: Agreement }
  | { readonly kind: "ended" };

export class DialerHandshake implements Handshake {
  readonly #own: HandshakeSelf;
  readonly #peerNames: PeerNames;
  readonly #target: DialTarget;
  readonly #hello: Uint8Array;
  #state: State = { kind: "challenge_awaited" };

  constructor(own: HandshakeSelf, target: DialTarget, peerNames: PeerNames = () => undefined) {
    this.#own = own;
    this.#peerNames = peerNames;
    this.#target = target;
    const body = encodeHello({
      ...introduce(own, own.random.bytes(NONCE_SIZE)),
      protocolMin: PROTOCOL_MIN,
      protocolMax: PROTOCOL_VERSION,
      targetRoleNumber: ROLE_NUMBERS[target.role],
      targetNumber: target.number,
      cluster: own.cluster,
    });
    this.#hello = hopFrame(
      { kind: Kind.hello, source: own.self.key, target: nodeKey(target.role, target.number) },
      body,
    );
  }

  start(): Uint8Array {
    return this.#hello;
  }

  receive(buffer: Uint8Array, offset: number): HandshakeStep {
    const state = this.#state;
    this.#state = { kind: "ended" };
    const kind = frameKind(buffer, offset);
    if (kind === Kind.refuse && state.kind !== "ended") {
      const refusal = decodeRefuse(frameBody(buffer, offset));
      return refusal === undefined
        ? fault("unexpected_frame", "a refusal that cannot be read")
        : { kind: "refused", refusal };
    }
    if (kind === Kind.challenge && state.kind === "challenge_awaited") {
      return this.#challenged(buffer.slice(offset, offset + frameSize(buffer, offset)));
    }
    if (kind === Kind.welcome && state.kind === "welcome_awaited") {
      if (buffer[offset + Offset.protocol] !== state.agreement.protocol)
        return fault("bad_protocol", "welcome is of another protocol");
      return this.#welcomed(state, frameBody(buffer, offset));
    }
    return fault("unexpected_frame", `${kindName(kind) ?? "unknown"} while ${state.kind}`);
  }

  #challenged(frame: Uint8Array): HandshakeStep {
    const own = this.#own;
    const challenge = decodeChallenge(frameBody(frame, 0));
    if (challenge === undefined) return fault("bad_challenge", "it is cut short");
    const { protocol } = challenge;
    if (protocol < PROTOCOL_MIN || protocol > PROTOCOL_VERSION || frame[Offset.protocol] !== protocol) {
      return fault(
        "bad_protocol",
        `the other end chose ${protocol}, allowed is ${PROTOCOL_MIN} to ${PROTOCOL_VERSION}`,
      );
    }
    const invalid = invalidValues(challenge);
    if (invalid !== undefined) return fault("bad_challenge", invalid);
    const key = wireKey(challenge.roleNumber, challenge.number);
    if (sourceKey(frame, 0) !== key) return fault("bad_challenge", "header and body name different nodes");
    const peer = claimedIdentity(challenge);
    if (peer === undefined || peer.role !== this.#target.role || peer.number !== this.#target.number) {
      return fault(
        "wrong_identity",
        `${idOfKey(key)} answers where ${this.#target.role}:${this.#target.number} should be`,
      );
    }
    const objection = objectionTo({ acceptor: peer, dialer: own.self, expectedShard: own.expectedShard });
    if (objection !== undefined) return fault("wrong_identity", objection.detail);
    const untrusted = certificateObjection(peer, { cluster: own.cluster, names: this.#peerNames() });
    if (untrusted !== undefined) return fault("bad_certificate", untrusted);
    const heartbeatMs = Math.max(own.heartbeatMs, challenge.heartbeatMs);
    this.#state = { kind: "welcome_awaited", challenge: frame, agreement: { peer, protocol, heartbeatMs } };
    const signer = { digest: own.digest, key: own.keys[0] as Uint8Array };
    const proof = mac("dial", { hello: this.#hello, challenge: frame }, signer);
    return { kind: "send", frame: hopFrame({ kind: Kind.proof, source: own.self.key, target: key, protocol }, proof) };
  }

  #welcomed(state: State & { kind: "welcome_awaited" }, body: Uint8Array): HandshakeStep {
    if (body.length < MAC_SIZE) return fault("bad_welcome", "it is cut short");
    const found = body.subarray(0, MAC_SIZE);
    const transcript = { hello: this.#hello, challenge: state.challenge };
    for (const key of this.#own.keys) {
      if (equalConstantTime(found, mac("accept", transcript, { digest: this.#own.digest, key }))) {
        return { kind: "proved", agreement: state.agreement, welcome: undefined };
      }
    }
    return fault("bad_welcome", "the other end does not hold our key");
  }
}
