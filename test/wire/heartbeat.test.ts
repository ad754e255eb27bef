import { describe, expect, test } from "#test";
import { fromHex, toHex } from "#base/digest.ts";
import { HEARTBEAT_SIZE, decodeHeartbeat, encodeHeartbeat } from "#wire/heartbeat.ts";
import { HEARTBEATS } from "./vectors.ts";

describe("heartbeat", () => {
  for (const vector of HEARTBEATS) {
    test(`vector "${vector.name}"`, () => {
      const beat = decodeHeartbeat(fromHex(vector.body));
      if (vector.fields === null) {
        expect(beat).toBeUndefined();
        return;
      }
      const wanted = {
        ...vector.fields,
        saidDigest: BigInt(`0x${vector.fields.saidDigest}`),
        appliedDigest: BigInt(`0x${vector.fields.appliedDigest}`),
      };
      expect(beat).toEqual(wanted);
      const written = encodeHeartbeat(wanted);
      expect(written.length).toBe(HEARTBEAT_SIZE);
      expect(toHex(written) + vector.trailing).toBe(vector.body);
    });
  }

  test("cut at any byte it is refused, flags that nobody knows are ignored", () => {
    const body = encodeHeartbeat({ sequence: 7, clusterMs: 1, echoMs: 2, saidDigest: 3n, appliedDigest: 4n });
    for (let cut = 0; cut < body.length; cut += 1) expect(decodeHeartbeat(body.slice(0, cut))).toBeUndefined();
    body.fill(0xff, 4, 8);
    expect(decodeHeartbeat(body)).toEqual({ sequence: 7, clusterMs: 1, echoMs: 2, saidDigest: 3n, appliedDigest: 4n });
  });
});
