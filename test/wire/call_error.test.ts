import { describe, expect, test } from "#test";
import { fromHex, toHex } from "#base/digest.ts";
import { CallErrorCode, decodeCallError, encodeCallError } from "#wire/call_error.ts";
import { nodeKey, wireKey } from "#wire/role.ts";
import { CALL_ERRORS } from "./vectors.ts";

describe("error body", () => {
  for (const vector of CALL_ERRORS) {
    test(`vector "${vector.name}"`, () => {
      const body = fromHex(vector.body);
      const error = decodeCallError(body);
      if (vector.fields === null) {
        expect(error).toBeUndefined();
        return;
      }
      const { code, atRole, atNumber, detail } = vector.fields;
      const at = wireKey(atRole, atNumber);
      expect(error).toEqual({ code: code as CallErrorCode, at, detail });
      for (let cut = 0; cut < body.length - vector.trailing.length / 2; cut += 1)
        expect(decodeCallError(body.slice(0, cut))).toBeUndefined();
      if (vector.name.includes("later version reads")) return;
      expect(toHex(encodeCallError({ code: code as CallErrorCode, at, detail })) + vector.trailing).toBe(vector.body);
    });
  }

  test("codes have the numbers that the protocol gives them", () => {
    expect(CallErrorCode).toEqual({
      NO_ROUTE: 1,
      LINK_LOST: 2,
      DEADLINE: 3,
      OVERLOADED: 4,
      DRAINING: 5,
      UNKNOWN_METHOD: 6,
      INVALID: 7,
      FAILED: 8,
    });
  });

  test("a long detail is cut", () => {
    const body = encodeCallError({ code: "FAILED", at: nodeKey("map", 1), detail: "跨".repeat(100_000) });
    expect(body.length).toBeLessThan(4096);
    expect(decodeCallError(body)?.detail).toBe("跨".repeat(1024));
  });
});
