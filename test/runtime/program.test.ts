import { afterEach, describe, expect, test } from "#test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../src/base/random.ts";
import { toHex } from "../../src/base/digest.ts";
import { bunDigest } from "../../src/runtime/bun_digest.ts";
import { bunRandom } from "../../src/runtime/bun_random.ts";
import { childEnvironment } from "../../src/runtime/child_environment.ts";
import { codeFolders, readCodeMap } from "../../src/runtime/code_map.ts";
import { connsMaxOf } from "../../src/runtime/descriptor_limit.ts";
import { importClosure } from "../../src/runtime/import_closure.ts";
import { watchSources } from "../../src/runtime/source_watch.ts";
import { readToml } from "../../src/runtime/toml.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

afterEach(cleanFolders);

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

describe("bunDigest", () => {
  test("agrees with the published vectors, in one part or several", () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    // FIPS 180-2, B.1, and RFC 4231, test case 2.
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(toHex(bunDigest.sha256(bytes("abc")))).toBe(abc);
    expect(toHex(bunDigest.sha256(bytes("a"), bytes(""), bytes("bc")))).toBe(abc);
    const jefe = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    expect(toHex(bunDigest.hmacSha256(bytes("Jefe"), bytes("what do ya want "), bytes("for nothing?")))).toBe(jefe);
    expect(bunDigest.sha256() instanceof Buffer).toBe(false);
  });
});

describe("bunRandom", () => {
  test("draws as many bytes as asked, different each time, and units in [0, 1)", () => {
    expect(bunRandom.bytes(16).length).toBe(16);
    expect(toHex(bunRandom.bytes(16))).not.toBe(toHex(bunRandom.bytes(16)));
    const units = Array.from({ length: 100 }, () => bunRandom.unit());
    expect(units.every((unit) => unit >= 0 && unit < 1)).toBe(true);
    expect(seededRandom(1).bytes(0).length).toBe(0);
  });
});

describe("childEnvironment", () => {
  test("drops what changes the executable and ends children with their parent", () => {
    const own = { PATH: "/bin", BUN_OPTIONS: "--inspect", BUN_BE_BUN: "1", NOTHING: undefined };
    expect(childEnvironment(own)).toEqual({ PATH: "/bin", BUN_FEATURE_FLAG_NO_ORPHANS: "1" });
  });
});

describe("connsMaxOf", () => {
  test("stays below the limit of file descriptors", () => {
    const limits = (soft: string): string => `Limit  Soft\nMax open files            ${soft}         524288    files\n`;
    expect([limits("1024"), limits("100"), limits("unlimited"), limits("9999999"), undefined].map(connsMaxOf)).toEqual([
      896, 64, 199_872, 200_000, 896,
    ]);
  });
});

describe("readToml", () => {
  test("gives plain data, with dates as text", () => {
    expect(readToml('a = [1, "x"]\nat = 2026-11-01T10:00:00+08:00\n[b]\nc = true')).toEqual({
      kind: "ok",
      value: { a: [1, "x"], at: "2026-11-01T10:00:00.000+08:00", b: { c: true } },
    });
  });

  test("names the place of a fault, in one line", () => {
    expect(readToml("a = 1\na = 2\n")).toEqual({
      kind: "fault",
      line: 2,
      column: 1,
      message: "trying to redefine an already defined table or value",
    });
  });
});

describe("importClosure", () => {
  test("follows own imports, however written, but not types and packages", () => {
    const folder = temporaryFolder();
    write(folder, {
      "main.ts": 'import "./a.ts";\nimport type { T } from "./types.ts";\nimport "valibot";\nexport const x: T = 1;',
      "a.ts": 'export { b } from "./deep/b.ts";\nexport const late = () => import("./late.ts");',
      "deep/b.ts":
        'import "../main.ts";\nimport page from "./page.html" with { type: "text" };\nexport const b = page;',
      "deep/page.html": "<p>",
      "late.ts": 'import "./absent.ts";\nexport {};',
      "types.ts": "export type T = number;",
      "other.ts": "",
    });
    const inside = (names: readonly string[]): string[] => names.map((name) => join(folder, name)).toSorted();
    const closure = importClosure(join(folder, "main.ts"), () => false);
    expect([...closure].toSorted()).toEqual(inside(["main.ts", "a.ts", "deep/b.ts", "deep/page.html", "late.ts"]));
    const without = importClosure(join(folder, "main.ts"), (path) => path.endsWith("b.ts"));
    expect([...without].toSorted()).toEqual(inside(["main.ts", "a.ts", "late.ts"]));
  });
});

describe("readCodeMap", () => {
  test("tells the code of one role from what all share, and leaves out the supervisor", () => {
    const folder = temporaryFolder();
    write(folder, {
      "src/main.ts": 'import "./roles/role_table.ts";\nimport "./supervisor.ts";',
      "src/supervisor.ts": 'import "./supervisor/state.ts";',
      "src/supervisor/state.ts": "export {};",
      "src/roles/role_table.ts": 'import "./center.ts";\nimport "./map.ts";\nimport "../mesh.ts";',
      "src/roles/center.ts": 'import "../game/guild.ts";\nimport "../mesh.ts";',
      "src/roles/map.ts": "export {};",
      "src/game/guild.ts": "export {};",
      "src/mesh.ts": "export {};",
      "boss.ts": "export {};",
    });
    const main = join(folder, "src/main.ts");
    const boss = join(folder, "boss.ts");
    const code = readCodeMap({ main, modules: [boss] });
    const names = (files: ReadonlySet<string> | undefined): string[] =>
      [...(files ?? [])].map((file) => file.slice(folder.length + 1)).toSorted();
    expect(names(code.shared)).toEqual(["src/main.ts", "src/mesh.ts", "src/roles/role_table.ts"]);
    expect(names(code.roles.get("center"))).toEqual(["src/game/guild.ts", "src/mesh.ts", "src/roles/center.ts"]);
    expect(names(code.roles.get("map"))).toEqual(["src/roles/map.ts"]);
    expect(names(code.modules.get(boss))).toEqual(["boss.ts"]);
    expect(codeFolders({ main, modules: [boss] })).toEqual([join(folder, "src"), folder]);
  });
});

describe("watchSources", () => {
  test("gathers changes in old and new folders, source files only", async () => {
    const folder = temporaryFolder();
    write(folder, { "a.ts": "1", "deep/b.ts": "1", "data.sqlite": "1", "node_modules/x/c.ts": "1" });
    const changed = new Set<string>();
    let enough = Promise.withResolvers<void>();
    let wanted: readonly string[] = [];
    const stop = watchSources({
      folders: [folder],
      failed: (_folder, error) => enough.reject(error),
      changed: (paths) => {
        for (const path of paths) changed.add(path.slice(folder.length + 1));
        if (wanted.every((name) => changed.has(name))) enough.resolve();
      },
    });
    const after = async (files: readonly string[]): Promise<void> => {
      wanted = files;
      enough = Promise.withResolvers();
      write(folder, Object.fromEntries(files.map((name) => [name, "2"])));
      await enough.promise;
    };
    write(folder, { "data.sqlite": "2", "node_modules/x/c.ts": "2" });
    await after(["a.ts", "deep/b.ts"]);
    mkdirSync(join(folder, "made"));
    await after(["a.ts"]);
    await after(["made/c.ts"]);
    stop();
    expect([...changed].toSorted()).toEqual(["a.ts", "deep/b.ts", "made/c.ts"]);
  });

  test("reports a folder that is not there", () => {
    const failed: string[] = [];
    const stop = watchSources({ folders: ["/none/such"], changed: () => {}, failed: (folder) => failed.push(folder) });
    stop();
    expect(failed).toEqual(["/none/such"]);
  });
});
