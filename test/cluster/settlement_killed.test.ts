/**
 * The compiled executable: settlements of 10,000 players, whose rewards become mails at two shards, while the owner and
 * both centers are killed with SIGKILL at random, each on a disk of its own: 50 times before all rewards have arrived, in as
 * many terms as that takes.
 */

import { join, resolve } from "node:path";
import { describe, expect } from "#test";
import type { DeliveryOverview } from "#admin/port_rewards.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { readMail } from "#delivery/reward.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { bytesOf, textOf } from "#store/row.ts";
import type { Store } from "#store/store.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { pause, waitFor } from "./harness/wait.ts";

endLeftClusters();

const HARVEST = resolve(import.meta.dir, "modules/harvest.ts");
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
const PLAYERS = 10_000;
const KILLS = 50;
/** A node that has just started is killed as well. */
const KILL_EVERY_MS_MAX = 60;
const REPORTED_MS_MAX = 60_000;
const DELIVERED_MS_MAX = 60_000;
const SEED = 23;

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

/** How many players are in the ranking of the term. */
async function ranked(cluster: TestCluster): Promise<number | undefined> {
  const { body } = await cluster.admin.ask("GET", "/api/activities/harvest/ranking?ranking=gold&limit=1");
  const { count, settled } = body as { count?: number; settled?: string };
  return settled === undefined ? count : undefined;
}

function acknowledgedIn(found: DeliveryOverview | undefined): number {
  return found?.deliveries.reduce((sum, { acknowledged }) => sum + acknowledged, 0) ?? 0;
}

describe("Settlement and kill -9", () => {
  clusterTest(
    `settlements of ${PLAYERS} rewards through ${KILLS} kills: granted is what was earned`,
    async (ground) => {
      const cluster = ground.cluster({ nodes: NODES, modules: [HARVEST] });
      await cluster.start();
      await cluster.settled();
      const config = { players: PLAYERS, shards: CENTERS.length };
      expect((await cluster.admin.open("harvest", { kind: "harvest", config })).status).toBe(201);
      const random = seededRandom(SEED);
      let kills = 0;
      let terms = 1;
      for (; ; terms += 1) {
        await waitFor(async () => ((await ranked(cluster)) === PLAYERS ? true : undefined), {
          what: "every player to be ranked",
          withinMs: REPORTED_MS_MAX,
          notices: cluster.notices,
        });
        expect((await cluster.admin.ask("POST", "/api/activities/harvest/close")).status).toBe(200);
        const isOver = async (): Promise<boolean> => acknowledgedIn(await deliveries(cluster)) === terms * PLAYERS;
        for (; kills < KILLS && !(await isOver()); kills += 1) {
          await pause(random.unit() * KILL_EVERY_MS_MAX);
          const node = cluster.node([OWNER, ...CENTERS][randomIndex(random, 3)] ?? OWNER);
          await node.kill();
          await node.start();
        }
        await waitFor(async () => ((await isOver().catch(() => false)) ? true : undefined), {
          what: "all rewards to be acknowledged",
          withinMs: DELIVERED_MS_MAX,
        });
        if (kills === KILLS) break;
        await cluster.settled();
        expect((await cluster.admin.ask("POST", "/api/activities/harvest/reopen")).status).toBe(200);
      }
      // What an operator sends once more changes nothing.
      await cluster.settled();
      const term = (await deliveries(cluster))?.deliveries[0]?.term;
      const again = await cluster.admin.ask("POST", "/api/deliveries/resend", { activity: "harvest", term, shard: 1 });
      expect(again).toMatchObject({ status: 200, body: { count: PLAYERS / 2 } });
      await waitFor(async () => ((await deliveries(cluster))?.pending === 0 ? true : undefined), {
        what: "what was sent once more to be acknowledged",
        withinMs: DELIVERED_MS_MAX,
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
      const earned = Array.from({ length: PLAYERS }, (_, number) => 1 + (number % 97)).reduce(
        (sum, one) => sum + one,
        0,
      );
      expect([players.length, new Set(players).size, gold]).toEqual([terms * PLAYERS, PLAYERS, terms * earned]);
      expect(states).toEqual([{ state: "acknowledged", count: terms * PLAYERS }]);
      console.log(`      ${kills} kills before all had arrived, in ${terms} terms, ${ground.seconds} s`);
    },
  );
});
