/**
 * The accepting side of the handshake: judges the hello, sends a challenge, checks the proof and prepares the
 * welcome. Whether a proved node is admitted (it may be linked already) is decided outside. Pure.
 */

import { equalConstantTime } from "#base/digest.ts";
import type { Hello } from "#wire/handshake.ts";
import { MAC_SIZE, NONCE_SIZE, decodeHello, encodeChallenge } from "#wire/handshake.ts";
import { Kind, Offset, frameBody, frameKind, frameSize, kindName, sourceKey } from "#wire/header.ts";
import { PROTOCOL_MIN, PROTOCOL_VERSION } from "#wire/limits.ts";
import { ROLE_NUMBERS, idOfKey, wireKey } from "#wire/role.ts";
import { certificateObjection, objectionTo } from "./accept_policy.ts";
import type { Agreement, Handshake, HandshakeSelf, HandshakeStep, PeerNames, Transcript } from "./handshake.ts";
import { claimedIdentity, fault, hopFrame, introduce, invalidValues, mac } from "./handshake.ts";

type State =
  | { readonly kind: "hello_awaited" }
  | { readonly kind: "proof_awaited"; readonly transcript: Transcript; readonly agreement: Agreement }
  | { readonly kind: "ended" };

export class AcceptorHandshake implements Handshake {
  readonly #own: HandshakeSelf;
  readonly #peerNames: PeerNames;
  #state: State = { kind: "hello_awaited" };

  constructor(own: HandshakeSelf, peerNames: PeerNames = () => undefined) {
    this.#own = own;
    this.#peerNames = peerNames;
  }

  start(): undefined {
    return undefined;
  }

  receive(buffer: Uint8Array, offset: number): HandshakeStep {
    const state = this.#state;
    this.#state = { kind: "ended" };
    const kind = frameKind(buffer, offset);
    if (kind === Kind.hello && state.kind === "hello_awaited") {
      return this.#greeted(buffer.slice(offset, offset + frameSize(buffer, offset)));
    }
    if (kind === Kind.proof && state.kind === "proof_awaited") {
      if (buffer[offset + Offset.protocol] !== state.agreement.protocol) {
        return {
          kind: "refuse",
          reason: "bad_protocol",
          detail: `proof is of another protocol than ${state.agreement.protocol}`,
        };
      }
      return this.#proved(state, frameBody(buffer, offset));
    }
    return fault("unexpected_frame", `${kindName(kind) ?? "unknown"} while ${state.kind}`);
  }

  #greeted(frame: Uint8Array): HandshakeStep {
    const own = this.#own;
    const hello = decodeHello(frameBody(frame, 0));
    if (hello === undefined) return { kind: "refuse", reason: "bad_hello", detail: "it is cut short" };
    const protocol = Math.min(PROTOCOL_VERSION, hello.protocolMax);
    if (protocol < Math.max(PROTOCOL_MIN, hello.protocolMin)) {
      const detail = `you speak ${hello.protocolMin} to ${hello.protocolMax}, we speak ${PROTOCOL_MIN} to ${PROTOCOL_VERSION}`;
      return { kind: "refuse", reason: "bad_protocol", detail };
    }
    const refused = this.#objection(hello, frame);
    if (refused !== undefined) return refused;
    const peer = claimedIdentity(hello);
    if (peer === undefined)
      return { kind: "refuse", reason: "role_not_allowed", detail: `role ${hello.roleNumber} is unknown here` };
    const objection = objectionTo({ acceptor: own.self, dialer: peer, expectedShard: own.expectedShard });
    if (objection !== undefined) return { kind: "refuse", ...objection };
    const untrusted = certificateObjection(peer, { cluster: own.cluster, names: this.#peerNames() });
    if (untrusted !== undefined) return { kind: "refuse", reason: "bad_certificate", detail: untrusted };
    const body = encodeChallenge({ ...introduce(own, own.random.bytes(NONCE_SIZE)), protocol });
    const challenge = hopFrame({ kind: Kind.challenge, source: own.self.key, target: peer.key, protocol }, body);
    const heartbeatMs = Math.max(own.heartbeatMs, hello.heartbeatMs);
    this.#state = {
      kind: "proof_awaited",
      transcript: { hello: frame, challenge },
      agreement: { peer, protocol, heartbeatMs },
    };
    return { kind: "send", frame: challenge };
  }

  #objection(hello: Hello, frame: Uint8Array): HandshakeStep | undefined {
    const { self, cluster } = this.#own;
    if (hello.cluster !== cluster) return { kind: "refuse", reason: "bad_cluster", detail: "this is another cluster" };
    const invalid = invalidValues(hello);
    if (invalid !== undefined) return { kind: "refuse", reason: "bad_hello", detail: invalid };
    if (sourceKey(frame, 0) !== wireKey(hello.roleNumber, hello.number)) {
      return { kind: "refuse", reason: "bad_hello", detail: "header and body name different nodes" };
    }
    if (hello.targetRoleNumber !== ROLE_NUMBERS[self.role] || hello.targetNumber !== self.number) {
      const wanted = idOfKey(wireKey(hello.targetRoleNumber, hello.targetNumber));
      return { kind: "refuse", reason: "wrong_target", detail: `this is ${self.id}, not ${wanted}` };
    }
    return undefined;
  }

  #proved(state: State & { kind: "proof_awaited" }, body: Uint8Array): HandshakeStep {
    const { digest, keys, self } = this.#own;
    const { agreement, transcript } = state;
    if (body.length !== MAC_SIZE)
      return { kind: "refuse", reason: "bad_proof", detail: "it has another size than a proof" };
    for (const key of keys) {
      if (!equalConstantTime(body, mac("dial", transcript, { digest, key }))) continue;
      const welcome = mac("accept", transcript, { digest, key });
      const header = { kind: Kind.welcome, source: self.key, target: agreement.peer.key, protocol: agreement.protocol };
      return { kind: "proved", agreement, welcome: hopFrame(header, welcome) };
    }
    return { kind: "refuse", reason: "bad_proof", detail: "the cluster key is another one" };
  }
}
