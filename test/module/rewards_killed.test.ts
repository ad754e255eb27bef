/**
 * Rewards while the owner and the centers are killed: at every step of one batch, and at random through many. Disks
 * outlive the processes, and a transaction takes time, so that a kill falls before a commit, after it, and between it
 * and what would follow.
 */

import { describe, expect, test } from "#test";
import { issueRewards } from "#delivery/outbox_table.ts";
import type { Reward } from "#delivery/reward.ts";
import { readMail } from "#delivery/reward.ts";
import { bytesOf, textOf } from "#store/row.ts";
import { seededRandom, randomIndex } from "#base/random.ts";
import type { NodeId } from "#wire/role.ts";
import { CENTER, CENTER_2, CROSS_CENTER, MeshGround } from "../admin/mesh_ground.ts";
import { MAIL, rewardFor } from "../delivery/ground.ts";

const SHARDS = [1, 2];
/** Longer than one batch takes from the commit that issues it to the commit that acknowledges it. */
const BATCH_MS = 40;
const KILLS = 50;
const REWARDS = 10_000;

function rewards(from: number, count: number): Reward[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const mail = { ...MAIL, items: [{ item: "gold", count: 1 + (number % 97) }] };
    return rewardFor(`p${number}`, { shard: SHARDS[number % 2] ?? 1, mail });
  });
}

function gold(issued: readonly Reward[]): number {
  return issued.reduce((sum, { mail }) => sum + (mail?.items[0]?.count ?? 0), 0);
}

function issue(ground: MeshGround, batch: readonly Reward[]): void {
  const atMs = ground.node(CROSS_CENTER).mesh.time.nowMs();
  ground.transact(CROSS_CENTER, (tx) => issueRewards(tx, { owner: CROSS_CENTER, rewards: batch, atMs }));
  ground.node(CROSS_CENTER).rewards?.wake();
}

/** All mails of both shards, and what is in them. */
async function granted(ground: MeshGround): Promise<{ mails: number; players: number; gold: number }> {
  const players: string[] = [];
  let sum = 0;
  for (const id of [CENTER, CENTER_2]) {
    for (const row of await ground.disk(id).transaction((tx) => tx.all("SELECT player, bytes FROM mail"))) {
      const mail = readMail(bytesOf(row, "bytes"));
      if (mail.kind === "bad") throw new Error(mail.detail);
      players.push(textOf(row, "player"));
      sum += mail.mail.items[0]?.count ?? 0;
    }
  }
  return { mails: players.length, players: new Set(players).size, gold: sum };
}

/** Rewards that were not acknowledged. */
async function left(ground: MeshGround): Promise<number> {
  const sql = "SELECT COUNT(*) AS count FROM outbox WHERE state <> 'acknowledged'";
  const row = await ground.disk(CROSS_CENTER).transaction((tx) => tx.get(sql));
  return Number(row?.["count"]);
}

describe("Rewards: killed", () => {
  for (const victim of [CROSS_CENTER, CENTER]) {
    test(`${victim} at every millisecond of a batch: each arrives once`, async () => {
      const batch = rewards(0, 40);
      const whole = { mails: 40, players: 40, gold: gold(batch) };
      let twice = 0;
      let unsent = 0;
      for (let atMs = 0; atMs < BATCH_MS; atMs += 1) {
        const ground = new MeshGround({ seed: 100 + atMs });
        issue(ground, batch);
        ground.run(atMs);
        unsent += Number((await left(ground)) === batch.length);
        ground.kill(victim);
        ground.run(50);
        ground.start(victim);
        ground.run(4_000);
        expect([atMs, await granted(ground), await left(ground)]).toEqual([atMs, whole, 0]);
        twice += ground.node(CENTER).counters.get("delivery.known");
        await ground.dispose();
      }
      // Some kills came before anything was acknowledged, some between the shard's commit and the owner's.
      expect([unsent > 0, unsent < BATCH_MS, twice > 0]).toEqual([true, true, true]);
    }, 60_000);
  }

  test(`${REWARDS} rewards through ${KILLS} random kills: granted is what was issued, and it can be replayed`, async () => {
    const first = await killedAtRandom(11);
    expect(first.granted).toEqual(first.issued);
    expect([first.left, first.kills]).toEqual([0, KILLS]);
    // The kills did hurt: something was sent twice.
    expect(first.known).toBeGreaterThan(0);
    const again = await killedAtRandom(11);
    expect(again.trace).toBe(first.trace);
  }, 60_000);
});

async function killedAtRandom(seed: number) {
  const random = seededRandom(seed);
  const ground = new MeshGround({ seed });
  const perKill = REWARDS / KILLS;
  let known = 0;
  let kills = 0;
  const noteKnown = (id: NodeId): void => {
    known += ground.node(id).counters.get("delivery.known");
  };
  for (let number = 0; number < KILLS; number += 1) {
    const batch = rewards(number * perKill, perKill);
    issue(ground, batch);
    ground.run(random.unit() * 25);
    const victim = [CROSS_CENTER, CENTER, CENTER_2][randomIndex(random, 3)] ?? CENTER;
    if (victim !== CROSS_CENTER) noteKnown(victim);
    ground.kill(victim);
    kills += 1;
    ground.run(random.unit() * 200);
    ground.start(victim);
    ground.run(random.unit() * 3_000);
    // What was settled is settled again by who does not know whether it was: a hook runs at least once.
    if (random.unit() < 0.3) issue(ground, batch);
  }
  ground.run(120_000);
  noteKnown(CENTER);
  noteKnown(CENTER_2);
  const issued = rewards(0, REWARDS);
  const out = {
    issued: { mails: REWARDS, players: REWARDS, gold: gold(issued) },
    granted: await granted(ground),
    left: await left(ground),
    known,
    kills,
    trace: ground.world.trace.digest,
  };
  await ground.dispose();
  return out;
}
