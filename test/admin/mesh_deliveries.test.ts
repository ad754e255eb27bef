/**
 * Rewards and mails over the admin port of real nodes: asked anywhere, answered by those who know.
 */

import { describe, expect, test } from "#test";
import { DeliveryContract } from "#delivery/delivery_contract.ts";
import { issueRewards } from "#delivery/outbox_table.ts";
import { MAIL, rewardFor, TERM } from "../delivery/ground.ts";
import { CENTER, CENTER_2, CROSS_CENTER, CROSS_GATEWAY, GATEWAY, MeshGround } from "./mesh_ground.ts";

const OF = { activity: "boss", term: TERM };

/** Two rewards for shard 1, and for shard 2, which is down, one and one that is held. */
function ground(): MeshGround {
  const made = new MeshGround();
  made.kill(CENTER_2);
  made.run(3_000);
  const rewards = [
    rewardFor("ann"),
    rewardFor("ben"),
    rewardFor("cat", { shard: 2 }),
    rewardFor("dan", { shard: 2, mail: undefined }),
  ];
  const atMs = made.node(CROSS_CENTER).mesh.time.nowMs();
  made.transact(CROSS_CENTER, (tx) => issueRewards(tx, { owner: CROSS_CENTER, rewards, atMs }));
  made.node(CROSS_CENTER).rewards?.wake();
  made.run(3_000);
  return made;
}

describe("Rewards over the mesh", () => {
  test("any node says who has not got them, and what is held", async () => {
    const made = ground();
    for (const at of [CROSS_CENTER, CROSS_GATEWAY, GATEWAY, CENTER]) {
      const found = made.value(at, (port) => port.deliveries({ state: "held" }));
      expect([at, found.pending, found.held, found.silent]).toEqual([at, 1, 1, []]);
      expect(found.deliveries).toMatchObject([
        { owner: CROSS_CENTER, shard: 2, pending: 1, held: 1, lane: "unreachable" },
      ]);
      expect(found.heldRewards).toMatchObject([{ owner: CROSS_CENTER, player: "dan", tier: "1", count: 1 }]);
    }
    await made.dispose();
  });

  test("an owner that does not answer is named, and without one nobody can say", async () => {
    const made = ground();
    const { silent } = made.value(GATEWAY, (port) => port.deliveries({ shard: 1 }));
    expect(silent).toEqual([]);
    made.kill(CROSS_CENTER);
    made.run(3_000);
    expect(made.ask(GATEWAY, (port) => port.deliveries({}))).toMatchObject({ kind: "unavailable" });
    await made.dispose();
  });

  test("a replay and a release are done by whoever has the term", async () => {
    const made = ground();
    const actor = { who: "test", remote: "test" };
    expect(made.ask(CENTER, (port) => port.resendRewards({ ...OF, dryRun: true }, actor))).toMatchObject({
      kind: "ok",
      changed: true,
      value: { count: 2, more: false },
    });
    expect(made.value(CENTER, (port) => port.resendRewards(OF, actor))).toMatchObject({ count: 2, more: false });
    expect(made.ask(CENTER, (port) => port.resendRewards({ ...OF, term: "x" }, actor))).toMatchObject({
      kind: "not_found",
    });
    const held = { ...OF, group: "all", ranking: "damage", tier: "1", mail: MAIL };
    expect(made.value(CENTER, (port) => port.releaseRewards(held, actor))).toMatchObject({ count: 1, more: false });
    made.start(CENTER_2);
    made.run(5_000);
    expect(made.value(CENTER, (port) => port.deliveries({}))).toMatchObject({ pending: 0, held: 0 });
    await made.dispose();
  });

  test("the mails of a player come from the center of the shard, by the page", async () => {
    const made = ground();
    const { node, mails, next } = made.value(CROSS_GATEWAY, (port) => port.mails({ shard: 1, player: "ann" }));
    expect([node, next]).toEqual([CENTER, undefined]);
    expect(mails.map(({ title, items, expiresAtMs }) => ({ title, items, expiresAtMs }))).toEqual([
      { title: MAIL.title, items: [...MAIL.items], expiresAtMs: MAIL.expiresAtMs },
    ]);
    // Once its items are in the bag, it says since when.
    const isClaimed = (): boolean[] => {
      const list = made.value(CROSS_GATEWAY, (port) => port.mails({ shard: 1, player: "ann" }));
      return list.mails.map(({ claimedAtMs, writtenAtMs }) => (claimedAtMs ?? 0) >= writtenAtMs);
    };
    expect(isClaimed()).toEqual([false]);
    made.call(GATEWAY, DeliveryContract.claimed, { player: "ann", id: mails[0]?.id ?? "" }, CENTER);
    expect(isClaimed()).toEqual([true]);
    expect(made.ask(CROSS_GATEWAY, (port) => port.mails({ shard: 2, player: "cat" }))).toMatchObject({
      kind: "unavailable",
    });
    await made.dispose();
  });
});
