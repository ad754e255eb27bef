/** The two handshake machines against each other and against what an attacker could send. Pure: no conns, no time. */

import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import type { HandshakeSelf, HandshakeStep } from "#link/handshake.ts";
import { AcceptorHandshake } from "#link/handshake_acceptor.ts";
import type { DialTarget } from "#link/handshake_dialer.ts";
import { DialerHandshake } from "#link/handshake_dialer.ts";
import { decodeChallenge, encodeChallenge, encodeRefuse } from "#wire/handshake.ts";
import { Kind, Offset, encodeFrame, frameBody } from "#wire/header.ts";
import { identity } from "#wire/identity.ts";
import type { Role } from "#wire/role.ts";
import { CENTER, CLUSTER, GATEWAY, KEY, OTHER_KEY, digest } from "./harness.ts";

const TARGET: DialTarget = { role: "gateway", number: 1 };
let seed = 100;

function own(role: Role, change: Partial<HandshakeSelf> = {}): HandshakeSelf {
  seed += 1;
  const self = identity({
    role,
    number: 1,
    shard: 1,
    boot: seed.toString(16).padStart(32, "0"),
    startedAtMs: 1000 + seed,
  });
  return { self, cluster: CLUSTER, keys: [KEY], heartbeatMs: 1000, random: seededRandom(seed), digest, ...change };
}

interface Talk {
  readonly dialer: HandshakeStep;
  readonly acceptor: HandshakeStep;
}

/** Runs both machines until one of them ends; `change` may alter a frame on its way. */
function talk(
  below: HandshakeSelf,
  above: HandshakeSelf,
  change: (frame: Uint8Array, name: string) => Uint8Array = (frame) => frame,
): Talk {
  const dialer = new DialerHandshake(below, TARGET);
  const acceptor = new AcceptorHandshake(above);
  const nothing: HandshakeStep = { kind: "fault", reason: "peer_closed", detail: "" };
  const first = acceptor.receive(change(dialer.start(), "hello"), 0);
  if (first.kind !== "send") return { dialer: nothing, acceptor: first };
  const second = dialer.receive(change(first.frame, "challenge"), 0);
  if (second.kind !== "send") return { dialer: second, acceptor: first };
  const third = acceptor.receive(change(second.frame, "proof"), 0);
  if (third.kind !== "proved" || third.welcome === undefined) return { dialer: second, acceptor: third };
  return { dialer: dialer.receive(change(third.welcome, "welcome"), 0), acceptor: third };
}

function said(step: HandshakeStep): string {
  if (step.kind === "refuse") return `refuse ${step.reason}`;
  if (step.kind === "fault") return `fault ${step.reason}`;
  return step.kind;
}

function agreed(step: HandshakeStep): unknown {
  return step.kind === "proved" ? { ...step.agreement, peer: step.agreement.peer.id } : said(step);
}

describe("Handshake", () => {
  test("ends with both sides knowing each other, the lower common protocol and the larger interval", () => {
    const result = talk(own("center", { heartbeatMs: 700 }), own("gateway", { heartbeatMs: 900 }));
    expect(agreed(result.acceptor)).toEqual({ peer: "center:1", protocol: 1, heartbeatMs: 900 });
    expect(agreed(result.dialer)).toEqual({ peer: "gateway:1", protocol: 1, heartbeatMs: 900 });
  });

  test("works at each step of a key rotation and fails with no key in common", () => {
    const table: readonly (readonly [Uint8Array[], Uint8Array[], string])[] = [
      [[KEY], [KEY, OTHER_KEY], "proved"],
      [[KEY], [OTHER_KEY, KEY], "proved"],
      [[KEY, OTHER_KEY], [KEY], "proved"],
      [[KEY, OTHER_KEY], [OTHER_KEY, KEY], "proved"],
      [[OTHER_KEY, KEY], [KEY, OTHER_KEY], "proved"],
      [[OTHER_KEY], [OTHER_KEY, KEY], "proved"],
      [[OTHER_KEY], [KEY], "refuse bad_proof"],
      // The dialer signs with its first key only, which the acceptor does not hold yet.
      [[OTHER_KEY, KEY], [KEY], "refuse bad_proof"],
    ];
    for (const [below, above, wish] of table) {
      const result = talk(own("center", { keys: below }), own("gateway", { keys: above }));
      expect(said(result.acceptor)).toBe(wish);
      if (wish === "proved") expect(said(result.dialer)).toBe("proved");
    }
  });

  test("fails when any byte of any frame is changed on its way, except in the headers of proof and welcome", () => {
    for (const name of ["hello", "challenge", "proof", "welcome"]) {
      const sizes: number[] = [];
      talk(own("center"), own("gateway"), (frame, which) => {
        if (which === name) sizes.push(frame.length);
        return frame;
      });
      // Size, magic, kind and flags are the decoder's; of the hello the header counts as well.
      const from = name === "proof" || name === "welcome" ? 40 : 8;
      for (let at = from; at < (sizes[0] ?? 0); at += 1) {
        const result = talk(own("center"), own("gateway"), (frame, which) => {
          if (which !== name) return frame;
          const changed = frame.slice();
          changed[at] = (changed[at] ?? 0) ^ 1;
          return changed;
        });
        expect({ name, at, dialer: result.dialer.kind }).not.toEqual({ name, at, dialer: "proved" });
        if (name !== "welcome")
          expect({ name, at, acceptor: result.acceptor.kind }).not.toEqual({ name, at, acceptor: "proved" });
      }
    }
  });

  test("does not take the dialer's own proof for a welcome", () => {
    const dialer = new DialerHandshake(own("center"), TARGET);
    const acceptor = new AcceptorHandshake(own("gateway"));
    const challenge = acceptor.receive(dialer.start(), 0);
    const proof = challenge.kind === "send" ? dialer.receive(challenge.frame, 0) : challenge;
    if (proof.kind !== "send") throw new Error("no proof");
    const reflected = encodeFrame(
      { kind: Kind.welcome, source: GATEWAY, target: CENTER, hops: 1 },
      frameBody(proof.frame, 0),
    );
    expect(said(dialer.receive(reflected, 0))).toBe("fault bad_welcome");
  });

  test("does not take a proof or a welcome of another run", () => {
    const below = own("center");
    const above = own("gateway");
    const old: Record<string, Uint8Array> = {};
    talk(below, above, (frame, name) => {
      old[name] = frame;
      return frame;
    });
    const replay = (which: string): Talk =>
      talk(below, above, (frame, name) => (name === which ? (old[name] ?? frame) : frame));
    expect(said(replay("proof").acceptor)).toBe("refuse bad_proof");
    expect(said(replay("welcome").dialer)).toBe("fault bad_welcome");
    expect(said(replay("hello").acceptor)).toBe("refuse bad_proof");
    expect(said(replay("challenge").acceptor)).toBe("refuse bad_proof");
  });

  test("draws a new nonce each time", () => {
    const below = own("center");
    const first = new DialerHandshake(below, TARGET).start();
    expect(new DialerHandshake(below, TARGET).start()).not.toEqual(first);
  });

  test("ignores what a later version adds to hello, challenge and welcome", () => {
    const longer = (frame: Uint8Array): Uint8Array => {
      const header = {
        kind: frame[Offset.kind] as Kind,
        source: frame[Offset.kind] === Kind.hello ? CENTER : GATEWAY,
        target: GATEWAY,
        hops: 1,
      };
      return encodeFrame(header, new Uint8Array([...frameBody(frame, 0), 1, 2, 3]));
    };
    // A longer hello changes the transcript, so both ends must have seen it: here only the welcome is lengthened.
    expect(
      said(talk(own("center"), own("gateway"), (frame, name) => (name === "welcome" ? longer(frame) : frame)).dialer),
    ).toBe("proved");
    const acceptor = new AcceptorHandshake(own("gateway"));
    expect(said(acceptor.receive(longer(new DialerHandshake(own("center"), TARGET).start()), 0))).toBe("send");
    const dialer = new DialerHandshake(own("center"), TARGET);
    const challenge = new AcceptorHandshake(own("gateway")).receive(dialer.start(), 0);
    if (challenge.kind !== "send") throw new Error("no challenge");
    expect(said(dialer.receive(longer(challenge.frame), 0))).toBe("send");
  });
});

describe("DialerHandshake", () => {
  const challengeFrom = (change: Record<string, unknown>, source = GATEWAY): HandshakeStep => {
    const dialer = new DialerHandshake(own("center"), TARGET);
    const step = new AcceptorHandshake(own("gateway")).receive(dialer.start(), 0);
    const body = step.kind === "send" ? decodeChallenge(frameBody(step.frame, 0)) : undefined;
    if (body === undefined) throw new Error("no challenge");
    const protocol = typeof change["protocol"] === "number" ? change["protocol"] : 1;
    return dialer.receive(
      encodeFrame(
        { kind: Kind.challenge, source, target: CENTER, hops: 1, protocol },
        encodeChallenge({ ...body, ...change }),
      ),
      0,
    );
  };

  test("judges the challenge", () => {
    const table: readonly (readonly [Record<string, unknown>, string])[] = [
      [{}, "send"],
      [{ protocol: 2 }, "fault bad_protocol"],
      [{ protocol: 0 }, "fault bad_protocol"],
      [{ heartbeatMs: 0 }, "fault bad_challenge"],
      [{ heartbeatMs: 60_001 }, "fault bad_challenge"],
      [{ number: 2 }, "fault bad_challenge"],
      [{ shard: 2 }, "fault wrong_identity"],
      [{ shard: 0 }, "fault wrong_identity"],
    ];
    for (const [change, wish] of table)
      expect({ change, said: said(challengeFrom(change)) }).toEqual({ change, said: wish });
    expect(said(challengeFrom({ number: 2 }, (GATEWAY + 1) as typeof GATEWAY))).toBe("fault wrong_identity");
  });

  test("hears a refusal at any step, and nothing after its end", () => {
    const refusal = encodeFrame(
      { kind: Kind.refuse, source: GATEWAY, target: CENTER, hops: 1 },
      encodeRefuse("draining", "later", 5),
    );
    const dialer = new DialerHandshake(own("center"), TARGET);
    expect(dialer.receive(refusal, 0)).toEqual({
      kind: "refused",
      refusal: { reason: "draining", detail: "later", otherStartedAtMs: 5 },
    });
    expect(said(dialer.receive(refusal, 0))).toBe("fault unexpected_frame");
    const other = new DialerHandshake(own("center"), TARGET);
    const challenge = new AcceptorHandshake(own("gateway")).receive(other.start(), 0);
    if (challenge.kind === "send") other.receive(challenge.frame, 0);
    expect(other.receive(refusal, 0).kind).toBe("refused");
  });

  test("takes no welcome before a challenge, and no second challenge", () => {
    const frame = encodeFrame({ kind: Kind.welcome, source: GATEWAY, target: CENTER, hops: 1 }, new Uint8Array(32));
    expect(said(new DialerHandshake(own("center"), TARGET).receive(frame, 0))).toBe("fault unexpected_frame");
    const dialer = new DialerHandshake(own("center"), TARGET);
    const challenge = new AcceptorHandshake(own("gateway")).receive(dialer.start(), 0);
    if (challenge.kind !== "send") throw new Error("no challenge");
    dialer.receive(challenge.frame, 0);
    expect(said(dialer.receive(challenge.frame, 0))).toBe("fault unexpected_frame");
  });
});
