import { describe, expect, test } from "#test";
import {
  checkBarrel,
  checkHeader,
  checkMarkers,
  checkName,
  checkSize,
  checkTopLevel,
  countLines,
} from "../../build/tidy/file_rules.ts";
import { readSource } from "../../build/tidy/source.ts";

test("checkTopLevel() allows the known entries, readmes and dot files", () => {
  const entries = ["src", "README.md", "README.zh-CN.md", ".npmrc", "bun.lock", "LICENSE", "notes.txt", "lib"];
  expect(checkTopLevel(entries).map(({ file }) => file)).toEqual(["notes.txt", "lib"]);
});

describe("checkName()", () => {
  test("asks for snake_case in every part of the path", () => {
    for (const path of ["src/base/bounded_queue.ts", "test/wire/decoder.test.ts", "docs/README.md", "LICENSE"]) {
      expect(checkName(path)).toEqual([]);
    }
    for (const path of ["src/base/boundedQueue.ts", "src/Base/a.ts", "docs/two-commands.md", "src/base/a__b.ts"]) {
      expect(checkName(path).map(({ allowed }) => allowed)).toEqual(["snake_case"]);
    }
  });

  test("refuses names that say nothing", () => {
    for (const path of ["src/base/utils.ts", "src/link/index.ts", "test/helpers.ts"]) {
      expect(checkName(path)).toHaveLength(1);
    }
  });
});

test("countLines() counts a last line with and without its end", () => {
  expect(["", "a", "a\n", "a\nb", "a\nb\n"].map(countLines)).toEqual([0, 1, 1, 2, 2]);
});

test("checkSize() refuses what is longer than 500 lines", () => {
  expect(checkSize("src/a.ts", "a\n".repeat(500))).toEqual([]);
  expect(checkSize("src/a.ts", "a\n".repeat(501))).toEqual([
    { file: "src/a.ts", line: 501, found: "501 lines", allowed: "500 lines" },
  ]);
});

test("checkHeader() wants a comment with words on the first line of a source", () => {
  const good = ["/** A clock. */\n", "/**\n * A clock.\n */\nexport const a = 1;"];
  const bad = ["", "// A clock.\n", "\n/** A clock. */", "/** */", "export const a = 1;"];
  for (const text of good) expect(checkHeader(readSource("src/base/a.ts", text))).toEqual([]);
  for (const text of bad) expect(checkHeader(readSource("src/base/a.ts", text))).toHaveLength(1);
  expect(checkHeader(readSource("test/a.test.ts", "test();"))).toEqual([]);
});

describe("checkBarrel()", () => {
  const list = '/** List. */\nexport { a } from "./a.ts";\nexport type {\n  B,\n} from "./b.ts";\n';

  test("refuses a file of re-exports, except src/mod.ts", () => {
    expect(checkBarrel(readSource("src/link/all.ts", list))).toHaveLength(1);
    expect(checkBarrel(readSource("src/mod.ts", list))).toEqual([]);
  });

  test("allows a re-export beside code", () => {
    expect(checkBarrel(readSource("src/link/a.ts", `${list}export const c = 1;`))).toEqual([]);
  });
});

test("checkMarkers() finds signs of open work in any text", () => {
  const marker = ["TO", "DO"].join("");
  expect(checkMarkers("docs/a.md", `fine\n- ${marker}: later`)).toEqual([
    { file: "docs/a.md", line: 2, found: `"${marker}"`, allowed: "finished work, or a sentence about the limit" },
  ]);
  expect(checkMarkers("src/a.ts", `const ${marker}S = 1; mktemp XXXXXX`)).toEqual([]);
});
