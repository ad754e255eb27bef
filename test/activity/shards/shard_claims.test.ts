import { describe, expect, test } from "#test";
import type { Heard } from "#activity/shards/shard_claims.ts";
import { ShardClaims } from "#activity/shards/shard_claims.ts";
import { readClaims, SHARD_FACT_MIGRATIONS, writeChange } from "#activity/shards/shard_fact_table.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts, SHARDS_MAX } from "#activity/shards/shard_facts.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import { ManualClock } from "../../store/manual_clock.ts";
import { digest } from "../../wire/digest.ts";

const ONE = nodeId("gateway", 1);
const TWO = nodeId("gateway", 2);
const OTHER = nodeId("gateway", 101);
const everybody = (): boolean => true;
const nobody = (): boolean => false;

function opened(shard: number, openedAtMs: number): ShardFacts {
  return { ...bareFacts(shard), openedAtMs };
}

function merged(shard: number, mergedInto: number): ShardFacts {
  return { ...bareFacts(shard), mergedInto };
}

function hear(claims: ShardClaims, heard: Heard, isThere: (source: NodeId) => boolean = everybody) {
  const change = claims.plan(heard, isThere);
  claims.apply(change);
  return change;
}

function said(source: NodeId, shard: number, facts: readonly ShardFacts[], atMs: number): Heard {
  return { source, shard, facts, atMs };
}

describe("ShardClaims", () => {
  test("what a gateway says later replaces what it said, and what stays as it was keeps its age", () => {
    const claims = new ShardClaims();
    const first = hear(claims, said(ONE, 1, [opened(1, 500)], 10));
    expect(first).toEqual({
      written: [{ facts: opened(1, 500), source: ONE, isOwn: true, sinceMs: 10, heardAtMs: 10 }],
      erased: [],
      confirmed: [],
      refusedCount: 0,
    });
    const again = hear(claims, said(ONE, 1, [opened(1, 500)], 20));
    expect([again.written, again.erased]).toEqual([[], []]);
    expect(claims.believed(1, everybody)).toEqual({
      claim: { facts: opened(1, 500), source: ONE, isOwn: true, sinceMs: 10, heardAtMs: 20 },
      rival: undefined,
    });
    hear(claims, said(ONE, 1, [opened(1, 700)], 30));
    expect(claims.believed(1, everybody)?.claim).toEqual({
      facts: opened(1, 700),
      source: ONE,
      isOwn: true,
      sinceMs: 30,
      heardAtMs: 30,
    });
  });

  test("what it no longer says is gone", () => {
    const claims = new ShardClaims();
    hear(claims, said(ONE, 1, [bareFacts(1), merged(3, 1)], 10));
    expect(claims.shards()).toEqual([1, 3]);
    const change = hear(claims, said(ONE, 1, [bareFacts(1)], 20));
    expect([change.erased.map(({ facts }) => facts.shard), claims.shards()]).toEqual([[3], [1]]);
  });

  test("of another shard a gateway can only say that it was merged", () => {
    const claims = new ShardClaims();
    hear(claims, said(ONE, 1, [bareFacts(1), opened(2, 5)], 10));
    expect(claims.shards()).toEqual([1]);
  });

  test("what a gateway says that is gone gives way to who speaks now: a merge", () => {
    const claims = new ShardClaims();
    hear(claims, said(TWO, 2, [opened(2, 5)], 10));
    const isThere = (source: NodeId): boolean => source === ONE;
    const change = hear(claims, said(ONE, 1, [bareFacts(1), merged(2, 1)], 20), isThere);
    expect(change.erased.map(({ source }) => source)).toEqual([TWO]);
    expect(claims.believed(2, isThere)).toEqual({
      claim: { facts: merged(2, 1), source: ONE, isOwn: false, sinceMs: 20, heardAtMs: 20 },
      rival: undefined,
    });
  });

  test("two that are there and differ are rivals; the shard's own gateway is believed, else the lower id", () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      const claims = new ShardClaims();
      const words = [
        said(ONE, 1, [bareFacts(1), merged(2, 1)], 10),
        said(TWO, 2, [opened(2, 5)], 20),
        said(OTHER, 2, [opened(2, 6)], 30),
      ];
      for (const index of order) hear(claims, words[index] as Heard);
      expect(claims.contested()).toEqual([2]);
      const believed = claims.believed(2, everybody);
      expect([believed?.claim.source, believed?.rival?.source]).toEqual([TWO, OTHER]);
    }
  });

  test("two that say the same, or of which one is gone, are no rivals", () => {
    const claims = new ShardClaims();
    hear(claims, said(TWO, 2, [opened(2, 5)], 10));
    hear(claims, said(OTHER, 2, [opened(2, 5)], 10));
    expect(claims.believed(2, everybody)?.rival).toBe(undefined);
    hear(claims, said(OTHER, 2, [opened(2, 6)], 20));
    expect(claims.believed(2, everybody)?.rival?.source).toBe(OTHER);
    const believed = claims.believed(2, (source) => source === OTHER);
    expect([believed?.claim.source, believed?.rival]).toEqual([OTHER, undefined]);
  });

  test("of gateways that are all gone the last word counts", () => {
    const claims = new ShardClaims();
    hear(claims, said(TWO, 2, [opened(2, 5)], 10));
    hear(claims, said(OTHER, 2, [opened(2, 6)], 20));
    expect(claims.believed(2, nobody)).toMatchObject({ claim: { source: OTHER } });
    hear(claims, said(TWO, 2, [opened(2, 5)], 30), everybody);
    expect(claims.believed(2, nobody)).toMatchObject({ claim: { source: TWO } });
  });

  test("keeps so many shards and no more, and goes on hearing those that it has", () => {
    const claims = new ShardClaims();
    const many = Array.from({ length: SHARDS_MAX + 4 }, (_, index) =>
      index === 0 ? bareFacts(1) : merged(index + 1, 1),
    );
    expect(hear(claims, said(ONE, 1, many, 10)).refusedCount).toBe(5 - 1);
    expect(claims.shards().length).toBe(SHARDS_MAX);
    expect(hear(claims, said(nodeId("gateway", 9000), 9000, [bareFacts(9000)], 20)).refusedCount).toBe(1);
    const again = hear(claims, said(ONE, 1, [opened(1, 5)], 30));
    expect([again.refusedCount, again.written.length, claims.shards()]).toEqual([0, 1, [1]]);
  });
});

describe("shard_fact", () => {
  test("has what was written and not erased, with what is not known left open", async () => {
    const store = openSqliteStore({ path: ":memory:", clock: new ManualClock() });
    await migrate(store, [SHARD_FACT_MIGRATIONS], digest);
    const claims = new ShardClaims();
    const whole = {
      shard: 1,
      openedAtMs: 1_700_000_000_000,
      timeZone: "Asia/Shanghai",
      mergedInto: undefined,
      mergedAtMs: 1_700_000_500_000,
    };
    const words = [
      said(ONE, 1, [whole, merged(3, 1)], 10),
      said(TWO, 2, [bareFacts(2)], 20),
      said(ONE, 1, [whole], 30),
      said(TWO, 2, [opened(2, -7)], 40),
    ];
    for (const heard of words) {
      const change = hear(claims, heard);
      await store.transaction((tx) => writeChange(tx, change));
    }
    expect(await store.transaction(readClaims)).toEqual([
      { facts: whole, source: ONE, isOwn: true, sinceMs: 10, heardAtMs: 10 },
      { facts: opened(2, -7), source: TWO, isOwn: true, sinceMs: 40, heardAtMs: 40 },
    ]);
    await store.close();
  });

  test("a row that cannot be one is refused", async () => {
    const store = openSqliteStore({ path: ":memory:", clock: new ManualClock() });
    await migrate(store, [SHARD_FACT_MIGRATIONS], digest);
    await store.transaction((tx) =>
      tx.run("INSERT INTO shard_fact VALUES (1, 'nobody', 1, NULL, NULL, NULL, 1, 1, NULL)"),
    );
    const thrown = await store.transaction(readClaims).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      code: "corrupt",
      message: 'Cannot read column source: found "nobody", it should be the id of a node',
    });
    await store.close();
  });
});
