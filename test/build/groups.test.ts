import { describe, expect, test } from "#test";
import { makeGroups, selectFiles } from "../../build/groups.ts";

const FILES = [
  "test/wire/decoder.test.ts",
  "test/link/link.test.ts",
  "test/link/fixture.ts",
  "test/linker.test.ts",
  "test/deno/admin.test.ts",
  "test/cluster/start.test.ts",
  "test/cluster/kill.test.ts",
  "test/netns/faults.test.ts",
  "test/browser/sdk.test.ts",
];

describe("selectFiles()", () => {
  test("takes every test file that Bun can run, in order", () => {
    expect(selectFiles(FILES, [])).toEqual([
      "test/browser/sdk.test.ts",
      "test/cluster/kill.test.ts",
      "test/cluster/start.test.ts",
      "test/link/link.test.ts",
      "test/linker.test.ts",
      "test/netns/faults.test.ts",
      "test/wire/decoder.test.ts",
    ]);
  });

  test("takes a folder or a file, however it is written", () => {
    for (const filter of ["test/link", "./test/link/", "test/link/link.test.ts"]) {
      expect(selectFiles(FILES, [filter])).toEqual(["test/link/link.test.ts"]);
    }
    expect(selectFiles(FILES, ["test/li"])).toEqual([]);
  });
});

test("makeGroups() runs files that start processes last and one by one", () => {
  const groups = makeGroups(selectFiles(FILES, []));
  expect(groups.map(({ files, parallel, needsExecutable }) => ({ files, parallel, needsExecutable }))).toEqual([
    {
      files: ["test/link/link.test.ts", "test/linker.test.ts", "test/wire/decoder.test.ts"],
      parallel: true,
      needsExecutable: false,
    },
    { files: ["test/browser/sdk.test.ts"], parallel: false, needsExecutable: true },
    { files: ["test/cluster/kill.test.ts"], parallel: false, needsExecutable: true },
    { files: ["test/cluster/start.test.ts"], parallel: false, needsExecutable: true },
    { files: ["test/netns/faults.test.ts"], parallel: false, needsExecutable: true },
  ]);
});
