import { describe, expect, test } from "#test";
import { DeliveryDesk } from "#delivery/delivery_desk.ts";
import type { Lane } from "#delivery/lane.ts";
import { LANE_NEW } from "#delivery/lane.ts";
import { DELIVERIES_MAX } from "#delivery/delivery_contract.ts";
import { ACKED_KEPT_MS, CHANGED_ROWS_MAX } from "#delivery/outbox_again.ts";
import { takeBatch, writeAnswer } from "#delivery/outbox_batch.ts";
import { issueRewards } from "#delivery/outbox_table.ts";
import type { Reward } from "#delivery/reward.ts";
import type { Store } from "#store/store.ts";
import { nodeId } from "#wire/role.ts";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";
import { deliveryStore, keyFor, MAIL, OWNER, rewardFor, TERM } from "./ground.ts";

const OF = { activity: "boss", term: TERM };
const NOW_MS = 10_000;

class Ground {
  readonly clock = new ManualClock();
  readonly store: Store;
  readonly lanes = new Map<number, Lane>();
  clusterMs = NOW_MS;
  wakes = 0;

  private constructor(store: Store) {
    this.store = store;
  }

  static async make(rewards: readonly Reward[]): Promise<Ground> {
    const ground = new Ground(await deliveryStore());
    await ground.store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards, atMs: 1 }));
    return ground;
  }

  desk(replayedMax?: number): DeliveryDesk {
    return new DeliveryDesk({
      owner: nodeId("cross_center", 1),
      store: this.store,
      clock: this.clock,
      clusterMs: () => this.clusterMs,
      digest,
      sender: {
        lane: (home) => this.lanes.get(home) ?? LANE_NEW,
        homeOf: (shard) => (shard === 2 ? 1 : shard),
        wake: () => (this.wakes += 1),
      },
      ...(replayedMax === undefined ? {} : { replayedMax }),
    });
  }

  /** As a shard's center would. */
  async acknowledgeAll(atMs: number, shards: readonly number[] = [1, 2]): Promise<void> {
    for (;;) {
      const { rows: sent } = await this.store.transaction((tx) => takeBatch(tx, OWNER, shards));
      if (sent.length === 0) return;
      const answer = { acknowledged: sent.map(({ sequence }) => sequence), refused: [] };
      await this.store.transaction((tx) => writeAnswer(tx, OWNER, { sent, answer, atMs, digest }));
    }
  }
}

function many(count: number): Reward[] {
  return Array.from({ length: count }, (_, index) => rewardFor(`p${index}`));
}

describe("DeliveryDesk: deliveries", () => {
  test("name for each shard what is missing, in the time of the calendar", async () => {
    const ground = await Ground.make([rewardFor("a"), rewardFor("b", { shard: 2 }), rewardFor("c", { shard: 3 })]);
    const failing: Lane = {
      ...LANE_NEW,
      state: { kind: "backing_off", untilMs: ground.clock.nowMs() + 500 },
      attempt: 3,
      lastError: "the disk is full",
    };
    ground.lanes.set(1, failing);
    ground.lanes.set(3, { ...LANE_NEW, state: { kind: "unreachable", sinceMs: 0, looks: 0 } });
    const { deliveries, ...all } = await ground.desk().deliveries({});
    expect(all).toEqual({ pending: 3, held: 0, pendingSinceMs: 1, more: false, heldRewards: [] });
    const counts = { pending: 1, held: 0, acknowledged: 0, conflicting: 0, pendingSinceMs: 1, ackedAtMs: undefined };
    const late = { lane: "backing_off", attempt: 3, retryAtMs: NOW_MS + 500, why: "the disk is full" } as const;
    expect(deliveries).toEqual([
      { ...OF, ...counts, shard: 1, home: 1, ...late },
      { ...OF, ...counts, shard: 2, home: 1, ...late },
      {
        ...{ ...OF, ...counts, shard: 3, home: 3, lane: "unreachable", attempt: 0, retryAtMs: undefined },
        why: "the center of shard 3 is not reachable",
      },
    ]);
    await ground.store.close();
  });
});

describe("DeliveryDesk: resend", () => {
  test("ends, although what it sends again is acknowledged meanwhile; the next request goes on", async () => {
    const ground = await Ground.make(many(CHANGED_ROWS_MAX + 10));
    await ground.acknowledgeAll(NOW_MS - 1);
    const first = await ground.desk(CHANGED_ROWS_MAX).resend(OF);
    expect(first).toEqual({ kind: "ok", count: CHANGED_ROWS_MAX, more: true, ackedUntilMs: NOW_MS });
    ground.clusterMs += 5_000;
    await ground.acknowledgeAll(ground.clusterMs);
    const next = await ground.desk(CHANGED_ROWS_MAX).resend({ ...OF, ackedUntilMs: NOW_MS });
    expect([next, ground.wakes]).toEqual([{ kind: "ok", count: 10, more: false, ackedUntilMs: NOW_MS }, 2]);
    await ground.store.close();
  });

  test("reaches every shard of the term, however many there are", async () => {
    const shards = Array.from({ length: DELIVERIES_MAX + 3 }, (_, index) => index + 1);
    const ground = await Ground.make(shards.map((shard) => rewardFor(`p${shard}`, { shard })));
    await ground.acknowledgeAll(5, shards);
    expect(await ground.desk().resend({ ...OF, dryRun: true })).toMatchObject({ count: shards.length });
    expect(await ground.desk().resend(OF)).toMatchObject({ count: shards.length, more: false });
    await ground.store.close();
  });

  test("leaves a term alone that is being forgotten, and wakes nobody for nothing", async () => {
    const ground = await Ground.make(many(2));
    await ground.acknowledgeAll(5);
    ground.clusterMs = 6 + ACKED_KEPT_MS;
    expect([await ground.desk().resend(OF), ground.wakes]).toMatchObject([{ kind: "ok", count: 0 }, 0]);
    expect(await ground.desk().resend({ ...OF, term: "x" })).toEqual({
      kind: "not_found",
      detail: 'there are no rewards of term x of activity "boss"',
    });
    await ground.store.close();
  });

  test("a dry run counts what would go, and changes nothing", async () => {
    const ground = await Ground.make([...many(3), rewardFor("q", { shard: 2 })]);
    await ground.acknowledgeAll(5);
    const count = async (of = {}) => (await ground.desk().resend({ ...OF, ...of, dryRun: true })) as { count?: number };
    const found = [
      await count(),
      await count({ shard: 2 }),
      await count({ player: "p1" }),
      await count({ ackedUntilMs: 4 }),
    ];
    expect([found.map((one) => one.count), ground.wakes]).toEqual([[4, 1, 1, 0], 0]);
    await ground.store.close();
  });
});

describe("DeliveryDesk: release", () => {
  test("gives the held ones of a tier their mail, and no other", async () => {
    const none = { mail: undefined };
    const ground = await Ground.make([
      rewardFor("a", none),
      rewardFor("b", none),
      rewardFor("c", { ...none, key: keyFor("c", { tier: "2" }) }),
    ]);
    const mail = { ...MAIL, items: [...MAIL.items], expiresAtMs: undefined };
    const of = { ...OF, group: "all", ranking: "damage", tier: "1", mail };
    expect(await ground.desk().release({ ...of, player: "a", dryRun: true })).toMatchObject({ count: 1 });
    expect(await ground.desk().release({ ...of, player: "a" })).toMatchObject({ count: 1 });
    expect(await ground.desk().release(of)).toMatchObject({ count: 1, more: false });
    expect([await ground.desk().release({ ...of, term: "x" }), ground.wakes]).toMatchObject([{ kind: "not_found" }, 2]);
    expect(await ground.desk().deliveries({ state: "held" })).toMatchObject({
      pending: 2,
      held: 1,
      heldRewards: [{ tier: "2", player: "c", count: 1 }],
    });
    await ground.store.close();
  });
});
