import { describe, expect, test } from "#test";
import { checkCode } from "../../build/tidy/code_rules.ts";
import { readSource } from "../../build/tidy/source.ts";

function foundIn(path: string, text: string): string[] {
  return checkCode(readSource(path, text)).map(({ line, found }) => `${line}: ${found}`);
}

const LAYER = "src/link/link.ts";

describe("checkCode() on names of a runtime", () => {
  const banned = [
    ["Bun.sleep(1)", "Bun"],
    ["Deno.exit()", "Deno"],
    ["globalThis.x", "globalThis"],
    ["process.exit()", "process."],
    ["process?.pid", "process?."],
    ["console.log(1)", "console."],
    ["Date.now()", "Date.now"],
    ["new Date()", "new Date()"],
    ["new Date;", "new Date"],
    ["setTimeout(f, 1)", "setTimeout"],
    ["setInterval(f, 1)", "setInterval"],
    ["setImmediate(f)", "setImmediate"],
    ["Math.random()", "Math.random"],
    ["crypto.subtle", "crypto.subtle"],
    ["crypto.randomUUID()", "crypto.randomUUID"],
    ["performance.now()", "performance.now"],
    ["new WebSocket(url)", "WebSocket"],
  ] as const;

  test("refuses each of them in a layer", () => {
    for (const [text, name] of banned) expect(foundIn(LAYER, `\n${text}`)).toEqual([`2: "${name}"`]);
  });

  test("finds a name inside a template", () => {
    expect(foundIn(LAYER, "`at ${Date.now()}`")).toEqual(['1: "Date.now"']);
  });

  test("allows them in runtime/, in the mains, in tests and in scripts", () => {
    for (const path of ["src/runtime/bun.ts", "src/main.ts", "src/main_deno.ts", "test/a.test.ts", "build/a.ts"]) {
      for (const [text] of banned) expect(foundIn(path, text)).toEqual([]);
    }
  });

  test("lets two files of the client name what browsers have, and no more", () => {
    const text = "new WebSocket(url); setTimeout(f, 1); Math.random(); performance.now(); Bun.sleep(1);";
    const found = (path: string): string[] => foundIn(path, text).map((line) => line.slice(3));
    expect(found("src/client/web_socket.ts")).toEqual(['"Bun"', '"setTimeout"', '"Math.random"', '"performance.now"']);
    expect(found("src/client/web_clock.ts")).toEqual(['"Bun"', '"WebSocket"']);
    expect(found("src/client/client.ts").length).toBe(5);
  });

  test("allows members, comments, strings and a date of something", () => {
    const text = [
      "clock.setTimeout(f);",
      "this.#process.exit();",
      "// Bun and Date.now()",
      '"Math.random()";',
      "new Date(nowMs);",
      "const handler = { process: 1 };",
      "class A { process(x: string) {} }",
      "new DateRange();",
    ].join("\n");
    expect(foundIn(LAYER, text)).toEqual([]);
  });

  test("lets a file have a process of its own", () => {
    for (const own of [
      "const process = sim.start();",
      "const { a, process } = sim;",
      "f(process: SimProcess) {}",
      "all.map((process) => 1);",
    ]) {
      expect(foundIn(LAYER, `${own}\nprocess.kill();`)).toEqual([]);
    }
    expect(foundIn(LAYER, "inject(process);\nprocess.kill();")).toEqual(['2: "process."']);
  });

  test("refuses modules of a runtime", () => {
    const text = 'import a from "node:fs";\nimport b from "bun:sqlite";\nimport c from "bun";';
    expect(foundIn(LAYER, text)).toEqual(['1: "node:fs"', '2: "bun:sqlite"', '3: "bun"']);
    expect(foundIn("src/runtime/bun.ts", text)).toEqual([]);
  });
});

describe("checkCode() on constructs", () => {
  test("refuses enums, namespaces and decorators", () => {
    expect(foundIn(LAYER, "export const enum A { b }")).toEqual(['1: "const enum A"']);
    expect(foundIn(LAYER, "enum A { b }")).toEqual(['1: "enum A"']);
    expect(foundIn(LAYER, "export namespace A {\n}")).toEqual(['1: "export namespace A {"']);
    expect(foundIn(LAYER, "\n@logged\nclass A {}")).toEqual(['2: "@logged"']);
  });

  test("refuses any as a type, and not as a word", () => {
    for (const text of ["let a: any;", "a as any", "f<any>()", "let b: string | any;", "type C = any;", "() => any"]) {
      expect(foundIn(LAYER, text)).toEqual(['1: "any"']);
    }
    for (const text of ["Promise.any([])", "// any", "const company = 1", '"any"', "any(x)"]) {
      expect(foundIn(LAYER, text)).toEqual([]);
    }
  });

  test("refuses parameter properties, and not readonly types", () => {
    expect(
      foundIn(LAYER, "class A {\n constructor(\n  a: string,\n  private readonly b: Map<string, number>,\n ) {}\n}"),
    ).toEqual(['4: parameter property "private"']);
    expect(foundIn(LAYER, "class A { constructor(readonly a = 1) {} }")).toEqual(['1: parameter property "readonly"']);
    expect(foundIn(LAYER, "class A { constructor(a: readonly string[], b: () => void) {} }")).toEqual([]);
  });

  test("refuses default exports, except in a team's module file", () => {
    expect(foundIn(LAYER, "export default 1;")).toEqual(['1: "export default"']);
    expect(foundIn(LAYER, "export { a as default };")).toEqual(['1: "as default"']);
    expect(foundIn("examples/boss.ts", "export default 1;")).toEqual([]);
  });

  test("refuses export *", () => {
    expect(foundIn(LAYER, 'export * from "./a.ts";')).toEqual(['1: "export *"']);
  });

  test("refuses tests that do not run", () => {
    const text = "test.only(1);\ndescribe.skip(2);\nit.todo(3);\ntest.skipIf(x)(4);";
    expect(foundIn("test/a.test.ts", text)).toEqual(['1: "test.only"', '2: "describe.skip"', '3: "it.todo"']);
  });
});
