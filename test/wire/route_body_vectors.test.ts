import { describe, expect, test } from "#test";
import { fromHex, toHex } from "#base/digest.ts";
import { decodeApplied, encodeApplied } from "#sync/applied.ts";
import { decodeAttached, encodeAttached } from "#sync/attached.ts";
import { ROUTE_BODIES } from "./vectors.ts";
import { plainException, plainNode } from "./vectors/make_route.ts";

describe("bodies of route topics", () => {
  for (const vector of ROUTE_BODIES) {
    test(`vector "${vector.name}"`, () => {
      const body = fromHex(vector.body);
      if (vector.topic.startsWith("attached/")) {
        const nodes = decodeAttached(body);
        expect(nodes === undefined ? null : { nodes: nodes.map(plainNode) }).toEqual(vector.fields as never);
        if (vector.written) expect(toHex(encodeAttached(nodes ?? []))).toBe(vector.body);
        return;
      }
      const applied = decodeApplied(body);
      const plain =
        applied === undefined
          ? null
          : {
              digest: applied.digest.toString(16).padStart(16, "0"),
              exceptions: applied.exceptions.map(plainException),
            };
      expect(plain).toEqual(vector.fields as never);
      if (applied !== undefined && vector.written) expect(toHex(encodeApplied(applied))).toBe(vector.body);
    });
  }
});
