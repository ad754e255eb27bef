/** The MACs that the handshake makes are those of the vectors that other implementations are checked against. */

import { describe, expect, test } from "#test";
import { fromHex, toHex } from "#base/digest.ts";
import { mac } from "#link/handshake.ts";
import { TRANSCRIPTS } from "../wire/vectors.ts";
import { digest } from "../wire/digest.ts";

describe("Handshake transcripts", () => {
  for (const vector of TRANSCRIPTS) {
    test(`"${vector.name}": proof and welcome are as recorded`, () => {
      const transcript = { hello: fromHex(vector.hello), challenge: fromHex(vector.challenge) };
      const made = (side: "dial" | "accept", key: string | undefined): string =>
        toHex(mac(side, transcript, { digest, key: fromHex(key ?? "") }));
      expect(made("dial", vector.dialKeys[0])).toBe(vector.proofMac);
      const proved = vector.acceptKeys.find((key) => made("dial", key) === vector.proofMac);
      expect(proved === undefined ? null : made("accept", proved)).toBe(vector.welcomeMac);
    });
  }
});
