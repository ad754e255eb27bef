/** The compiled executable: the shard's own gateway ends, and what its nodes do by their policy. */

import { describe, expect } from "#test";
import { HEARTBEAT_MS } from "./harness/cluster_file.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { Errand } from "./harness/notes.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { FULL } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const GATEWAY = "gateway:1";
const FOLLOWERS: readonly string[] = ["user:101", "center:1", "map:101"];
const EXIT_GATEWAY_DIED = 75;
/** Four ticks, one more for where in a tick it began, and the drain of a node that has nothing to do. */
const EXIT_MS_MAX = 5 * HEARTBEAT_MS + 2_000;
const BOUND = `gateway:1 silent for ${(4 * HEARTBEAT_MS) / 1000} s`;

function others(cluster: TestCluster): (readonly [string, number, string | undefined])[] {
  return cluster
    .nodes()
    .filter((node) => node.id !== GATEWAY && !FOLLOWERS.includes(node.id))
    .map((node) => [node.id, node.isAlive ? node.pid : 0, node.boot]);
}

describe("With the policy exit", () => {
  const causes = [
    { name: "is killed", reason: "gateway_dead", end: "SIGKILL", again: false },
    { name: "is killed and started again at once", reason: "gateway_restarted", end: "SIGKILL", again: true },
    { name: "is stopped", reason: "gateway_stopping", end: "SIGTERM", again: false },
  ] as const;
  for (const { name, reason, end, again } of causes) {
    clusterTest(
      `the gateway ${name}: its shard leaves as ${reason} within the bound and comes back`,
      async (ground) => {
        const cluster = ground.cluster({ nodes: FULL, modules: [WITNESS] });
        const notes = new Notes(cluster);
        await cluster.start();
        await notes.open("before");
        await notes.expectEverywhere();
        const before = others(cluster);
        for (const id of FOLLOWERS) {
          expect(cluster.node(id).life.find("node started")?.data["policy"]).toBe(`${BOUND} => exit`);
        }

        cluster.node(GATEWAY).life.signal(end);
        const ended = await cluster.node(GATEWAY).exited(EXIT_MS_MAX);
        expect(ended.code).toBe(end === "SIGTERM" ? 0 : undefined);
        if (again) await cluster.node(GATEWAY).start();
        const tookMs: number[] = [];
        for (const id of FOLLOWERS) {
          const exit = await cluster.node(id).exited(EXIT_MS_MAX);
          const stopping = cluster.node(id).life.find("node stopping")?.data;
          expect([id, exit.code, stopping]).toEqual([
            id,
            EXIT_GATEWAY_DIED,
            { reason: `${GATEWAY}: ${reason}`, code: EXIT_GATEWAY_DIED },
          ]);
          tookMs.push(Math.round(exit.atMs - ended.atMs));
        }
        expect(Math.max(...tookMs)).toBeLessThan(EXIT_MS_MAX);

        if (!again) await cluster.node(GATEWAY).start();
        await cluster.start(...FOLLOWERS);
        await notes.expectEverywhere();
        await notes.expectEveryCall("calls");
        expect(others(cluster)).toEqual(before);
        console.log(`      ${reason}: left after ${tookMs.join(", ")} ms, all of it ${ground.seconds} s`);
      },
    );
  }
});

describe("With the policy clear_logins", () => {
  const nodes = FULL.map((node): NodeSpec =>
    FOLLOWERS.includes(node.id) ? { ...node, onGatewayDeath: "clear_logins", admin: true } : node,
  );
  /** What each says of itself, also while nobody reaches it. */
  const logins = async (cluster: TestCluster): Promise<Record<string, number | undefined>> =>
    Object.fromEntries(
      await Promise.all(FOLLOWERS.map(async (id) => [id, (await cluster.node(id).admin.describe(id))?.logins])),
    );
  const login = (player: string): Errand => ({ at: "center:1", to: GATEWAY, call: "login", with: player });
  const NONE = Object.fromEntries(FOLLOWERS.map((id) => [id, 0]));

  clusterTest("the gateway is killed: its shard stays without a login, and players log in again", async (ground) => {
    const cluster = ground.cluster({ nodes, modules: [WITNESS] });
    const notes = new Notes(cluster);
    await cluster.start();
    await notes.open("first_player", [login("ann")]);
    await notes.open("second_player", [login("bob")]);
    await notes.expectEverywhere();
    expect(Object.keys(await notes.done("first_player", login("ann")))).toContain("reply");
    expect(Object.keys(await notes.done("second_player", login("bob")))).toContain("reply");
    // A map is told of nobody who is not in it.
    expect(await logins(cluster)).toEqual({ "user:101": 2, "center:1": 2, "map:101": 0 });
    expect((await cluster.admin.describe(GATEWAY))?.logins).toBe(2);
    const before = others(cluster);
    const pids = FOLLOWERS.map((id) => [id, cluster.node(id).pid, cluster.node(id).boot]);
    for (const id of FOLLOWERS) {
      expect(cluster.node(id).life.find("node started")?.data["policy"]).toBe(`${BOUND} => clear_logins`);
    }

    const killed = await cluster.node(GATEWAY).kill();
    const tookMs: number[] = [];
    for (const id of FOLLOWERS) {
      const data = { reason: "gateway_dead", count: id === "map:101" ? 0 : 2 };
      const cleared = await cluster.node(id).line("logins cleared", { data, withinMs: EXIT_MS_MAX });
      tookMs.push(Math.round(cleared.atMs - killed.atMs));
    }
    expect(await logins(cluster)).toEqual(NONE);
    await notes.open("while_down");
    await cluster.node(GATEWAY).start();

    await notes.expectEverywhere();
    expect(FOLLOWERS.map((id) => [id, cluster.node(id).pid, cluster.node(id).boot])).toEqual(pids);
    expect(FOLLOWERS.every((id) => cluster.node(id).isAlive)).toBe(true);
    expect(others(cluster)).toEqual(before);
    expect(await logins(cluster)).toEqual(NONE);

    await notes.open("third_player", [login("ann")]);
    expect(Object.keys(await notes.done("third_player", login("ann")))).toContain("reply");
    expect(await logins(cluster)).toEqual({ "user:101": 1, "center:1": 1, "map:101": 0 });
    console.log(`      cleared after ${tookMs.join(", ")} ms, all of it ${ground.seconds} s`);
  });

  clusterTest(
    "the gateway is started again at once: the logins of its old life are gone all the same",
    async (ground) => {
      const cluster = ground.cluster({ nodes, modules: [WITNESS] });
      const notes = new Notes(cluster);
      await cluster.start();
      await notes.open("player", [login("ann")]);
      await notes.done("player", login("ann"));
      expect(await logins(cluster)).toEqual({ "user:101": 1, "center:1": 1, "map:101": 0 });
      await cluster.node(GATEWAY).kill();
      await cluster.node(GATEWAY).start();
      await cluster.settled();
      await waitFor(
        async () => (Object.values(await logins(cluster)).every((count) => count === 0) ? true : undefined),
        {
          what: "no login on any node",
          withinMs: EXIT_MS_MAX,
        },
      );
      expect(cluster.nodes().map((node) => [node.id, node.lives.length])).toEqual(
        cluster.ids.map((id) => [id, id === GATEWAY ? 2 : 1]),
      );
      console.log(`      started again at once: ${ground.seconds} s`);
    },
  );
});
