import { describe, expect, test } from "#test";
import { fromHex } from "#base/digest.ts";
import { hashOf } from "#sync/version.ts";
import { VersionHashes, VersionTable } from "#sync/version_table.ts";
import { digest } from "./digest.ts";
import { DIGEST } from "./vectors.ts";

describe("digest of state topics", () => {
  for (const vector of DIGEST.contents) {
    test(`hash of ${vector.name}`, () => {
      expect(hashOf(digest, fromHex(vector.bytes))).toBe(vector.hash);
    });
  }

  for (const vector of DIGEST.digests) {
    test(`vector "${vector.name}"`, () => {
      const table = new VersionTable(new VersionHashes(digest));
      for (const entry of vector.entries) table.set(entry.topic, entry);
      expect(table.digest.toString(16).padStart(16, "0")).toBe(vector.digest);
      const hashes = new VersionHashes(digest);
      expect(
        vector.entries.map((entry) => hashes.of(entry.topic, entry.version).toString(16).padStart(16, "0")),
      ).toEqual([...vector.hashes]);
    });
  }
});
