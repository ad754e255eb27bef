import { describe, expect, test } from "#test";
import { checkCycles, checkLayers, resolveImport } from "../../build/tidy/layers.ts";
import { readSource } from "../../build/tidy/source.ts";

const RULES = { dependencies: ["valibot", "@hono/standard-validator"] };

/** Whether a file may have this import. */
function mayImport(path: string, specifier: string): boolean {
  const source = readSource(path, `import { x } from "${specifier}";`);
  return checkLayers([source], RULES).length === 0;
}

describe("checkLayers()", () => {
  test("allows the own layer and lower ones, by either way of naming", () => {
    expect(mayImport("src/link/link.ts", "./backoff.ts")).toBe(true);
    expect(mayImport("src/link/link.ts", "#wire/header.ts")).toBe(true);
    expect(mayImport("src/link/link.ts", "../base/clock.ts")).toBe(true);
  });

  test("refuses a higher layer", () => {
    expect(mayImport("src/wire/header.ts", "#link/link.ts")).toBe(false);
    expect(mayImport("src/wire/header.ts", "../link/link.ts")).toBe(false);
    expect(mayImport("src/roles/map.ts", "#admin/app.ts")).toBe(false);
    expect(mayImport("src/admin/app.ts", "../run.ts")).toBe(false);
    expect(mayImport("src/run.ts", "./main.ts")).toBe(false);
  });

  test("refuses a layer that does not exist", () => {
    expect(mayImport("src/link/link.ts", "#wires/header.ts")).toBe(false);
  });

  test("puts config and cli between the layers and runtime/", () => {
    expect(mayImport("src/runtime/toml.ts", "../config.ts")).toBe(true);
    expect(mayImport("src/config/shape.ts", "./types.ts")).toBe(true);
    expect(mayImport("src/cli.ts", "./runtime/argv.ts")).toBe(false);
    expect(mayImport("src/admin/app.ts", "../config.ts")).toBe(false);
    expect(mayImport("src/config.ts", "./run.ts")).toBe(false);
  });

  test("leaves runtime/ to run, supervisor and main", () => {
    expect(mayImport("src/main.ts", "#runtime/bun.ts")).toBe(true);
    expect(mayImport("src/run.ts", "#runtime/bun.ts")).toBe(true);
    expect(mayImport("src/admin/app.ts", "#runtime/bun.ts")).toBe(false);
    expect(mayImport("src/mod.ts", "#runtime/bun.ts")).toBe(false);
    expect(mayImport("src/runtime/bun.ts", "#link/transport.ts")).toBe(true);
    expect(mayImport("src/runtime/bun.ts", "../run.ts")).toBe(false);
  });

  test("shows game modules and examples the module surface alone", () => {
    for (const path of ["src/game/guild.ts", "examples/boss.ts"]) {
      expect(mayImport(path, "kuafu")).toBe(true);
      expect(mayImport(path, "#module/module.ts")).toBe(true);
      expect(mayImport(path, "#rpc/client.ts")).toBe(false);
      expect(mayImport(path, "valibot")).toBe(false);
    }
    expect(mayImport("src/game/guild.ts", "./mail.ts")).toBe(true);
    expect(mayImport("examples/bot.ts", "#client/client.ts")).toBe(true);
    expect(mayImport("src/game/guild.ts", "#client/client.ts")).toBe(false);
    expect(mayImport("src/bots/bot.ts", "#client/client.ts")).toBe(true);
    expect(mayImport("src/client/client.ts", "#bots/bot.ts")).toBe(false);
  });

  test("shows the player's client its codec alone, and the codec nothing but the wire", () => {
    const allowed = ["./backoff.ts", "#session/client_codec.ts", "#wire/body.ts", "#base/clock.ts"];
    for (const specifier of allowed) expect(mayImport("src/client/client.ts", specifier)).toBe(true);
    const refused = ["#session/session_table.ts", "#wire/header.ts", "#rpc/contract.ts", "#link/link.ts"];
    for (const specifier of refused) expect(mayImport("src/client/client.ts", specifier)).toBe(false);
    const types = readSource("src/client/client.ts", 'import type {\n  M,\n} from "#rpc/contract.ts";');
    expect(checkLayers([types], RULES)).toEqual([]);
    expect(mayImport("src/session/client_codec.ts", "#wire/call_error.ts")).toBe(true);
    expect(mayImport("src/session/client_codec.ts", "#rpc/contract.ts")).toBe(false);
    expect(mayImport("src/session/client_codec.ts", "./session_table.ts")).toBe(false);
  });

  test("keeps src/mod.ts at the module layer", () => {
    expect(mayImport("src/mod.ts", "./module/module.ts")).toBe(true);
    expect(mayImport("src/mod.ts", "./game/guild.ts")).toBe(false);
    expect(mayImport("src/roles/map.ts", "kuafu")).toBe(true);
    expect(mayImport("src/session/login.ts", "kuafu")).toBe(false);
  });

  test("asks for packages to be among the dependencies", () => {
    expect(mayImport("src/rpc/contract.ts", "valibot")).toBe(true);
    expect(mayImport("src/admin/app.ts", "@hono/standard-validator")).toBe(true);
    expect(mayImport("src/rpc/contract.ts", "zod")).toBe(false);
  });

  test("refuses tests and scripts in src, and leaves tests alone", () => {
    expect(mayImport("src/link/link.ts", "../../test/harness/bun.ts")).toBe(false);
    expect(mayImport("test/link/link.test.ts", "../../src/admin/app.ts")).toBe(true);
  });

  test("names the place, what was found and what is allowed", () => {
    const source = readSource("src/wire/a.ts", '\nimport { b } from "#sync/b.ts";');
    expect(checkLayers([source], RULES)).toEqual([
      {
        file: "src/wire/a.ts",
        line: 2,
        found: 'import of "#sync/b.ts"',
        allowed:
          "wire or a lower layer: base wire store link sync mesh rpc delivery activity session player client module game bots roles admin, then config and cli, runtime, run, main",
      },
    ]);
  });
});

test("resolveImport() follows dots and aliases", () => {
  expect(resolveImport("src/link/a.ts", "./b.ts")).toBe("src/link/b.ts");
  expect(resolveImport("src/link/a.ts", "../wire/./c.ts")).toBe("src/wire/c.ts");
  expect(resolveImport("src/link/a.ts", "#base/d.ts")).toBe("src/base/d.ts");
  expect(resolveImport("src/link/a.ts", "valibot")).toBeUndefined();
});

describe("checkCycles()", () => {
  function cyclesOf(files: Readonly<Record<string, string>>): string[] {
    const sources = Object.entries(files).map(([path, text]) => readSource(path, text));
    return checkCycles(sources).map(({ found }) => found);
  }

  test("finds none in a diamond", () => {
    const files = {
      "src/a.ts": 'import "./b.ts"; import "./c.ts";',
      "src/b.ts": 'import "./d.ts";',
      "src/c.ts": 'import "./d.ts";',
      "src/d.ts": "",
    };
    expect(cyclesOf(files)).toEqual([]);
  });

  test("reports a circle once, types included", () => {
    const files = {
      "src/a.ts": 'import "./b.ts";',
      "src/b.ts": 'import type { C } from "./c.ts";',
      "src/c.ts": 'import "./a.ts";',
    };
    expect(cyclesOf(files)).toEqual(["import cycle src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts"]);
  });

  test("finds a file that imports itself", () => {
    expect(cyclesOf({ "src/a.ts": 'import "./a.ts";' })).toEqual(["import cycle src/a.ts -> src/a.ts"]);
  });
});
