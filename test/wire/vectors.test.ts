import { describe, expect, test } from "#test";
import { FILES } from "./vectors.ts";
import { makeVectors } from "./vectors/make.ts";

describe("Test vectors", () => {
  const made = makeVectors();

  test("are all made and all committed", () => {
    expect(Object.keys(made).toSorted()).toEqual(Object.keys(FILES).toSorted());
  });

  for (const [file, content] of Object.entries(made)) {
    test(`${file}: what the generator makes is what is committed`, () => {
      expect(JSON.parse(JSON.stringify(content))).toEqual(FILES[file]);
    });
  }

  test("have names that are unique within their file", () => {
    const tables = Object.values(FILES).flatMap((content) =>
      Array.isArray(content) ? [content] : Object.values(content as object),
    );
    for (const content of tables) {
      const names = (content as readonly { readonly name: string }[]).map((one) => one.name);
      expect(new Set(names).size).toBe(names.length);
      expect(names.length).toBeGreaterThan(0);
    }
  });
});
