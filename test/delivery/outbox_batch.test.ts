import { describe, expect, test } from "#test";
import { addToSum, hashOfKey, KEY_SUM_NONE } from "#delivery/key_sum.ts";
import {
  ACKED_KEPT_MS,
  acknowledgedTerms,
  CHANGED_ROWS_MAX,
  countRewards,
  forgetOld,
  isKept,
  releaseHeld,
  sendAgain,
} from "#delivery/outbox_again.ts";
import type { Batch } from "#delivery/outbox_batch.ts";
import {
  allShards,
  BATCH_MAILS_SIZE_MAX,
  BATCH_ROWS_MAX,
  pendingShards,
  takeBatch,
  writeAnswer,
} from "#delivery/outbox_batch.ts";
import { conflictsByActivity, heldByActivity, readHeld, readStanding, readTerms } from "#delivery/outbox_overview.ts";
import { issueRewards } from "#delivery/outbox_table.ts";
import { readTerm } from "#delivery/outbox_terms.ts";
import type { Reward } from "#delivery/reward.ts";
import { checkMail } from "#delivery/reward.ts";
import type { Store } from "#store/store.ts";
import { digest } from "../wire/digest.ts";
import { deliveryStore, keyFor, MAIL, OWNER, rewardFor, TERM } from "./ground.ts";

const OF = { shard: 1, activity: "boss", term: TERM };

async function storeWith(rewards: readonly Reward[], atMs = 1_000): Promise<Store> {
  const store = await deliveryStore();
  await store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards, atMs }));
  return store;
}

function many(count: number, of: Partial<Reward> = {}): Reward[] {
  return Array.from({ length: count }, (_, index) => rewardFor(`p${index}`, of));
}

function take(store: Store, shards: readonly number[]): Promise<Batch> {
  return store.transaction((tx) => takeBatch(tx, OWNER, shards));
}

async function acknowledge(store: Store, batch: Batch, atMs = 2_000) {
  const answer = { acknowledged: batch.rows.map(({ sequence }) => sequence), refused: [] };
  return store.transaction((tx) => writeAnswer(tx, OWNER, { sent: batch.rows, answer, atMs, digest }));
}

async function acknowledgeAll(store: Store, shards: readonly number[], atMs = 2_000): Promise<void> {
  for (let batch = await take(store, shards); batch.rows.length > 0; batch = await take(store, shards)) {
    await acknowledge(store, batch, atMs);
  }
}

function players(batch: Batch): string[] {
  return batch.rows.map(({ key }) => key.player);
}

describe("Outbox: takeBatch", () => {
  test("takes the oldest of the shards, in the order of their issue", async () => {
    const store = await storeWith([
      rewardFor("a", { shard: 2 }),
      rewardFor("b"),
      rewardFor("c", { shard: 3 }),
      rewardFor("d", { shard: 2 }),
      rewardFor("e", { mail: undefined }),
    ]);
    expect(players(await take(store, [1, 2]))).toEqual(["a", "b", "d"]);
    expect(await take(store, [4])).toEqual({ rows: [], more: false });
    expect([
      await store.transaction((tx) => pendingShards(tx, OWNER)),
      await store.transaction((tx) => allShards(tx, OWNER)),
    ]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    await store.close();
  });

  test("is bounded by rows, and says that there are more", async () => {
    const store = await storeWith(many(BATCH_ROWS_MAX + 1));
    const batch = await take(store, [1]);
    expect([batch.rows.length, batch.more]).toEqual([BATCH_ROWS_MAX, true]);
    await acknowledge(store, batch);
    expect(players(await take(store, [1]))).toEqual([`p${BATCH_ROWS_MAX}`]);
    await store.close();
  });

  test("is bounded by bytes, also over several shards", async () => {
    const text = "x".repeat(4_096);
    const count = 300;
    const rewards = many(count, { mail: { ...MAIL, text } }).map((reward, index) => ({
      ...reward,
      shard: 1 + (index % 2),
    }));
    const store = await storeWith(rewards);
    const batch = await take(store, [1, 2]);
    const size = batch.rows.reduce((sum, { mail }) => sum + mail.length, 0);
    expect([size <= BATCH_MAILS_SIZE_MAX, size > BATCH_MAILS_SIZE_MAX - 5_000, batch.more]).toEqual([true, true, true]);
    expect(players(batch)).toEqual(Array.from({ length: batch.rows.length }, (_, index) => `p${index}`));
    await store.close();
  });
});

describe("Outbox: writeAnswer", () => {
  test("acknowledges and holds what was sent, once, and believes nothing about other rows", async () => {
    const store = await storeWith([...many(3), rewardFor("other", { shard: 2 })]);
    const batch = await take(store, [1]);
    const answer = { acknowledged: [1, 4, 99], refused: [{ sequence: 2, reason: "no such player" }] };
    const write = () =>
      store.transaction((tx) => writeAnswer(tx, OWNER, { sent: batch.rows, answer, atMs: 2_000, digest }));
    expect(await write()).toEqual({ acknowledged: 1, held: 1 });
    expect(await write()).toEqual({ acknowledged: 0, held: 0 });
    expect(await store.transaction((tx) => readTerm(tx, OWNER, OF))).toEqual({
      ...OF,
      pending: 1,
      held: 1,
      acknowledged: 1,
      keySum: addToSum(KEY_SUM_NONE, hashOfKey(digest, keyFor("p0")).part),
      pendingSinceMs: 1_000,
      ackedAtMs: 2_000,
      conflicting: 0,
      conflictedAtMs: undefined,
    });
    expect(players(await take(store, [1, 2]))).toEqual(["p2", "other"]);
    await store.close();
  });

  test("nothing is pending any more when the last one was acknowledged", async () => {
    const store = await storeWith(many(2));
    await acknowledgeAll(store, [1]);
    expect(await store.transaction((tx) => readTerm(tx, OWNER, OF))).toMatchObject({
      pending: 0,
      acknowledged: 2,
      pendingSinceMs: undefined,
    });
    expect(await store.transaction((tx) => readStanding(tx, OWNER))).toEqual({
      pending: 0,
      held: 0,
      pendingSinceMs: undefined,
    });
    await store.close();
  });
});

describe("Outbox: again", () => {
  test("acknowledged rewards become pending in bounded turns, and the sum loses them", async () => {
    const store = await storeWith(many(CHANGED_ROWS_MAX + 5));
    await acknowledgeAll(store, [1]);
    const again = (filter = {}) =>
      store.transaction((tx) =>
        sendAgain(tx, OWNER, { filter: { activity: "boss", term: TERM, ...filter }, atMs: 3_000, digest }),
      );
    expect(await again({ player: "p7" })).toBe(1);
    expect(await again({ player: "p7" })).toBe(0);
    expect(await again({ shard: 2 })).toBe(0);
    expect([await again({ shard: 1 }), await again(), await again()]).toEqual([CHANGED_ROWS_MAX, 4, 0]);
    expect(await store.transaction((tx) => readTerm(tx, OWNER, OF))).toMatchObject({
      pending: CHANGED_ROWS_MAX + 5,
      acknowledged: 0,
      keySum: KEY_SUM_NONE,
      pendingSinceMs: 3_000,
    });
    await acknowledgeAll(store, [1]);
    expect(await store.transaction((tx) => readTerm(tx, OWNER, OF))).toMatchObject({
      acknowledged: CHANGED_ROWS_MAX + 5,
    });
    await store.close();
  });

  test("held rewards get the mail of their tier, and go in the order of their issue", async () => {
    const none = { mail: undefined };
    const store = await storeWith([
      rewardFor("a", none),
      rewardFor("b", { ...none, key: keyFor("b", { tier: "2" }) }),
      rewardFor("c"),
      rewardFor("d", none),
    ]);
    const filter = { activity: "boss", term: TERM, group: "all", ranking: "damage", tier: "1" };
    const given = checkMail({ ...MAIL, title: "Late" });
    if (given.kind === "bad") throw new Error(given.detail);
    const release = () => store.transaction((tx) => releaseHeld(tx, OWNER, { filter, mail: given.bytes, atMs: 5 }));
    expect(await store.transaction((tx) => countRewards(tx, OWNER, { filter, state: "held" }))).toBe(2);
    expect([await release(), await release()]).toEqual([2, 0]);
    expect(players(await take(store, [1]))).toEqual(["a", "c", "d"]);
    expect(await store.transaction((tx) => readHeld(tx, OWNER, { filter: {}, limit: 5 }))).toMatchObject([
      { tier: "2", count: 1, player: "b" },
    ]);
    await store.close();
  });
});

describe("Outbox: forgetting", () => {
  async function forgetAll(store: Store, nowMs: number): Promise<number> {
    let turns = 0;
    while (await store.transaction((tx) => forgetOld(tx, OWNER, nowMs))) turns += 1;
    return turns;
  }

  test("takes a term when its last reward was acknowledged long ago, in bounded turns, and no sooner", async () => {
    const store = await storeWith(many(CHANGED_ROWS_MAX + 1));
    await acknowledgeAll(store, [1], 2_000);
    const counts = await store.transaction((tx) => readTerm(tx, OWNER, OF));
    expect([isKept(counts, 2_000 + ACKED_KEPT_MS), isKept(counts, 2_001 + ACKED_KEPT_MS)]).toEqual([true, false]);
    expect(await forgetAll(store, 2_000 + ACKED_KEPT_MS)).toBe(0);
    expect(await forgetAll(store, 2_001 + ACKED_KEPT_MS)).toBe(2);
    const rest = await store.transaction((tx) => tx.all("SELECT sequence FROM outbox"));
    expect([rest, await store.transaction((tx) => allShards(tx, OWNER))]).toEqual([[], []]);
    await store.close();
  });

  test("leaves a term of which something is pending or held, and other shards of it", async () => {
    const store = await storeWith([
      rewardFor("a"),
      rewardFor("b", { shard: 2 }),
      rewardFor("c", { shard: 2, mail: undefined }),
      rewardFor("d", { shard: 3 }),
    ]);
    await acknowledgeAll(store, [1, 2]);
    await forgetAll(store, ACKED_KEPT_MS * 2);
    const rest = await store.transaction((tx) => tx.all("SELECT player FROM outbox ORDER BY player"));
    expect(rest).toEqual([{ player: "b" }, { player: "c" }, { player: "d" }]);
    await store.close();
  });

  test("numbers are not given out twice, also when the rows are gone", async () => {
    const store = await storeWith(many(3));
    await acknowledgeAll(store, [1]);
    await forgetAll(store, ACKED_KEPT_MS * 2);
    await store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards: [rewardFor("new")], atMs: 9 }));
    expect((await take(store, [1])).rows.map(({ sequence }) => sequence)).toEqual([4]);
    await store.close();
  });
});

describe("Outbox: overview", () => {
  test("lists terms with the longest pending first, by filter", async () => {
    const store = await storeWith([rewardFor("a"), rewardFor("b", { shard: 2 })], 5_000);
    const older = [rewardFor("c", { shard: 3, key: keyFor("c", { activity: "race" }) })];
    await store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards: older, atMs: 1_000 }));
    await acknowledgeAll(store, [2]);
    const list = async (filter: Parameters<typeof readTerms>[2]["filter"]) =>
      (await store.transaction((tx) => readTerms(tx, OWNER, { filter, limit: 5 }))).map(({ shard }) => shard);
    expect([await list({}), await list({ state: "pending" }), await list({ state: "acknowledged" })]).toEqual([
      [3, 1, 2],
      [3, 1],
      [2],
    ]);
    expect([await list({ activity: "boss" }), await list({ shard: 3 }), await list({ term: "x" })]).toEqual([
      [1, 2],
      [3],
      [],
    ]);
    expect(await store.transaction((tx) => readStanding(tx, OWNER))).toEqual({
      pending: 2,
      held: 0,
      pendingSinceMs: 1_000,
    });
    await store.close();
  });

  test("held and conflicting rewards are told by activity; an owner sees its own only", async () => {
    const other = { ...MAIL, title: "Other" };
    const store = await storeWith([rewardFor("a", { mail: undefined }), rewardFor("b")]);
    await store.transaction((tx) =>
      issueRewards(tx, { owner: OWNER, rewards: [rewardFor("b", { mail: other })], atMs: 2_000 }),
    );
    const trouble = (owner: string, sinceMs: number) =>
      store.transaction(async (tx) => [await heldByActivity(tx, owner), await conflictsByActivity(tx, owner, sinceMs)]);
    const one = [{ activity: "boss", count: 1 }];
    expect(await trouble(OWNER, 2_000)).toEqual([one, one]);
    expect(await trouble(OWNER, 2_001)).toEqual([one, []]);
    expect(await trouble("cross_center:2", 0)).toEqual([[], []]);
    await store.close();
  });

  test("acknowledged terms come by the page", async () => {
    const rewards = ["x", "y", "z"].map((term) => rewardFor("a", { key: keyFor("a", { term }) }));
    const store = await storeWith([...rewards, rewardFor("b", { key: keyFor("b", { activity: "race" }) })]);
    await acknowledgeAll(store, [1]);
    const page = async (activity: string, term: string) =>
      (
        await store.transaction((tx) => acknowledgedTerms(tx, OWNER, { shard: 1, after: { activity, term }, limit: 2 }))
      ).map((counts) => counts.activity + counts.term.slice(0, 1));
    expect([await page("", ""), await page("boss", "y"), await page("race", TERM)]).toEqual([
      ["bossx", "bossy"],
      ["bossz", "race0"],
      [],
    ]);
    await store.close();
  });
});
