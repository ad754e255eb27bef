/**
 * appliedRows(): who has the newest version, from what each node holds.
 */

import { appliedRows } from "#admin/mesh_versions.ts";
import { describe, expect, test } from "#test";
import { nodeId } from "#wire/role.ts";
import { rowOf } from "./fake_cluster.ts";

const TOPIC = "activity/cross_center:1/boss";
const OLD = "1.9.00000000000000aa";
const NEW = "2.1.00000000000000bb";

function held(number: number, version: string | null | undefined) {
  const row = { ...rowOf(nodeId("center", number)), current: false, behindSinceMs: number };
  if (version === null) return { row, versions: undefined };
  return { row, versions: new Map(version === undefined ? [] : [[TOPIC, version]]) };
}

function told(versions: readonly (string | null | undefined)[]) {
  const rows = appliedRows(
    TOPIC,
    versions.map((version, index) => held(index + 1, version)),
  );
  return rows.map(({ version, current, behindSinceMs }) => [version, current, behindSinceMs]);
}

describe("appliedRows()", () => {
  test("says what each one lacks that is behind and holds something", () => {
    const versions = ["2.5.00000000000000bb", "2.2.00000000000000aa", OLD, "2.5.00000000000000aa", undefined, null];
    const rows = appliedRows(
      TOPIC,
      versions.map((version, index) => held(index + 1, version)),
    );
    expect(rows.map(({ lag }) => lag)).toEqual([
      undefined,
      { epochs: 0, revisions: 3 },
      { epochs: 1, revisions: undefined },
      { epochs: 0, revisions: 0 },
      undefined,
      undefined,
    ]);
  });

  test("the newest version that anybody holds is current, epoch before revision", () => {
    expect(told([OLD, NEW, NEW])).toEqual([
      [OLD, false, 1],
      [NEW, true, undefined],
      [NEW, true, undefined],
    ]);
  });

  test("who has none lags, and who did not answer is unknown", () => {
    expect(told([NEW, undefined, null])).toEqual([
      [NEW, true, undefined],
      [undefined, false, 2],
      ["unknown", false, 3],
    ]);
  });

  test("of two contents of one version only one is current", () => {
    expect(told([NEW, "2.1.00000000000000cc"]).map(([, current]) => current)).toEqual([true, false]);
  });

  test("what nobody holds is current nowhere, and what is no version counts for nothing", () => {
    expect(told([undefined, null]).map(([, current]) => current)).toEqual([false, false]);
    expect(told(["9", OLD]).map(([, current]) => current)).toEqual([false, true]);
  });

  test("revisions are compared as numbers", () => {
    expect(told(["1.10.00000000000000aa", OLD]).map(([, current]) => current)).toEqual([true, false]);
  });
});
