import { describe, expect, test } from "#test";
import { messageOf } from "#base/log.ts";
import type { Issued } from "#delivery/outbox_table.ts";
import { HELD_NO_ROW, issueRewards } from "#delivery/outbox_table.ts";
import { readTerm } from "#delivery/outbox_terms.ts";
import type { Reward } from "#delivery/reward.ts";
import { TITLE_LENGTH_MAX } from "#delivery/reward.ts";
import type { Store } from "#store/store.ts";
import { deliveryStore, keyFor, MAIL, OWNER, rewardFor, TERM } from "./ground.ts";

function issue(store: Store, rewards: readonly Reward[], atMs = 1000): Promise<Issued> {
  return store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards, atMs }));
}

async function rows(store: Store): Promise<readonly string[]> {
  const found = await store.transaction((tx) =>
    tx.all("SELECT sequence, player, shard, state, held_why FROM outbox ORDER BY sequence"),
  );
  return found.map((row) => [row["sequence"], row["player"], row["shard"], row["state"], row["held_why"]].join(" "));
}

function faultOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => "none", messageOf);
}

const OF = { shard: 1, activity: "boss", term: TERM };
const NONE: Issued = { issued: 0, held: 0, known: 0, conflicting: 0 };

describe("issueRewards", () => {
  test("writes each reward down once, in the order in which they came", async () => {
    const store = await deliveryStore();
    expect(await issue(store, [rewardFor("b"), rewardFor("a", { shard: 2 })])).toEqual({ ...NONE, issued: 2 });
    expect(await issue(store, [rewardFor("a"), rewardFor("c")])).toEqual({ ...NONE, issued: 1, known: 1 });
    expect(await rows(store)).toEqual(["1 b 1 pending ", "2 a 2 pending ", "4 c 1 pending "]);
    await store.close();
  });

  test("the same player may be in several tiers, rankings, groups and terms", async () => {
    const store = await deliveryStore();
    const keys = [{}, { tier: "2" }, { ranking: "kills" }, { group: "b" }, { term: "1".repeat(32) }];
    const rewards = keys.map((of) => rewardFor("a", { key: keyFor("a", of) }));
    expect(await issue(store, rewards)).toEqual({ ...NONE, issued: 5 });
    expect(await store.transaction((tx) => readTerm(tx, OWNER, OF))).toMatchObject({
      pending: 4,
      pendingSinceMs: 1000,
    });
    await store.close();
  });

  test("another mail for a key changes nothing and is counted", async () => {
    const store = await deliveryStore();
    await issue(store, [rewardFor("a")]);
    const other = { ...MAIL, items: [{ item: "gold", count: 101 }] };
    expect(await issue(store, [rewardFor("a", { mail: other })], 2000)).toEqual({ ...NONE, conflicting: 1 });
    expect(await issue(store, [rewardFor("a", { mail: undefined })], 3000)).toEqual({ ...NONE, known: 1 });
    expect(await store.transaction((tx) => readTerm(tx, OWNER, OF))).toEqual({
      ...OF,
      pending: 1,
      held: 0,
      acknowledged: 0,
      keySum: "0000000000000000",
      pendingSinceMs: 1000,
      ackedAtMs: undefined,
      conflicting: 1,
      conflictedAtMs: 2000,
    });
    await store.close();
  });

  test("one without a mail, or with one that no shard would take, is held and the others are not", async () => {
    const store = await deliveryStore();
    const long = { ...MAIL, title: "x".repeat(TITLE_LENGTH_MAX + 1) };
    const rewards = [rewardFor("a", { mail: undefined }), rewardFor("b"), rewardFor("c", { mail: long })];
    expect(await issue(store, rewards)).toEqual({ ...NONE, issued: 1, held: 2 });
    expect(await rows(store)).toEqual([
      `1 a 1 held ${HELD_NO_ROW}`,
      "2 b 1 pending ",
      "3 c 1 held title: Invalid length: Expected <=128 but received 129",
    ]);
    expect(await store.transaction((tx) => readTerm(tx, OWNER, OF))).toMatchObject({ pending: 1, held: 2 });
    await store.close();
  });

  test("belongs to the caller's transaction: what is rolled back was not issued", async () => {
    const store = await deliveryStore();
    const failing = store.transaction(async (tx) => {
      await issueRewards(tx, { owner: OWNER, rewards: [rewardFor("a")], atMs: 1 });
      throw new Error("settlement failed");
    });
    expect(await faultOf(failing)).toBe("settlement failed");
    expect(await rows(store)).toEqual([]);
    expect(await store.transaction((tx) => readTerm(tx, OWNER, OF))).toMatchObject({ pending: 0 });
    await store.close();
  });

  test("a key that can't be one is a bug of whoever made it", async () => {
    const store = await deliveryStore();
    expect(await faultOf(issue(store, [rewardFor("")]))).toBe(
      "Cannot issue reward: player: Invalid length: Expected >=1 but received 0",
    );
    expect(await faultOf(issue(store, [rewardFor("a", { shard: 0 })]))).toBe(
      "Cannot issue reward of a: shard is 0, allowed is 1 and up",
    );
    expect(await rows(store)).toEqual([]);
    await store.close();
  });
});
