import { describe, expect, test } from "#test";
import { prefix64 } from "#base/digest.ts";
import { VersionHashes, VersionTable } from "#sync/version_table.ts";
import type { Version } from "#wire/sync_message.ts";
import { digest, version } from "./kit.ts";

function table(...rows: readonly (readonly [string, Version])[]): VersionTable<{ readonly version: Version }> {
  const out = new VersionTable<{ readonly version: Version }>(new VersionHashes(digest));
  for (const [topic, of] of rows) out.set(topic, { version: of });
  return out;
}

describe("VersionTable", () => {
  test("has digest 0 when it is empty, again after all was deleted", () => {
    const filled = table(["a", version(1, 1)], ["b", version(2, 1)]);
    expect(table().digest).toBe(0n);
    expect(filled.digest).not.toBe(0n);
    expect([filled.delete("a"), filled.delete("b"), filled.delete("b")]).toEqual([true, true, false]);
    expect([filled.digest, filled.size]).toEqual([0n, 0]);
  });

  test("takes H over a list entry as the wire has it", () => {
    const entry = [1, 0x61, 0, 0, 0, 3, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8];
    expect(table(["a", { epoch: 3, revision: 7, hash: "0102030405060708" }]).digest).toBe(
      prefix64(digest.sha256(Uint8Array.from(entry))),
    );
  });

  test("sums modulo 2^64, whatever the order and the way to the last version", () => {
    const straight = table(["a", version(1, 2)], ["b", version(2, 1)], ["c", version(3, 3)]);
    const winding = table(
      ["c", version(3, 2)],
      ["b", version(2, 1)],
      ["a", version(1, 1)],
      ["c", version(3, 3)],
      ["a", version(1, 2)],
    );
    expect(winding.digest).toBe(straight.digest);
    expect(straight.digest < 2n ** 64n).toBe(true);
  });

  test("tells name, epoch, revision and hash apart", () => {
    const digests = [
      table(["a", version(1, 2)]),
      table(["b", version(1, 2)]),
      table(["a", version(2, 2)]),
      table(["a", version(1, 3)]),
      table(["a", version(1, 2, "y")]),
    ].map((of) => of.digest);
    expect(new Set(digests).size).toBe(5);
  });

  test("lists topics by name", () => {
    expect(table(["b", version(1, 1)], ["a", version(1, 1)]).topics()).toEqual(["a", "b"]);
  });
});
