import { describe, expect, test } from "#test";
import { faultOf, isAhead, judgeHeard } from "#sync/topic_judge.ts";
import { compareOrder, isClash, isNewer, isSame, versionText } from "#sync/version.ts";
import { EPOCH_JUMP_MAX, TOPIC_SIZE_MAX } from "#wire/limits.ts";
import { bytesOf, digest, snapshot, version } from "./kit.ts";

describe("versions", () => {
  test("are ordered by epoch, then by revision, never by hash", () => {
    expect(isNewer(version(2, 1), version(1, 9))).toBe(true);
    expect(isNewer(version(1, 2), version(1, 1))).toBe(true);
    expect(isNewer(version(1, 1), version(1, 1))).toBe(false);
    expect(compareOrder(version(1, 1, "x"), version(1, 1, "y"))).toBe(0);
  });

  test("clash when one version has two hashes", () => {
    expect(isClash(version(1, 1, "x"), version(1, 1, "y"))).toBe(true);
    expect(isClash(version(1, 1), version(1, 1))).toBe(false);
    expect(isSame(version(1, 1), version(1, 1))).toBe(true);
    expect(isSame(version(1, 1, "x"), version(1, 1, "y"))).toBe(false);
  });

  test("show as epoch, revision and hash", () => {
    expect(versionText({ epoch: 3, revision: 7, hash: "0102030405060708" })).toBe("3.7.0102030405060708");
  });
});

describe("judgeHeard", () => {
  test("wants what is newer and what is not held", () => {
    expect(judgeHeard(version(1, 1), undefined)).toBe("want");
    expect(judgeHeard(version(1, 2), version(1, 1))).toBe("want");
    expect(judgeHeard(version(2 ** 31, 1), undefined)).toBe("want");
  });

  test("reports where the holder is ahead or differs", () => {
    expect(judgeHeard(version(1, 1), version(1, 2))).toBe("report");
    expect(judgeHeard(version(1, 1, "x"), version(1, 1, "y"))).toBe("report");
  });

  test("is silent on what is equal", () => {
    expect(judgeHeard(version(1, 1), version(1, 1))).toBe("equal");
  });

  test("refuses a jump of epochs over the limit, and not one at it", () => {
    expect(judgeHeard(version(5 + EPOCH_JUMP_MAX, 1), version(5, 1))).toBe("want");
    expect(judgeHeard(version(6 + EPOCH_JUMP_MAX, 1), version(5, 1))).toBe("epoch_jump");
  });
});

describe("isAhead", () => {
  test("is news when a claim is newer, clashes, or nothing is held", () => {
    expect(isAhead([version(2, 1)], version(1, 1))).toBe(true);
    expect(isAhead([version(1, 1, "x")], version(1, 1, "y"))).toBe(true);
    expect(isAhead([version(1, 1)], undefined)).toBe(true);
  });

  test("finds the clash in the pair when the first claim is equal", () => {
    expect(isAhead([version(1, 1, "x"), version(1, 1, "y")], version(1, 1, "x"))).toBe(true);
  });

  test("is no news when claims are older or equal", () => {
    expect(isAhead([version(1, 1)], version(1, 1))).toBe(false);
    expect(isAhead([version(1, 1, "x"), version(1, 1, "y")], version(1, 2))).toBe(false);
  });
});

describe("faultOf", () => {
  const good = snapshot("activity/cross_center:1/boss", 1, 1, "boss");

  test("passes honest snapshots and tombstones", () => {
    expect(faultOf(good, undefined, digest)).toBeUndefined();
    expect(faultOf(snapshot(good.topic, 1, 2, ""), good.version, digest)).toBeUndefined();
  });

  test("names what is wrong", () => {
    const large = { ...good, bytes: new Uint8Array(TOPIC_SIZE_MAX + 1) };
    expect(faultOf(large, undefined, digest)).toBe("too_large");
    expect(faultOf({ ...good, bytes: bytesOf("other") }, undefined, digest)).toBe("bad_hash");
    expect(faultOf({ ...good, tombstone: true }, undefined, digest)).toBe("bad_shape");
    expect(faultOf({ ...snapshot(good.topic, 1, 1, ""), tombstone: false }, undefined, digest)).toBe("bad_shape");
    expect(faultOf(snapshot(good.topic, 2 + EPOCH_JUMP_MAX, 1), version(1, 1), digest)).toBe("epoch_jump");
  });
});
