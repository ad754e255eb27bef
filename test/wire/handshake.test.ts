import { describe, expect, test } from "#test";
import { AssertionError } from "#base/assert.ts";
import { fromHex, toHex } from "#base/digest.ts";
import {
  BOOT_SIZE,
  MAC_SIZE,
  NONCE_SIZE,
  decodeChallenge,
  decodeGoodbye,
  decodeHello,
  decodeRefuse,
  encodeChallenge,
  encodeGoodbye,
  encodeHello,
  encodeRefuse,
} from "#wire/handshake.ts";
import type { Challenge, GoodbyeReason, Hello, RefuseReason } from "#wire/handshake.ts";
import { frameBody, frameKind, kindName, sourceKey, targetKey } from "#wire/header.ts";
import { wireKey } from "#wire/role.ts";
import { digest } from "./digest.ts";
import { HANDSHAKE_BODIES, TRANSCRIPTS } from "./vectors.ts";
import type { BodyVector } from "./vectors/make_handshake.ts";

type Fields = Readonly<Record<string, number | string>>;

function withHexNonce(of: Hello | Challenge | undefined): Fields | null {
  return of === undefined ? null : { ...of, nonce: toHex(of.nonce) };
}

function decodeBody(kind: BodyVector["kind"], body: Uint8Array): Fields | null {
  switch (kind) {
    case "hello":
      return withHexNonce(decodeHello(body));
    case "challenge":
      return withHexNonce(decodeChallenge(body));
    case "refuse": {
      const refusal = decodeRefuse(body);
      return refusal === undefined ? null : { ...refusal };
    }
    case "goodbye":
      return decodeGoodbye(body) ?? null;
  }
}

function encodeBody(kind: BodyVector["kind"], fields: Fields): string {
  const nonce = fromHex(String(fields["nonce"] ?? ""));
  switch (kind) {
    case "hello":
      return toHex(encodeHello({ ...fields, nonce } as unknown as Hello));
    case "challenge":
      return toHex(encodeChallenge({ ...fields, nonce } as unknown as Challenge));
    case "refuse":
      return toHex(
        encodeRefuse(fields["reason"] as RefuseReason, String(fields["detail"]), Number(fields["otherStartedAtMs"])),
      );
    case "goodbye":
      return toHex(encodeGoodbye(fields["reason"] as GoodbyeReason, String(fields["detail"])));
  }
}

describe("handshake bodies", () => {
  for (const vector of HANDSHAKE_BODIES) {
    test(`vector "${vector.name}"`, () => {
      const body = fromHex(vector.body);
      expect(decodeBody(vector.kind, body)).toEqual(vector.fields);
      if (vector.fields === null || vector.fields["reason"] === "unknown") return;
      expect(encodeBody(vector.kind, vector.fields) + vector.trailing).toBe(vector.body);
    });
  }

  for (const kind of ["hello", "challenge", "refuse", "goodbye"] as const) {
    const whole = HANDSHAKE_BODIES.filter((one) => one.kind === kind && one.fields !== null && one.trailing === "");

    test(`${kind}: cut at any byte it is refused, and bytes that follow change nothing`, () => {
      expect(whole.length).toBeGreaterThan(0);
      for (const vector of whole) {
        const body = fromHex(vector.body);
        for (let cut = 0; cut < body.length; cut += 1) expect(decodeBody(kind, body.slice(0, cut))).toBeNull();
        for (const more of [1, 40, 3000]) {
          expect(decodeBody(kind, Uint8Array.of(...body, ...new Uint8Array(more).fill(0xff)))).toEqual(vector.fields);
        }
      }
    });
  }

  test("what is decoded does not share the frame's memory", () => {
    const vector = HANDSHAKE_BODIES.find((one) => one.name === "hello");
    const body = fromHex(vector?.body ?? "");
    const hello = decodeHello(body);
    body.fill(0);
    expect(toHex(hello?.nonce ?? new Uint8Array(0))).toBe(String(vector?.fields?.["nonce"]));
  });

  test("a long detail is cut, so that the frame fits into the handshake's limit", () => {
    const long = "跨".repeat(5000);
    expect(encodeRefuse("bad_hello", long).length).toBeLessThan(2048);
    expect(encodeGoodbye("stopping", long).length).toBeLessThan(2048);
    expect(decodeGoodbye(encodeGoodbye("stopping", long))?.detail).toBe("跨".repeat(512));
  });

  test("a nonce or boot of another size is a bug of the writer", () => {
    const vector = HANDSHAKE_BODIES.find((one) => one.name === "hello");
    const hello = decodeHello(fromHex(vector?.body ?? "")) as Hello;
    expect(() => encodeHello({ ...hello, nonce: new Uint8Array(NONCE_SIZE - 1) })).toThrow(AssertionError);
    expect(() => encodeHello({ ...hello, boot: "00".repeat(BOOT_SIZE + 1) })).toThrow(AssertionError);
  });
});

describe("handshake transcripts", () => {
  const ENCODER = new TextEncoder();

  for (const vector of TRANSCRIPTS) {
    test(`"${vector.name}": MACs over the label and the exact bytes of both frames`, () => {
      const hello = fromHex(vector.hello);
      const challenge = fromHex(vector.challenge);
      const mac = (key: string, label: string): string =>
        toHex(digest.hmacSha256(fromHex(key), ENCODER.encode(label), hello, challenge));
      expect(mac(vector.dialKeys[0] ?? "", "kuafu dial")).toBe(vector.proofMac);
      const verified = vector.acceptKeys.map((key) => mac(key, "kuafu dial")).indexOf(vector.proofMac);
      expect(verified).toBe(vector.acceptKeyIndex);
      const answered = verified < 0 ? null : mac(vector.acceptKeys[verified] ?? "", "kuafu accept");
      expect(answered).toBe(vector.welcomeMac);
    });

    test(`"${vector.name}": headers name the ends as their bodies do`, () => {
      const hello = fromHex(vector.hello);
      const challenge = fromHex(vector.challenge);
      const said = decodeHello(frameBody(hello, 0));
      const answered = decodeChallenge(frameBody(challenge, 0));
      const user = wireKey(said?.roleNumber ?? 0, said?.number ?? 0);
      const gateway = wireKey(answered?.roleNumber ?? 0, answered?.number ?? 0);
      expect(wireKey(said?.targetRoleNumber ?? 0, said?.targetNumber ?? 0)).toBe(gateway);
      const frames = [
        hello,
        challenge,
        fromHex(vector.proof),
        ...(vector.welcome === null ? [] : [fromHex(vector.welcome)]),
      ];
      expect(frames.map((frame) => kindName(frameKind(frame, 0)))).toEqual(
        ["hello", "challenge", "proof", "welcome"].slice(0, frames.length) as never,
      );
      for (const [index, frame] of frames.entries()) {
        const fromUser = index % 2 === 0;
        expect([sourceKey(frame, 0), targetKey(frame, 0)]).toEqual(fromUser ? [user, gateway] : [gateway, user]);
      }
      expect(toHex(frameBody(fromHex(vector.proof), 0))).toBe(vector.proofMac);
      expect(vector.proofMac.length).toBe(MAC_SIZE * 2);
    });
  }
});
