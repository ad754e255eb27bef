import { describe, expect, test } from "#test";
import { BODY_DEPTH_MAX, BodyError, packBody, unpackBody } from "#wire/body.ts";

class Hero {
  readonly name = "Kuafu";
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

function refusalOf(value: unknown): string {
  try {
    packBody(value);
  } catch (error) {
    return error instanceof BodyError ? error.message : `not a BodyError: ${String(error)}`;
  }
  return "no error";
}

describe("Body: what a sender refuses", () => {
  const NOT_PLAIN: readonly (readonly [string, unknown])[] = [
    ["a Date", new Date(0)],
    ["a Map", new Map([["a", 1]])],
    ["a Set", new Set([1])],
    ["a RegExp", /a/],
    ["an Error", new Error("secret")],
    ["an instance of a class", new Hero()],
    ["a boxed number", new Number(5)],
    ["a Float64Array", new Float64Array(2)],
    ["an ArrayBuffer", new ArrayBuffer(3)],
    ["a DataView", new DataView(new ArrayBuffer(3))],
    ["a promise", Promise.resolve(1)],
  ];
  for (const [name, value] of NOT_PLAIN) {
    test(`${name}, also within others`, () => {
      const message = "Cannot encode body: it has an instance of a class";
      expect([value, [value], { a: { b: value } }].map(refusalOf)).toEqual([message, message, message]);
    });
  }

  test("functions and symbols, and the key that the reader would rename", () => {
    expect(refusalOf({ a: () => 1 })).toBe("Cannot encode body: it has a function");
    expect(refusalOf([Symbol("secret")])).toBe("Cannot encode body: it has a symbol");
    expect(refusalOf(JSON.parse('{"a":{"__proto__":1}}'))).toBe('Cannot encode body: it has the key "__proto__"');
  });

  test("what is deeper than a reader takes, and no less", () => {
    expect(unpackBody(packBody(nested(BODY_DEPTH_MAX)))).toEqual(nested(BODY_DEPTH_MAX));
    expect(refusalOf(nested(BODY_DEPTH_MAX + 1))).toBe("Cannot encode body: it is cyclic or too deep");
  });

  test("not objects without a prototype, nor bytes of a subclass", () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    expect(unpackBody(packBody(bare))).toEqual({ a: 1 });
    expect(unpackBody(packBody({ bytes: Buffer.from("ab") }))).toEqual({ bytes: new Uint8Array([97, 98]) });
  });
});
