import { describe, expect, test } from "#test";
import { seededRandom } from "../../src/base/random.ts";
import { prepareSecrets } from "../../src/supervisor/secrets.ts";
import { configOf, WHOLE } from "../config/parsed.ts";
import { FakeFiles, keptLog } from "./fake_files.ts";

const KEY = `${"0b".repeat(32)}\n`;
const TOKEN = "0123456789abcdef0123456789abcdef";

function prepared(files: FakeFiles, text = WHOLE): { result: ReturnType<typeof prepareSecrets>; log: string } {
  const log = keptLog();
  const result = prepareSecrets(configOf(text), { files, random: seededRandom(7), log });
  return { result, log: JSON.stringify(log.lines) };
}

describe("prepareSecrets", () => {
  test("makes what is missing, logs the paths and never the values", () => {
    const files = new FakeFiles();
    const { result, log } = prepared(files);
    const key = files.texts.get("k") ?? "";
    const tokenLine = files.texts.get("t") ?? "";
    expect(key).toMatch(/^[0-9a-f]{64}\n$/);
    expect(tokenLine).toMatch(/^test operate [0-9a-f]{64}\n$/);
    const token = tokenLine.trim().split(" ")[2] ?? "";
    expect(key).not.toContain(token);
    expect(log).toContain('"path":"k"');
    expect(log).toContain('"path":"t"');
    expect(log).not.toContain(key.trim());
    expect(log).not.toContain(token);
    expect(result as unknown).toEqual({
      kind: "ok",
      token: { file: "t", token: { name: "test", role: "operate", token }, isAlone: true },
    });
  });

  test("makes the secret that players' tokens are signed with for development alone", () => {
    const players = (development: boolean): string =>
      `${WHOLE}[players]\ntoken_keys = [{ kid = "a", algorithm = "HS256", file = "p" }, { kid = "b", algorithm = "EdDSA", file = "q" }]\ndevelopment = ${development}\n`;
    const files = new FakeFiles();
    prepared(files, players(true));
    expect([files.texts.get("p")?.length, files.texts.has("q")]).toEqual([65, false]);
    files.texts.set("p", "hunter2");
    const refused = prepared(files, players(true)).result;
    expect([refused.kind === "failed" && refused.code, JSON.stringify(refused).includes("hunter2")]).toEqual([
      2,
      false,
    ]);
    const elsewhere = new FakeFiles();
    expect([prepared(elsewhere, players(false)).result.kind, elsewhere.texts.has("p")]).toEqual(["ok", false]);
  });

  test("uses what is there, prefers a token that may operate, and warns when others can read it", () => {
    const files = new FakeFiles();
    files.texts.set("k", KEY).set("t", `ann read ${TOKEN}a\nbob operate ${TOKEN}b\n`);
    files.notPrivate.add("k");
    const { result, log } = prepared(files);
    expect(result.kind === "ok" && result.token?.token.name).toBe("bob");
    expect(result.kind === "ok" && result.token?.isAlone).toBe(false);
    expect(log).toContain("secret file can be read by others");
    expect(files.texts.get("k")).toBe(KEY);
  });

  test("refuses wrong contents with code 2 and never repeats them", () => {
    const files = new FakeFiles();
    files.texts.set("k", "hunter2");
    expect(prepared(files).result).toEqual({
      kind: "failed",
      code: 2,
      lines: [
        "k: found 7 characters that are no such key; allowed: 64 to 128 hexadecimal digits (openssl rand -hex 32)",
      ],
    });
    files.texts.set("k", KEY).set("t", "bob operate hunter2");
    const { result } = prepared(files);
    expect([result.kind === "failed" && result.code, JSON.stringify(result).includes("hunter2")]).toEqual([2, false]);
  });

  test("says what it cannot read or create, with code 1", () => {
    const files = new FakeFiles();
    files.failing.add("k");
    expect(prepared(files).result).toEqual({ kind: "failed", code: 1, lines: ["Cannot read k: permission denied"] });
    files.failing.clear();
    files.failing.add("create k");
    expect(prepared(files).result).toEqual({ kind: "failed", code: 1, lines: ["Cannot create k: no space left"] });
  });

  test("makes no second key, which only serves if others have it", () => {
    const files = new FakeFiles();
    const text = WHOLE.replace('key_file = "k"', 'key_file = "k"\nsecond_key_file = "old"');
    expect(prepared(files, text).result).toEqual({
      kind: "failed",
      code: 2,
      lines: ["Cannot read old: no such file"],
    });
    files.texts.set("old", KEY);
    expect(prepared(files, text).result.kind).toBe("ok");
  });

  test("makes no key that is to come from the environment", () => {
    const files = new FakeFiles();
    prepared(files, WHOLE.replace('key_file = "k"', 'key_env = "KEY"'));
    expect([...files.texts.keys()]).toEqual(["t"]);
  });
});
