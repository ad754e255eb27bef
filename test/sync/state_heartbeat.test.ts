import { describe, expect, test } from "#test";
import { ABSENT_GRACE_TICKS, ABSENT_TICKS, DISPUTE_TICKS, WANT_TICKS_MAX } from "#sync/state_types.ts";
import { VersionHashes, VersionTable } from "#sync/version_table.ts";
import type { Version } from "#wire/sync_message.ts";
import { bytesOf, digest, snapshot, version } from "./kit.ts";
import { A, G, TOPIC, relay, reported, shardGateway, want } from "./state_rig.ts";

describe("StateTopics at heartbeats", () => {
  test("says the digest of what it has written, and agrees with who has heard it", () => {
    const rig = relay();
    const said = new VersionTable<{ readonly version: Version }>(new VersionHashes(digest));
    expect(rig.state.saidDigest(3)).toBe(0n);
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    expect(rig.state.saidDigest(3)).toBe(0n);
    rig.written(3);
    said.set(TOPIC, { version: version(1, 1) });
    expect(rig.state.saidDigest(3)).toBe(said.digest);
    expect(rig.state.appliedDigest()).toBe(said.digest);
    const below = shardGateway();
    below.snapshot(1, snapshot(TOPIC, 1, 1));
    below.state.beat(1, rig.state.saidDigest(3));
    expect(below.written(1)).toEqual([]);
  });

  test("hears before it judges: what it refuses counts as heard", () => {
    const rig = shardGateway();
    rig.snapshot(1, { ...snapshot(TOPIC, 1, 1), bytes: bytesOf("other") });
    const heard = new VersionTable<{ readonly version: Version }>(new VersionHashes(digest));
    heard.set(TOPIC, { version: version(1, 1) });
    rig.state.beat(1, heard.digest);
    expect(rig.written(1)).toEqual([]);
  });

  test("asks for a list when the digests differ, for one difference every DISPUTE_TICKS", () => {
    const rig = shardGateway();
    const asked: number[] = [];
    for (let tick = 0; tick < 2 * DISPUTE_TICKS + 1; tick += 1) {
      rig.state.beat(1, 5n);
      rig.state.beat(1, 5n);
      if (rig.written(1).length > 0) asked.push(tick);
      rig.tick(1);
    }
    expect(asked).toEqual([0, DISPUTE_TICKS, 2 * DISPUTE_TICKS]);
    rig.state.beat(1, 6n);
    expect(rig.written(1)).toEqual([{ kind: "relist" }]);
  });

  test("wants again what did not come, ever more rarely", () => {
    const rig = shardGateway();
    rig.list(1, snapshot(TOPIC, 1, 1));
    const asked: number[] = [];
    for (let tick = 0; tick < 40; tick += 1) {
      if (rig.written(1).length > 0) asked.push(tick);
      rig.tick(1);
    }
    expect(asked).toEqual([0, 2, 5, 10, 19, 28, 37]);
    expect(WANT_TICKS_MAX).toBe(8);
  });

  test("does not ask while the question still waits to be written", () => {
    const rig = shardGateway();
    rig.list(1, snapshot(TOPIC, 1, 1));
    rig.tick(1, 5);
    expect(rig.state.next(1)).toEqual(want(TOPIC));
    expect(rig.state.next(1)).toBeUndefined();
    rig.tick(1);
    expect(rig.state.next(1)).toBeUndefined();
  });

  test("reports again what stands, at every second tick", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 2, 1));
    rig.list(2, snapshot(TOPIC, 1, 1));
    const told: number[] = [];
    for (let tick = 0; tick < 7; tick += 1) {
      if (rig.written(2).length > 0) told.push(tick);
      rig.tick(2);
    }
    expect(told).toEqual([0, 2, 4, 6]);
  });

  test("leaves the slower of two uplinks one tick", () => {
    const rig = shardGateway();
    for (const serial of [1, 2]) rig.snapshot(serial, snapshot(TOPIC, 1, 1));
    rig.snapshot(1, snapshot(TOPIC, 1, 2));
    rig.tick(2);
    expect(rig.written(2)).toEqual([]);
    rig.tick(2);
    expect(rig.written(2)).toEqual([reported(G, TOPIC, version(1, 2))]);
    rig.snapshot(2, snapshot(TOPIC, 1, 2));
    rig.tick(2, 20);
    expect(rig.written(2)).toEqual([]);
  });
});

describe("StateTopics holds what a whole list lacks", () => {
  test("and reports it after a grace, then every ABSENT_TICKS", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.list(2);
    const told: number[] = [];
    for (let tick = 0; tick <= ABSENT_GRACE_TICKS + ABSENT_TICKS; tick += 1) {
      const written = rig.written(2);
      if (written.length > 0) {
        expect(written).toEqual([reported(G, TOPIC, version(1, 1))]);
        told.push(tick);
      }
      rig.tick(2);
    }
    expect(told).toEqual([ABSENT_GRACE_TICKS, ABSENT_GRACE_TICKS + ABSENT_TICKS]);
  });

  test("so an owner that has lost a topic is told", () => {
    const rig = relay();
    rig.snapshot(2, snapshot(TOPIC, 1, 1));
    rig.list(1);
    rig.tick(1, ABSENT_GRACE_TICKS);
    expect(rig.written(1)).toEqual([reported(A, TOPIC, version(1, 1))]);
  });

  test("but not before a list was heard, nor where it may not be said", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.written(3);
    for (const serial of [2, 3]) rig.tick(serial, 30);
    expect([rig.written(2), rig.written(3)]).toEqual([[], []]);
  });
});
