/** Over TLS: a node must show a certificate that names it, whichever end it is. Pure: names in, steps out. */

import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { certificateName, certificateObjection } from "#link/accept_policy.ts";
import type { HandshakeSelf, HandshakeStep } from "#link/handshake.ts";
import { AcceptorHandshake } from "#link/handshake_acceptor.ts";
import { DialerHandshake } from "#link/handshake_dialer.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import type { Role } from "#wire/role.ts";
import { CLUSTER, KEY, digest } from "./harness.ts";

type Names = readonly string[] | undefined;

function node(role: Role, number: number): Identity {
  return identity({ role, number, shard: 1, boot: `${number}`.padStart(32, "0"), startedAtMs: 1000 });
}

function own(self: Identity): HandshakeSelf {
  return { self, cluster: CLUSTER, keys: [KEY], heartbeatMs: 1000, random: seededRandom(7), digest };
}

/** What either end comes to; `ofDialer` are the names that the acceptor sees. */
function meet(seen: { readonly ofDialer: Names; readonly ofAcceptor: Names }): HandshakeStep {
  const dialer = new DialerHandshake(own(node("center", 1)), { role: "gateway", number: 1 }, () => seen.ofAcceptor);
  const acceptor = new AcceptorHandshake(own(node("gateway", 1)), () => seen.ofDialer);
  const challenge = acceptor.receive(dialer.start(), 0);
  if (challenge.kind !== "send") return challenge;
  const proof = dialer.receive(challenge.frame, 0);
  return proof.kind === "send" ? acceptor.receive(proof.frame, 0) : proof;
}

const CENTER_NAME = `center-1.${CLUSTER}`;
const GATEWAY_NAME = `gateway-1.${CLUSTER}`;

describe("Certificate names", () => {
  test("are of role, number and cluster, as a DNS name is written", () => {
    expect(certificateName({ role: "cross_gateway", number: 12 }, "EU.example.com")).toBe(
      "cross-gateway-12.eu.example.com",
    );
  });

  test("admit who is named, among others and in any case", () => {
    for (const name of [CENTER_NAME, CENTER_NAME.toUpperCase()]) {
      const seen = { ofDialer: ["machine-7.internal", name], ofAcceptor: [GATEWAY_NAME] };
      expect(meet(seen).kind).toBe("proved");
    }
    expect(meet({ ofDialer: undefined, ofAcceptor: undefined }).kind).toBe("proved");
  });

  const STRANGERS: readonly (readonly [string, readonly string[]])[] = [
    ["no name", []],
    ["another number", [`center-2.${CLUSTER}`]],
    ["another role", [`user-1.${CLUSTER}`]],
    ["another cluster", ["center-1.elsewhere"]],
    ["the other end's own", [GATEWAY_NAME]],
    ["a wildcard", [`*.${CLUSTER}`]],
    ["a longer name", [`${CENTER_NAME}.evil`, `x.${CENTER_NAME}`]],
  ];
  for (const [what, names] of STRANGERS) {
    test(`acceptor refuses a hello whose certificate has ${what}`, () => {
      expect(meet({ ofDialer: names, ofAcceptor: [GATEWAY_NAME] })).toEqual({
        kind: "refuse",
        reason: "bad_certificate",
        detail: `center:1 shows a certificate for ${names.join(", ") || "no name"}, not for ${CENTER_NAME}`,
      });
    });
  }

  for (const names of [[], [CENTER_NAME], [`gateway-2.${CLUSTER}`], ["gateway-1.elsewhere"]]) {
    test(`dialer ends at a challenge whose certificate has ${names[0] ?? "no name"}, and proves nothing`, () => {
      expect(meet({ ofDialer: [CENTER_NAME], ofAcceptor: names })).toEqual({
        kind: "fault",
        reason: "bad_certificate",
        detail: `gateway:1 shows a certificate for ${names[0] ?? "no name"}, not for ${GATEWAY_NAME}`,
      });
    });
  }

  test("say no more of a long list than a line takes", () => {
    const names = Array.from({ length: 100 }, (_, index) => `${"x".repeat(200)}${index}.${CLUSTER}`);
    const objection = certificateObjection(node("center", 1), { cluster: CLUSTER, names });
    expect(objection?.length).toBeLessThan(400);
    expect(objection).toEndWith(` and 96 more, not for ${CENTER_NAME}`);
  });
});
