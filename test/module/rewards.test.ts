/**
 * Rewards from a cross_center to the centers of shards: whole nodes on the simulator, with disks that outlive them.
 */

import { describe, expect, test } from "#test";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import { DeliveryContract } from "#delivery/delivery_contract.ts";
import type { Reward } from "#delivery/reward.ts";
import { NodeMetrics } from "#admin/metrics/node_metrics.ts";
import type { Clock } from "#base/clock.ts";
import { HELD_NO_ROW, issueRewards } from "#delivery/outbox_table.ts";
import type { Method, ReplyOf, RequestOf } from "#rpc/contract.ts";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import { CENTER, CENTER_2, CROSS_CENTER, CROSS_GATEWAY, GATEWAY, GATEWAY_2, MeshGround } from "../admin/mesh_ground.ts";
import { MAIL, rewardFor, TERM } from "../delivery/ground.ts";

const GATEWAY_3 = nodeId("gateway", 3);
const CENTER_3 = nodeId("center", 3);
const THREE = [CROSS_GATEWAY, CROSS_CENTER, GATEWAY, CENTER, GATEWAY_2, CENTER_2, GATEWAY_3, CENTER_3];

function rewardsFor(shards: readonly number[], count: number): Reward[] {
  return Array.from({ length: count }, (_, index) =>
    rewardFor(`p${index}`, { shard: shards[index % shards.length] ?? 1 }),
  );
}

function issue(ground: MeshGround, rewards: readonly Reward[]): void {
  const atMs = ground.node(CROSS_CENTER).mesh.time.nowMs();
  ground.transact(CROSS_CENTER, (tx) => issueRewards(tx, { owner: CROSS_CENTER, rewards, atMs }));
  ground.node(CROSS_CENTER).rewards?.wake();
}

async function count(ground: MeshGround, id: NodeId, from: string): Promise<number> {
  const row = await ground.disk(id).transaction((tx) => tx.get(`SELECT COUNT(*) AS count FROM ${from}`));
  return Number(row?.["count"]);
}

/** Rows of the outbox by state, "pending 3". */
async function states(ground: MeshGround): Promise<Record<string, number>> {
  const rows = await ground
    .disk(CROSS_CENTER)
    .transaction((tx) => tx.all("SELECT state, COUNT(*) AS count FROM outbox GROUP BY state ORDER BY state"));
  return Object.fromEntries(rows.map((row) => [String(row["state"]), Number(row["count"])]));
}

function alarms(ground: MeshGround): string[] {
  return ground
    .node(CROSS_CENTER)
    .alarms.all()
    .map(({ name }) => name);
}

function call<M extends Method>(ground: MeshGround, method: M, request: RequestOf<M>): ReplyOf<M> {
  return ground.call(CENTER, method, request, CROSS_CENTER);
}

const ALL = { activity: "boss", term: TERM };

describe("Rewards", () => {
  test("reach every shard that is up, and the one that is down for a day when it is back", async () => {
    const ground = new MeshGround({ nodes: THREE, heartbeatMs: 60_000 });
    ground.kill(CENTER_2);
    ground.run(5_000);
    issue(ground, rewardsFor([1, 2, 3], 1_000));
    ground.run(60_000);
    expect(await states(ground)).toEqual({ acknowledged: 667, pending: 333 });
    expect([await count(ground, CENTER, "mail"), await count(ground, CENTER_3, "mail")]).toEqual([334, 333]);
    ground.run(24 * 3_600_000);
    expect(alarms(ground)).toEqual(["rewards_late"]);
    const { deliveries, ...all } = call(ground, DeliveryContract.deliveries, { state: "pending" });
    expect([all.pending, deliveries.length]).toEqual([333, 1]);
    expect(deliveries[0]).toMatchObject({
      ...{ shard: 2, home: 2, pending: 333, acknowledged: 0, lane: "unreachable" },
      why: "the center of shard 2 is not reachable",
    });
    ground.start(CENTER_2);
    ground.run(60_000);
    expect([await states(ground), await count(ground, CENTER_2, "mail")]).toEqual([{ acknowledged: 1_000 }, 333]);
    ground.run(120_000);
    expect(alarms(ground)).toEqual([]);
    await ground.dispose();
  }, 60_000);

  test("a shard that is restored from an older backup is sent what it lost, and no more", async () => {
    const ground = new MeshGround();
    issue(ground, rewardsFor([1, 2], 400));
    ground.run(5_000);
    const backup = await ground.backup(CENTER);
    const later = rewardsFor([1, 2], 1_200).map((reward) => ({ ...reward, key: { ...reward.key, ranking: "kills" } }));
    issue(ground, later);
    issue(
      ground,
      rewardsFor([1], 10).map((reward) => ({ ...reward, key: { ...reward.key, term: "1".repeat(32) } })),
    );
    ground.run(5_000);
    expect([await count(ground, CENTER, "mail"), await states(ground)]).toEqual([810, { acknowledged: 1_610 }]);
    ground.restore(CENTER, backup);
    ground.run(10_000);
    expect([await count(ground, CENTER, "mail"), await states(ground)]).toEqual([810, { acknowledged: 1_610 }]);
    expect(ground.node(CROSS_CENTER).counters.get("delivery.sent_again")).toBe(810);
    expect([await count(ground, CENTER_2, "mail"), alarms(ground)]).toEqual([800, []]);
    await ground.dispose();
  });

  test("a shard that has all is sent nothing again, however often it and the owner restart", async () => {
    const ground = new MeshGround();
    issue(ground, rewardsFor([1, 2], 100));
    ground.run(5_000);
    for (const id of [CENTER, CROSS_CENTER, CENTER_2, CROSS_CENTER]) {
      ground.kill(id);
      ground.run(3_000);
      ground.start(id);
      ground.run(10_000);
      const { counters } = ground.node(CROSS_CENTER);
      expect([id, counters.get("delivery.sent_again"), counters.get("delivery.failed")]).toEqual([id, 0, 0]);
    }
    expect(await states(ground)).toEqual({ acknowledged: 100 });
    await ground.dispose();
  });

  test("a replay by an operator doubles nothing, and a dry run changes nothing", async () => {
    const ground = new MeshGround();
    issue(ground, rewardsFor([1, 2], 1_000));
    ground.run(5_000);
    const dry = call(ground, DeliveryContract.resend, { ...ALL, dryRun: true });
    expect(dry).toMatchObject({ kind: "ok", count: 1_000, more: false });
    expect(await states(ground)).toEqual({ acknowledged: 1_000 });
    ground.kill(CENTER_2);
    ground.run(5_000);
    expect(call(ground, DeliveryContract.resend, ALL)).toMatchObject({ kind: "ok", count: 1_000, more: false });
    ground.start(CENTER_2);
    ground.run(10_000);
    expect(call(ground, DeliveryContract.resend, { ...ALL, player: "p3" })).toMatchObject({ count: 1 });
    ground.run(1_000);
    expect(call(ground, DeliveryContract.resend, { ...ALL, shard: 2 })).toMatchObject({ count: 500 });
    expect(call(ground, DeliveryContract.resend, { ...ALL, term: "none" })).toMatchObject({ kind: "not_found" });
    ground.run(10_000);
    expect([await count(ground, CENTER, "mail"), await count(ground, CENTER_2, "mail")]).toEqual([500, 500]);
    expect([await states(ground), alarms(ground)]).toEqual([{ acknowledged: 1_000 }, []]);
    await ground.dispose();
  });

  test("of a merged shard go where it lives; what it had got before is not sent blindly", async () => {
    const ground = new MeshGround();
    issue(ground, rewardsFor([1, 2], 200));
    ground.run(5_000);
    ground.kill(CENTER_2);
    ground.run(2_000);
    issue(
      ground,
      rewardsFor([2], 50).map((reward) => ({ ...reward, key: { ...reward.key, ranking: "kills" } })),
    );
    ground.run(2_000);
    // The operator: stops shard 2 and shard 1's center, moves the rows along, and names the merge.
    ground.kill(GATEWAY_2);
    ground.kill(CENTER);
    ground.kill(GATEWAY);
    await ground.disk(CENTER_2).moveRows(ground.disk(CENTER), ["inbox", "inbox_term", "mail"]);
    ground.files.set(GATEWAY, [bareFacts(1), { ...bareFacts(2), mergedInto: 1 }]);
    ground.start(GATEWAY);
    ground.start(CENTER);
    ground.run(20_000);
    expect([await states(ground), await count(ground, CENTER, "mail")]).toEqual([{ acknowledged: 250 }, 250]);
    expect([ground.node(CROSS_CENTER).counters.get("delivery.sent_again"), alarms(ground)]).toEqual([0, []]);
    const { deliveries } = call(ground, DeliveryContract.deliveries, { shard: 2 });
    expect(deliveries.map(({ shard, home, acknowledged }) => [shard, home, acknowledged])).toEqual([[2, 1, 150]]);
    await ground.dispose();
  });

  test("a merge that left the inbox behind gets all of that shard again", async () => {
    const ground = new MeshGround({ files: [] });
    issue(ground, rewardsFor([1, 2], 200));
    ground.run(5_000);
    for (const id of [CENTER_2, GATEWAY_2, CENTER, GATEWAY]) ground.kill(id);
    ground.files.set(GATEWAY, [bareFacts(1), { ...bareFacts(2), mergedInto: 1 }]);
    ground.start(GATEWAY);
    ground.start(CENTER);
    ground.run(20_000);
    expect([await states(ground), await count(ground, CENTER, "mail")]).toEqual([{ acknowledged: 200 }, 200]);
    await ground.dispose();
  });

  test("one without a mail holds itself back and nobody else, until an operator gives it", async () => {
    const ground = new MeshGround();
    const [first, ...rest] = rewardsFor([1, 2], 100);
    if (first === undefined) throw new Error("there is one");
    issue(ground, [{ ...first, mail: undefined }, ...rest]);
    ground.run(5_000);
    expect([await states(ground), alarms(ground)]).toEqual([{ acknowledged: 99, held: 1 }, ["rewards_held:boss"]]);
    const { heldRewards } = call(ground, DeliveryContract.deliveries, { state: "held" });
    const of = { ...ALL, group: "all", ranking: "damage", tier: "1" };
    expect(heldRewards).toEqual([{ ...of, count: 1, player: "p0", why: HELD_NO_ROW }]);
    const mail = { ...MAIL, items: [...MAIL.items] };
    expect(call(ground, DeliveryContract.release, { ...of, mail, dryRun: true })).toMatchObject({ count: 1 });
    expect(call(ground, DeliveryContract.release, { ...of, tier: "2", mail })).toMatchObject({ count: 0 });
    expect(call(ground, DeliveryContract.release, { ...of, mail })).toMatchObject({ kind: "ok", count: 1 });
    ground.run(5_000);
    expect([await states(ground), alarms(ground), await count(ground, CENTER, "mail")]).toEqual([
      { acknowledged: 100 },
      [],
      50,
    ]);
    await ground.dispose();
  });

  test("an owner that is restored from an older backup sends again, and nothing is doubled", async () => {
    const ground = new MeshGround();
    ground.kill(CENTER);
    ground.run(2_000);
    issue(ground, rewardsFor([1], 300));
    const backup = await ground.backup(CROSS_CENTER);
    ground.start(CENTER);
    ground.run(5_000);
    expect(await states(ground)).toEqual({ acknowledged: 300 });
    ground.restore(CROSS_CENTER, backup);
    ground.run(10_000);
    expect([await states(ground), await count(ground, CENTER, "mail")]).toEqual([{ acknowledged: 300 }, 300]);
    await ground.dispose();
  });

  test("issued again with another mail are an alarm, and metrics say what is pending and held", async () => {
    const ground = new MeshGround();
    ground.kill(CENTER_2);
    ground.run(2_000);
    const other = { ...MAIL, title: "Other" };
    issue(ground, [rewardFor("a"), rewardFor("b", { shard: 2 }), rewardFor("c", { mail: undefined })]);
    issue(ground, [rewardFor("a", { mail: other })]);
    ground.run(2_000);
    expect(alarms(ground)).toEqual(["rewards_held:boss", "reward_conflict:boss"]);
    const metrics = new NodeMetrics({
      node: ground.node(CROSS_CENTER),
      release: "test",
      clock: { nowMs: () => 0, wallMs: () => ground.node(CROSS_CENTER).mesh.time.nowMs() } as unknown as Clock,
      usage: undefined,
    });
    const text = ground.wait(CROSS_CENTER, () => metrics.text());
    const values = [...text.matchAll(/^(kuafu_rewards_[a-z_]+) ([0-9.]+)$/gm)].map(([, name, value]) => [name, value]);
    expect(values.slice(0, 2)).toEqual([
      ["kuafu_rewards_pending", "1"],
      ["kuafu_rewards_held", "1"],
    ]);
    expect([values[2]?.[0], Number(values[2]?.[1]) >= 2]).toEqual(["kuafu_rewards_pending_max_seconds", true]);
    await ground.dispose();
  });

  test("are forgotten by their owner first, and by the shard when the owner says so", async () => {
    const ground = new MeshGround();
    const mail = { ...MAIL, expiresAtMs: undefined };
    issue(
      ground,
      rewardsFor([1, 2], 1_500).map((reward) => ({ ...reward, mail })),
    );
    ground.run(5_000);
    const sweep = (id: NodeId): void =>
      ground.wait(id, async () => {
        await ground.node(id).rewards?.sweep();
        await ground.node(id).inbox?.sweep();
      });
    await ground.disk(CENTER).transaction((tx) => tx.run("UPDATE inbox_term SET applied_at_ms = -1"));
    sweep(CENTER);
    expect(await count(ground, CENTER, "inbox")).toBe(750);
    await ground.disk(CROSS_CENTER).transaction((tx) => tx.run("UPDATE outbox_term SET acked_at_ms = 0"));
    sweep(CROSS_CENTER);
    expect([await count(ground, CROSS_CENTER, "outbox"), await count(ground, CROSS_CENTER, "outbox_term")]).toEqual([
      0, 0,
    ]);
    sweep(CENTER);
    sweep(CENTER_2);
    // That one's keys are not old.
    expect([await count(ground, CENTER, "inbox"), await count(ground, CENTER_2, "inbox")]).toEqual([0, 750]);
    expect(await count(ground, CENTER, "mail")).toBe(750);
    await ground.dispose();
  });
});
