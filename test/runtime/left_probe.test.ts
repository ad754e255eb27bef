import { afterEach, describe, expect, test } from "#test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bunFiles } from "../../src/runtime/bun_files.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

afterEach(cleanFolders);

describe("bunFiles: what an earlier process of this number left when it was killed", () => {
  test("does not keep a folder from being used: in a container every process has the same number", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, `.writable.${process.pid}`), "");
    expect(bunFiles.ensureFolder(folder)).toEqual({ kind: "ok" });
    expect(readdirSync(folder)).toEqual([]);
  });
});
