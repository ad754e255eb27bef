import { describe, expect, test } from "#test";
import { fromHex, toHex } from "#base/digest.ts";
import { BodyError, packBody, unpackBody } from "#wire/body.ts";
import { MESSAGE_BODIES } from "./vectors.ts";
import { untag } from "./vectors/make_body.ts";

describe("MessagePack bodies", () => {
  for (const vector of MESSAGE_BODIES) {
    test(`vector "${vector.name}"`, () => {
      const body = fromHex(vector.body);
      if (vector.refused) {
        expect(() => unpackBody(body)).toThrow(BodyError);
        return;
      }
      expect(unpackBody(body)).toEqual(untag(vector.value));
      if (vector.written) expect(toHex(packBody(untag(vector.value)))).toBe(vector.body);
    });
  }

  test("a deep body of 32 containers is still taken", () => {
    expect(unpackBody(fromHex(`${"91".repeat(32)}c0`))).toBeDefined();
  });
});
