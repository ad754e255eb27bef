import { afterEach, beforeEach, describe, expect, test } from "#test";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildExecutable, readRelease } from "../../build/build.ts";
import { runCommand } from "../../build/run_command.ts";

const MAIN = `declare const KUAFU_RELEASE: string | undefined;
console.log(typeof KUAFU_RELEASE === "undefined" ? "none" : KUAFU_RELEASE);`;

let root = "";

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kuafu_build_"));
  await mkdir(join(root, "src"));
  await Bun.write(join(root, "package.json"), '{ "name": "sample", "version": "1.2.3" }');
  await Bun.write(join(root, "src/main.ts"), MAIN);
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

function build() {
  return buildExecutable({ root, entry: join(root, "src/main.ts"), out: join(root, "dist/sample") });
}

async function runIn(words: readonly string[]): Promise<string> {
  const result = await runCommand(words, { cwd: root, output: "capture", timeLimitMs: 20_000 });
  expect(result.code).toBe(0);
  return result.output.trim();
}

describe("buildExecutable()", () => {
  test("builds once, and again only after a change", async () => {
    expect((await build()).kind).toBe("built");
    expect(await runIn([join(root, "dist/sample")])).toBe("1.2.3");
    expect((await readdir(join(root, "dist"))).toSorted()).toEqual(["sample", "sample.stamp"]);
    expect(await build()).toEqual({ kind: "kept" });

    await Bun.write(join(root, "src/main.ts"), 'console.log("changed");');
    expect((await build()).kind).toBe("built");
    expect(await runIn([join(root, "dist/sample")])).toBe("changed");

    await rm(join(root, "dist/sample"));
    expect((await build()).kind).toBe("built");
  }, 60_000);

  test("leaves the executable alone when the sources are broken", async () => {
    expect((await build()).kind).toBe("built");
    await Bun.write(join(root, "src/main.ts"), 'import "./missing.ts";');
    const result = await build();
    expect(result.kind).toBe("failed");
    expect(result.kind === "failed" && result.output).toContain("missing.ts");
    expect((await readdir(join(root, "dist"))).toSorted()).toEqual(["sample", "sample.stamp"]);
    expect(await runIn([join(root, "dist/sample")])).toBe("1.2.3");
  }, 60_000);

  test("says so when the entry does not exist", async () => {
    await rm(join(root, "src/main.ts"));
    const result = await build();
    expect(result.kind === "failed" && result.output).toContain("src/main.ts does not exist");
  });
});

describe("readRelease()", () => {
  const commit = ["commit", "--quiet", "--message=one"];
  const who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"];

  test("is the version outside a checkout", async () => {
    expect(await readRelease(root)).toBe("1.2.3");
  });

  test("names the commit, and says when a source differs from it", async () => {
    await runIn(["git", "init", "--quiet"]);
    await runIn(["git", "add", "."]);
    await runIn(["git", ...who, ...commit]);
    const head = await runIn(["git", "rev-parse", "--short=9", "HEAD"]);
    expect(await readRelease(root)).toBe(`1.2.3+${head}`);

    await Bun.write(join(root, "notes.md"), "not a source");
    expect(await readRelease(root)).toBe(`1.2.3+${head}`);
    await Bun.write(join(root, "src/more.ts"), "");
    expect(await readRelease(root)).toBe(`1.2.3+${head}.changed`);
  });

  test("does not take the commit of a checkout around it", async () => {
    await runIn(["git", "init", "--quiet"]);
    await runIn(["git", "add", "."]);
    await runIn(["git", ...who, ...commit]);
    const inner = join(root, "src/inner");
    await mkdir(inner);
    await Bun.write(join(inner, "package.json"), '{ "version": "4.5.6" }');
    expect(await readRelease(inner)).toBe("4.5.6");
  });
});
