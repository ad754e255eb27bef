/** The compiled executable: links that are cut while every process lives; what is kept meanwhile, and who may exit. */

import { describe, expect } from "#test";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { HEARTBEAT_MS } from "./harness/cluster_file.ts";
import { Cutter } from "./harness/cutter.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import { takePorts } from "./harness/ports.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { FULL } from "./harness/topologies.ts";
import { pause, waitFor } from "./harness/wait.ts";

endLeftClusters();

const EXIT_GATEWAY_DIED = 75;
const FOLLOWERS: readonly string[] = ["user:101", "center:1", "map:101"];

/** The full cluster, in which one gateway is dialled through a cutter. */
function withCutter(id: string, more: Readonly<Record<string, Partial<NodeSpec>>> = {}) {
  const [port = 0] = takePorts(1);
  const cutter = new Cutter(port);
  const nodes = FULL.map((node) => ({
    ...node,
    ...more[node.id],
    ...(node.id === id ? { dialledAt: cutter.port } : {}),
  }));
  return { cutter, nodes, listen: new Map([[id, port]]) };
}

const lives = (cluster: TestCluster): unknown => cluster.nodes().map((node) => [node.id, node.isAlive, node.boot]);

describe("A shard that is cut off from the cross tier", () => {
  clusterTest("keeps its last state, and hears once what closed and what opened meanwhile", async (ground) => {
    const { cutter, nodes, listen } = withCutter("cross_gateway:1", { "center:1": { admin: true } });
    const cluster = ground.cluster({ nodes, listen, modules: [WITNESS] });
    const notes = new Notes(cluster);
    await cluster.start();
    await notes.open("one");
    await notes.open("two");
    await notes.expectEverywhere();
    const before = lives(cluster);
    const center = cluster.node("center:1");

    cutter.cut();
    const { admin } = cluster.node("cross_center:1");
    expect((await admin.ask("POST", "/api/activities/one/close")).status).toBe(200);
    await notes.open("three");
    // Longer than any bound of a link: what was known stays known.
    await pause(6 * HEARTBEAT_MS);
    const kept = await center.admin.activities();
    expect(kept?.map((each) => [each.id, each.phase])).toEqual([
      ["one", "open"],
      ["two", "open"],
    ]);
    expect(center.life.all("heard closed")).toEqual([]);

    cutter.heal();
    await cluster.settled();
    await notes.expectEverywhere();
    for (const { id } of FULL) {
      await cluster.node(id).line("heard closed", { data: { activity: "one" }, withinMs: 5_000 });
      expect([id, cluster.node(id).life.all("heard closed").length]).toEqual([id, 1]);
      expect([id, cluster.node(id).life.all("heard opened").length]).toEqual([id, 3]);
    }
    await notes.expectEveryCall("calls");
    expect(lives(cluster)).toEqual(before);
    cutter.stop();
    console.log(`      cut off and back: ${ground.seconds} s`);
  });

  clusterTest("flaps eight times: nobody exits, and all is as it was", async (ground) => {
    const { cutter, nodes, listen } = withCutter("cross_gateway:1");
    const cluster = ground.cluster({ nodes, listen, modules: [WITNESS] });
    const notes = new Notes(cluster);
    await cluster.start();
    await cluster.settled();
    const before = lives(cluster);
    for (let flap = 1; flap <= 8; flap += 1) {
      cutter.cut();
      if (flap % 4 === 0) await notes.open(`flap_${flap}`);
      await pause(HEARTBEAT_MS / 2);
      cutter.heal();
      await waitFor(() => (cutter.count > 0 ? true : undefined), { what: "somebody to get through", withinMs: 5_000 });
    }
    await notes.expectEverywhere();
    await notes.expectEveryCall("calls");
    expect(lives(cluster)).toEqual(before);
    cutter.stop();
    console.log(`      eight flaps: ${ground.seconds} s`);
  });
});

describe("A shard whose nodes are cut off from their gateway", () => {
  clusterTest("stays when the links are made again within the bound, as often as that happens", async (ground) => {
    const { cutter, nodes, listen } = withCutter("gateway:1");
    const cluster = ground.cluster({ nodes, listen, modules: [WITNESS], heartbeatMs: 500 });
    const notes = new Notes(cluster);
    await cluster.start();
    await cluster.settled();
    const before = lives(cluster);
    for (let flap = 1; flap <= 4; flap += 1) {
      cutter.cut();
      // Two intervals of the four.
      await pause(1_000);
      cutter.heal();
      await waitFor(() => (cutter.count === FOLLOWERS.length ? true : undefined), {
        what: "all three to be linked again",
        withinMs: 5_000,
        seen: () => cutter.count,
      });
      await cluster.settled();
    }
    await notes.open("after");
    await notes.expectEverywhere();
    await notes.expectEveryCall("calls");
    expect(lives(cluster)).toEqual(before);
    cutter.stop();
    console.log(`      four cuts of two intervals: ${ground.seconds} s`);
  });

  clusterTest("leaves within the bound when they are not, though the gateway lives, and comes back", async (ground) => {
    const { cutter, nodes, listen } = withCutter("gateway:1");
    const cluster = ground.cluster({ nodes, listen, modules: [WITNESS] });
    const notes = new Notes(cluster);
    await cluster.start();
    await notes.open("before");
    await notes.expectEverywhere();
    cutter.cut();
    const cutMs = performance.now();
    const tookMs: number[] = [];
    for (const id of FOLLOWERS) {
      const exit = await cluster.node(id).exited(5 * HEARTBEAT_MS + 2_000);
      expect([id, exit.code]).toEqual([id, EXIT_GATEWAY_DIED]);
      tookMs.push(Math.round(exit.atMs - cutMs));
    }
    // Not before three whole intervals: the fourth tick may follow at once on the third.
    expect(Math.min(...tookMs)).toBeGreaterThan(2.5 * HEARTBEAT_MS);
    await cluster.start(...FOLLOWERS);
    await notes.open("while_cut");
    cutter.heal();
    await notes.expectEverywhere();
    await notes.expectEveryCall("calls");
    expect(cluster.nodes().map((node) => [node.id, node.lives.length])).toEqual(
      FULL.map(({ id }) => [id, FOLLOWERS.includes(id) ? 2 : 1]),
    );
    cutter.stop();
    console.log(`      left after ${tookMs.join(", ")} ms, ${ground.seconds} s`);
  });
});
