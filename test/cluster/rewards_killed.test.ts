/**
 * The compiled executable: 10,000 rewards while the owner and both centers are killed with SIGKILL, each on a disk of its
 * own. They are issued into the owner's store while it is down, by the function that a settlement uses.
 */

import { join } from "node:path";
import { describe, expect } from "#test";
import type { DeliveryOverview } from "#admin/port.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { issueRewards } from "#delivery/outbox_table.ts";
import type { Reward } from "#delivery/reward.ts";
import { readMail } from "#delivery/reward.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { bytesOf, textOf } from "#store/row.ts";
import type { Store } from "#store/store.ts";
import { MAIL, rewardFor } from "../delivery/ground.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { pause, waitFor } from "./harness/wait.ts";

endLeftClusters();

const OWNER = "cross_center:1";
const CENTERS = ["center:1", "center:2"];
const NODES: readonly NodeSpec[] = [
  { id: OWNER, admin: true },
  { id: "cross_gateway:1" },
  { id: "gateway:1" },
  { id: "center:1" },
  { id: "gateway:2" },
  { id: "center:2" },
];
const REWARDS = 10_000;
const ISSUED_AT_ONCE = 1_000;
const KILLS = 15;
const KILL_EVERY_MS_MAX = 150;
const DELIVERED_MS_MAX = 60_000;
const SEED = 23;

function rewards(): Reward[] {
  return Array.from({ length: REWARDS }, (_, number) =>
    rewardFor(`p${number}`, {
      shard: 1 + (number % 2),
      mail: { ...MAIL, items: [{ item: "gold", count: 1 + (number % 97) }], expiresAtMs: undefined },
    }),
  );
}

/** The store of a node that does not run. */
async function inStore<T>(cluster: TestCluster, id: string, work: (store: Store) => Promise<T>): Promise<T> {
  const path = join(cluster.folder, "data", id.replace(":", "-"), "kuafu.sqlite");
  const store = openSqliteStore({ path, clock: bunClock });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function deliveries(cluster: TestCluster): Promise<DeliveryOverview | undefined> {
  if (!cluster.node(OWNER).isAlive) return undefined;
  const { status, body } = await cluster.node(OWNER).admin.ask("GET", "/api/deliveries");
  return status === 200 ? (body as DeliveryOverview) : undefined;
}

describe("Rewards and kill -9", () => {
  clusterTest(`${REWARDS} rewards through ${KILLS} kills: granted is what was issued`, async (ground) => {
    const cluster = ground.cluster({ nodes: NODES });
    await cluster.start();
    await cluster.settled();
    await cluster.node(OWNER).kill();
    const issued = rewards();
    await inStore(cluster, OWNER, async (store) => {
      for (let from = 0; from < REWARDS; from += ISSUED_AT_ONCE) {
        const batch = issued.slice(from, from + ISSUED_AT_ONCE);
        await store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards: batch, atMs: bunClock.wallMs() }));
      }
    });
    await cluster.node(OWNER).start();
    const random = seededRandom(SEED);
    let isCut = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      await pause(random.unit() * KILL_EVERY_MS_MAX);
      const node = cluster.node([OWNER, ...CENTERS][randomIndex(random, 3)] ?? OWNER);
      await node.kill();
      await node.start();
      isCut += Number(((await deliveries(cluster))?.pending ?? 0) > 0);
    }
    await waitFor(
      async () => {
        const found = await deliveries(cluster).catch(() => undefined);
        return found?.pending === 0 && found.deliveries.length === 2 ? found : undefined;
      },
      { what: "all rewards to be acknowledged", withinMs: DELIVERED_MS_MAX },
    );
    const ann = await cluster.node(OWNER).admin.ask("GET", "/api/shards/2/mail?player=p1");
    expect(ann.body).toMatchObject({
      node: "center:2",
      mails: [{ player: "p1", items: [{ item: "gold", count: 2 }] }],
    });
    for (const id of [OWNER, ...CENTERS]) await cluster.node(id).kill();

    const players: string[] = [];
    let gold = 0;
    for (const id of CENTERS) {
      const rows = await inStore(cluster, id, (store) =>
        store.transaction((tx) => tx.all("SELECT player, bytes FROM mail")),
      );
      for (const row of rows) {
        const mail = readMail(bytesOf(row, "bytes"));
        if (mail.kind === "bad") throw new Error(mail.detail);
        players.push(textOf(row, "player"));
        gold += mail.mail.items[0]?.count ?? 0;
      }
    }
    const states = await inStore(cluster, OWNER, (store) =>
      store.transaction((tx) => tx.all("SELECT state, COUNT(*) AS count FROM outbox GROUP BY state")),
    );
    const goldIssued = issued.reduce((sum, { mail }) => sum + (mail?.items[0]?.count ?? 0), 0);
    expect([players.length, new Set(players).size, gold]).toEqual([REWARDS, REWARDS, goldIssued]);
    expect(states).toEqual([{ state: "acknowledged", count: REWARDS }]);
    // The kills came while rewards were on their way.
    expect(isCut).toBeGreaterThan(0);
    console.log(`      ${KILLS} kills, ${isCut} of them with rewards on their way, ${ground.seconds} s`);
  });
});
