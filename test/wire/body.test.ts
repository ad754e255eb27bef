import { describe, expect, test } from "#test";
import { BODY_DEPTH_MAX, BodyError, packBody, unpackBody } from "#wire/body.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof BodyError ? error.message : `not a BodyError: ${String(error)}`;
  }
  return "no error";
}

function nested(depth: number): Uint8Array {
  const bytes = new Uint8Array(depth + 1).fill(0x91);
  bytes[depth] = 1;
  return bytes;
}

describe("Body", () => {
  test("carries every plain value unchanged", () => {
    const value = {
      nothing: null,
      yes: true,
      no: false,
      small: 7,
      negative: -300,
      large: 1_763_000_000_000,
      half: 0.5,
      text: "跨服",
      long: "x".repeat(70_000),
      bytes: new Uint8Array([0, 255]),
      list: [1, [2, [3]], {}],
      wide: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, index])),
      big: 2n ** 63n,
    };
    expect(unpackBody(packBody(value))).toEqual(value);
  });

  test("leaves undefined properties out and writes an undefined whole as nothing", () => {
    expect(unpackBody(packBody({ a: 1, b: undefined }))).toEqual({ a: 1 });
    expect(packBody(undefined)).toEqual(new Uint8Array(0));
    expect(unpackBody(new Uint8Array(0))).toBeUndefined();
  });

  test("reads an integer that another language wrote in 64 bits as a number when it is safe", () => {
    const time = new Uint8Array(9);
    time[0] = 0xcf;
    new DataView(time.buffer).setBigUint64(1, 1_763_000_000_000n);
    expect(unpackBody(time)).toBe(1_763_000_000_000);
  });

  test("shares no memory with the bytes that it was read from", () => {
    const bytes = packBody({ inner: new Uint8Array([1, 2, 3]) }).slice();
    const value = unpackBody(bytes);
    bytes.fill(0);
    expect(value).toEqual({ inner: new Uint8Array([1, 2, 3]) });
  });

  test("refuses what can't be encoded", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(codeOf(() => packBody(cycle))).toContain("Cannot encode body");
    expect(codeOf(() => packBody(2n ** 64n))).toContain("Cannot encode body");
    expect(codeOf(() => packBody(Symbol("x")))).toContain("Cannot encode body");
    expect(unpackBody(packBody({ still: "works" }))).toEqual({ still: "works" });
  });

  const faults: readonly (readonly [string, readonly number[]])[] = [
    ["an array of 2^32 items in five bytes", [0xdd, 255, 255, 255, 255]],
    ["a map of 2^32 pairs in five bytes", [0xdf, 255, 255, 255, 255]],
    ["text longer than the bytes", [0xdb, 255, 255, 255, 255, 65]],
    ["a record definition", [0xd4, 0x72, 0x40, 0x91, 0xa1, 65]],
    ["a timestamp", [0xd6, 0xff, 0, 0, 0, 0]],
    ["a regular expression", [0xc7, 3, 0x78, 0x92, 0xa0, 0xa0]],
    ["the token that never is", [0xc1]],
    ["a number as a key", [0x81, 1, 1]],
    ["bytes behind the value", [1, 1]],
    ["a length that is cut", [0xda, 0]],
  ];
  for (const [what, bytes] of faults) {
    test(`refuses ${what}`, () => {
      expect(codeOf(() => unpackBody(new Uint8Array(bytes)))).toContain("Cannot decode body");
    });
  }

  test("refuses a depth above the limit and takes the limit itself", () => {
    expect(codeOf(() => unpackBody(nested(BODY_DEPTH_MAX)))).toBe("no error");
    expect(codeOf(() => unpackBody(nested(BODY_DEPTH_MAX + 1)))).toContain("deeper than");
    expect(codeOf(() => unpackBody(nested(100_000)))).toContain("deeper than");
  });

  test("refuses every cut of a body, and never throws anything else for a changed byte", () => {
    const whole = packBody({ id: "boss", list: [1, "two", { three: new Uint8Array(3) }], at: 1.5 });
    for (let size = 1; size < whole.length; size += 1) {
      expect(codeOf(() => unpackBody(whole.subarray(0, size)))).toContain("Cannot decode body");
    }
    for (let at = 0; at < whole.length; at += 1) {
      for (let value = 0; value < 256; value += 1) {
        const changed = whole.slice();
        changed[at] = value;
        expect(codeOf(() => unpackBody(changed))).toMatch(/^(no error|Cannot decode body)/);
      }
    }
  });

  test("an object from the wire has no foreign prototype", () => {
    const value = unpackBody(
      new Uint8Array([0x81, 0xa9, ...new TextEncoder().encode("__proto__"), 0x81, 0xa1, 0x61, 1]),
    );
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as Record<string, unknown>)["a"]).toBeUndefined();
  });
});
