import { describe, expect, test } from "#test";
import { faultOfPlainJson, jsonOf, plainOf } from "#admin/plain_json.ts";
import { packBody, unpackBody } from "#wire/body.ts";

const PLAIN = {
  bytes: [Uint8Array.of(0, 255), new Uint8Array(0)],
  long: [2n ** 63n, -(2n ** 63n), 2n ** 53n + 1n],
  numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5],
  $bytes: "a key of the module's own",
  nested: { $: null, $$x: [true, { text: "$bytes" }] },
};

describe("Plain data as JSON", () => {
  test("has a form for bytes, long integers, numbers that are not finite and keys that begin with $", () => {
    expect(jsonOf(PLAIN)).toEqual({
      bytes: [{ $bytes: "00ff" }, { $bytes: "" }],
      long: [
        { $integer: "9223372036854775808" },
        { $integer: "-9223372036854775808" },
        { $integer: "9007199254740993" },
      ],
      numbers: [{ $number: "NaN" }, { $number: "Infinity" }, { $number: "-Infinity" }, 1.5],
      $$bytes: "a key of the module's own",
      nested: { $$: null, $$$x: [true, { text: "$bytes" }] },
    });
  });

  test("comes back as it was, also over the wire", () => {
    const json: unknown = JSON.parse(JSON.stringify(jsonOf(unpackBody(packBody(PLAIN)))));
    expect(faultOfPlainJson(json)).toBe(undefined);
    expect(plainOf(json)).toEqual(PLAIN);
    expect(packBody(plainOf(json))).toEqual(packBody(PLAIN));
  });

  test("has an integer that is exact as a number as that", () => {
    expect(plainOf({ $integer: "-12" })).toBe(-12);
  });

  const faults: [name: string, json: unknown, path: readonly string[], message: string][] = [
    ["odd digits", { a: { $bytes: "abc" } }, ["a", "$bytes"], "must be pairs of hex digits, 0-9 and a-f"],
    ["bytes that are no text", [{ $bytes: 1 }], ["0", "$bytes"], "must be pairs of hex digits, 0-9 and a-f"],
    ["65 bits", { $integer: "18446744073709551616" }, ["$integer"], "must be a whole number of 64 bits, in a text"],
    ["a number that JSON has", { $number: "1" }, ["$number"], "must be NaN, Infinity or -Infinity"],
    ["another key beside", { a: 1, $number: "NaN" }, ["$number"], "must be the only key of its object"],
    ["a form that is none", { $date: "1" }, ["$date"], "is not known here: a key that begins with $ is written $$"],
    ["a number out of range", { a: JSON.parse("1e999") as unknown }, ["a"], "is out of range for a number"],
  ];
  for (const [name, json, path, message] of faults) {
    test(`with ${name} is refused with the place`, () => {
      expect(faultOfPlainJson(json)).toEqual({ path, message });
    });
  }
});
