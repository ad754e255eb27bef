/** The compiled executable: processes that stand still for a while, and who may conclude what from it. */

import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { Errand } from "./harness/notes.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { FULL } from "./harness/topologies.ts";
import { pause, waitFor } from "./harness/wait.ts";

endLeftClusters();

const GATEWAY = "gateway:1";
const FOLLOWERS: readonly string[] = ["user:101", "center:1", "map:101"];
const EXIT_GATEWAY_DIED = 75;
/** That of a real cluster: the times below are in seconds. */
const INTERVAL_MS = 1_000;
const LOGIN: Errand = { at: "center:1", to: GATEWAY, call: "login", with: "ann" };

async function started(cluster: TestCluster): Promise<Notes> {
  const notes = new Notes(cluster);
  await cluster.start();
  await notes.open("before", [LOGIN]);
  await notes.expectEverywhere();
  await notes.done("before", LOGIN);
  return notes;
}

const lives = (cluster: TestCluster): unknown => cluster.nodes().map((node) => [node.id, node.isAlive, node.boot]);

describe("A gateway that stands still", () => {
  clusterTest("for 2 s: nobody exits, nobody is logged out, and what was opened meanwhile arrives", async (ground) => {
    const cluster = ground.cluster({ nodes: FULL, modules: [WITNESS], heartbeatMs: INTERVAL_MS });
    const notes = await started(cluster);
    const before = lives(cluster);
    const frozenMs = performance.now();
    cluster.node(GATEWAY).freeze();
    await notes.open("while_frozen");
    await pause(2_000 - (performance.now() - frozenMs));
    cluster.node(GATEWAY).thaw();
    await notes.expectEverywhere();
    await notes.expectEveryCall("calls");
    // Longer than the bound: nobody concludes anything afterwards either.
    await pause(5 * INTERVAL_MS);
    expect(lives(cluster)).toEqual(before);
    expect(cluster.nodes().every((node) => node.lives.length === 1)).toBe(true);
    expect((await cluster.admin.describe("center:1"))?.logins).toBe(1);
    console.log(`      2 s: ${ground.seconds} s`);
  });

  clusterTest("for 10 s: its shard leaves within the bound, and all is back after it returned", async (ground) => {
    const cluster = ground.cluster({ nodes: FULL, modules: [WITNESS], heartbeatMs: INTERVAL_MS });
    const notes = await started(cluster);
    const untouched = cluster.nodes().filter((node) => !FOLLOWERS.includes(node.id));
    const before = untouched.map((node) => [node.id, node.pid, node.boot]);
    const frozenMs = performance.now();
    cluster.node(GATEWAY).freeze();
    const tookMs: number[] = [];
    for (const id of FOLLOWERS) {
      const exit = await cluster.node(id).exited(8 * INTERVAL_MS);
      expect([id, exit.code]).toEqual([id, EXIT_GATEWAY_DIED]);
      tookMs.push(Math.round(exit.atMs - frozenMs));
    }
    // Four ticks of their own, where the first may come at once, and a drain with nothing to do.
    expect(Math.min(...tookMs)).toBeGreaterThan(2.9 * INTERVAL_MS);
    expect(Math.max(...tookMs)).toBeLessThan(6.5 * INTERVAL_MS);
    await cluster.start(...FOLLOWERS);
    await notes.open("while_frozen");
    await pause(10_000 - (performance.now() - frozenMs));
    expect(FOLLOWERS.filter((id) => !cluster.node(id).isAlive)).toEqual([]);

    cluster.node(GATEWAY).thaw();
    const thawedMs = performance.now();
    await notes.expectEverywhere();
    const backMs = Math.round(performance.now() - thawedMs);
    await notes.expectEveryCall("calls");
    expect(untouched.map((node) => [node.id, node.pid, node.boot])).toEqual(before);
    expect(FOLLOWERS.map((id) => [id, cluster.node(id).lives.length])).toEqual(FOLLOWERS.map((id) => [id, 2]));
    // The gateway kept its player, and tells the new life of the shard.
    expect((await cluster.admin.describe(GATEWAY))?.logins).toBe(1);
    await waitFor(async () => ((await cluster.admin.describe("center:1"))?.logins === 1 ? true : undefined), {
      what: "center:1 to be told of the player",
      withinMs: 5_000,
    });
    console.log(`      10 s: left after ${tookMs.join(", ")} ms, back after ${backMs} ms, ${ground.seconds} s`);
  });
});

describe("A node that stands still itself", () => {
  for (const frozen of ["center:1", "cross_gateway:1", "cross_center:1"]) {
    clusterTest(
      `${frozen}, for far longer than the bound: nobody exits, and it is back when it returns`,
      async (ground) => {
        const intervalMs = 200;
        const cluster = ground.cluster({ nodes: FULL, modules: [WITNESS], heartbeatMs: intervalMs });
        const notes = await started(cluster);
        const before = lives(cluster);
        const node = cluster.node(frozen);
        node.freeze();
        // Others see it go: not a word from it for 15 intervals.
        await pause(15 * intervalMs);
        const seen = await cluster.node(frozen === "cross_center:1" ? "statistic:1" : "cross_center:1").admin.nodes();
        expect(seen?.some((row) => row.id === frozen)).toBe(false);
        node.thaw();
        await notes.expectEverywhere();
        await notes.open("after");
        await notes.expectEverywhere();
        await notes.expectEveryCall("calls");
        expect(lives(cluster)).toEqual(before);
        expect(cluster.nodes().every((each) => each.lives.length === 1)).toBe(true);
        console.log(`      ${frozen}: ${ground.seconds} s`);
      },
    );
  }
});
