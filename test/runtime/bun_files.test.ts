import { afterEach, describe, expect, test } from "#test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bunFiles } from "../../src/runtime/bun_files.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

afterEach(cleanFolders);

describe("bunFiles", () => {
  test("creates a secret whole, for its owner only, with the folders above it", () => {
    const path = join(temporaryFolder(), "a/b/cluster.key");
    expect(bunFiles.createSecret(path, "abc\n")).toEqual({ kind: "ok" });
    expect(readFileSync(path, "utf8")).toBe("abc\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(bunFiles.readText(path)).toEqual({ kind: "ok", text: "abc\n", isPrivate: true });
    expect(readdirSync(join(path, ".."))).toEqual(["cluster.key"]);
  });

  test("leaves a secret that is there untouched", () => {
    const path = join(temporaryFolder(), "cluster.key");
    writeFileSync(path, "old");
    expect(bunFiles.createSecret(path, "new")).toEqual({ kind: "exists" });
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  test("tells absent from unreadable, and says who can read", () => {
    const folder = temporaryFolder();
    expect(bunFiles.readText(join(folder, "none"))).toEqual({ kind: "absent" });
    expect(bunFiles.readText(folder)).toEqual({ kind: "failed", reason: "it is not a file" });
    const open = join(folder, "open");
    writeFileSync(open, "x");
    chmodSync(open, 0o644);
    expect(bunFiles.readText(open)).toEqual({ kind: "ok", text: "x", isPrivate: false });
    const large = join(folder, "large");
    writeFileSync(large, new Uint8Array(1024 * 1024 + 1));
    expect(bunFiles.readText(large)).toEqual({ kind: "failed", reason: "its size is 1048577, limit is 1048576" });
  });

  test("makes a folder, proves that it can be written, and leaves nothing in it", () => {
    const folder = join(temporaryFolder(), "x/y");
    expect(bunFiles.ensureFolder(folder)).toEqual({ kind: "ok" });
    expect(bunFiles.ensureFolder(folder)).toEqual({ kind: "ok" });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("says why a folder cannot be used", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    const wrong = { kind: "failed", reason: "a part of the path is not a folder" } as const;
    expect(bunFiles.ensureFolder(join(folder, "file"))).toEqual(wrong);
    expect(bunFiles.ensureFolder(join(folder, "file/below"))).toEqual(wrong);
    // Nobody can write there, not even root.
    expect(bunFiles.ensureFolder("/proc/kuafu").kind).toBe("failed");
    mkdirSync(join(folder, "fine"));
  });
});
