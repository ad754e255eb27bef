import { describe, expect, test } from "#test";
import { findImports, findInCode, readSource } from "../../build/tidy/source.ts";

function codeOf(text: string): string {
  return readSource("src/base/x.ts", text).code;
}

describe("readSource()", () => {
  test("keeps length and lines of the text", () => {
    const text = 'const a = "x\\"y"; // end\n/* b\n c */ const d = `e${f}g`;\n';
    const { code } = readSource("x.ts", text);
    expect(code.length).toBe(text.length);
    expect(code.split("\n").length).toBe(text.split("\n").length);
  });

  test("blanks comments and the inside of strings", () => {
    expect(codeOf("a; // Bun\nb /* Bun */;")).toBe("a;       \nb          ;");
    expect(codeOf(`f("Bun", 'it\\'s');`)).toBe("f(\"   \", '     ');");
  });

  test("keeps code inside a template and blanks its text", () => {
    expect(codeOf("`Bun ${ a.map((b) => `${b}x`) } y`;")).toBe("`    ${ a.map((b) => `${b} `) }  `;");
    expect(codeOf("`${{ a: 1 }.a} Bun`;")).toBe("`${{ a: 1 }.a}    `;");
  });

  test("tells a regular expression from a division", () => {
    expect(codeOf('x = /[/"]Bun/g;')).toBe("x = /       /g;");
    expect(codeOf("x = (a) / b / Bun;")).toBe("x = (a) / b / Bun;");
    expect(codeOf('return /"/;')).toBe("return / /;");
    expect(codeOf("n = count / 2; s = 'Bun' / 1;")).toBe("n = count / 2; s = '   ' / 1;");
  });

  test("survives a text that ends in the middle", () => {
    for (const text of ['"abc', "`abc", "`a${b", "/* abc", "// abc", "= /abc", '"\\', "`\\"]) {
      expect(codeOf(text).length).toBe(text.length);
    }
  });
});

describe("findImports()", () => {
  test("finds every form and its line", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import type { B } from "#wire/b.ts";',
      'import "./side.ts";',
      "export {",
      "  c,",
      '} from "./c.ts";',
      'const d = await import("./d.ts");',
      'type E = import("./e.ts").E;',
    ].join("\n");
    expect(findImports(readSource("x.ts", text))).toEqual([
      { specifier: "./a.ts", isType: false, line: 1 },
      { specifier: "#wire/b.ts", isType: true, line: 2 },
      { specifier: "./side.ts", isType: false, line: 3 },
      { specifier: "./c.ts", isType: false, line: 6 },
      { specifier: "./d.ts", isType: false, line: 7 },
      { specifier: "./e.ts", isType: false, line: 8 },
    ]);
  });

  test("ignores imports in comments and strings", () => {
    const text = `// import "./a.ts"\nconst b = 'import "./b.ts"';\nArray.from("./c.ts");\nd = \`${"$"}{from}->${"$"}{to}\`;`;
    expect(findImports(readSource("x.ts", text))).toEqual([]);
  });
});

test("findInCode() gives the line of the first sign, not of the space before it", () => {
  const source = readSource("x.ts", "a;\n\n  b;\n");
  expect(findInCode(source, /\s+b/g)).toEqual([{ match: "b", line: 3 }]);
});
