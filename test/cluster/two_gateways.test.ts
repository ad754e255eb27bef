/** The compiled executable: two shards under two cross gateways, of which either may die. */

import { describe, expect } from "#test";
import { HEARTBEAT_MS } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import { STREAM, Streams } from "./harness/streams.ts";
import type { Lane } from "./harness/streams.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { TWO_GATEWAYS, shardNodes } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const OWNER = "cross_center:1";
const MODULES = [WITNESS, STREAM];

/** Both directions between the shards, and to and from the cross tier. */
const LANES: readonly Lane[] = (
  [
    ["center:1", "center:2"],
    ["user:201", "user:101"],
    ["map:101", "cross_center:1"],
    ["cross_map:1", "center:2"],
  ] as const
).map(([at, to]) => ({ at, to, retries: 10, timeoutMs: 8_000 }));

async function path(cluster: TestCluster, ends: { readonly from: string; readonly to: string }): Promise<string[]> {
  const { body } = await cluster.node(OWNER).admin.ask("GET", `/api/explain?from=${ends.from}&to=${ends.to}`);
  const explained = body as { readonly reachable: boolean; readonly hops: readonly { readonly at: string }[] };
  return [explained.reachable ? "reachable" : "lost", ...(explained.hops ?? []).map((hop) => hop.at)];
}

describe("Two cross gateways", () => {
  clusterTest(
    "either is killed and started again under calls: none that may be asked again fails, and nobody else ends",
    async (ground) => {
      const cluster = ground.cluster({ nodes: TWO_GATEWAYS, modules: MODULES });
      const notes = new Notes(cluster);
      await cluster.start();
      await notes.open("before");
      await notes.expectEverywhere();
      const lives = cluster.nodes().map(({ id, pid, boot }) => ({ id, pid, boot }));
      for (const [victim, other] of [
        ["cross_gateway:1", "cross_gateway:2"],
        ["cross_gateway:2", "cross_gateway:1"],
      ] as const) {
        const name = victim.replace(":", "_");
        const streams = await Streams.begin(cluster, { owner: OWNER, id: `under_${name}`, lanes: LANES });
        await cluster.node(victim).kill();
        await cluster.settled();
        // The other one carries everything, in both directions.
        for (const [from, to, by] of [
          ["center:1", "center:2", ["center:1", "gateway:1", other, "gateway:2", "center:2"]],
          ["cross_map:1", "user:101", ["cross_map:1", other, "gateway:1", "user:101"]],
        ] as const) {
          expect(await path(cluster, { from, to })).toEqual(["reachable", ...by]);
        }
        const down = await cluster.node(OWNER).admin.open(`down_${name}`, { kind: "note" });
        expect(down.status).toBe(201);
        for (const { id: node } of lives) {
          if (node === victim) continue;
          await cluster.node(node).line("heard opened", {
            data: { activity: `down_${name}` },
            withinMs: 10_000,
          });
        }
        await cluster.node(victim).start();
        await cluster.settled();
        const calls = await streams.endWithoutFailures();
        console.log(`      ${victim}: ${calls} calls, ${ground.seconds} s`);
      }
      const applied = await waitFor(
        async () => {
          const seen = await cluster.applied();
          const own = JSON.stringify(seen[OWNER]);
          return Object.values(seen).every((each) => JSON.stringify(each) === own) ? seen : undefined;
        },
        { what: "equal versions", withinMs: 10_000, seen: () => cluster.applied() },
      );
      expect(Object.keys(applied).length).toBe(TWO_GATEWAYS.length);
      const killed = ["cross_gateway:1", "cross_gateway:2"];
      for (const { id, pid, boot } of lives) {
        const node = cluster.node(id);
        if (killed.includes(id)) expect([id, node.lives.length]).toEqual([id, 2]);
        else expect([id, node.pid, node.boot, node.lives.length]).toEqual([id, pid, boot, 1]);
      }
    },
  );

  clusterTest("nodes that are linked to only one of them reach all the others, over one hop more", async (ground) => {
    const cluster = ground.cluster({
      nodes: [
        { id: OWNER, admin: true, dial: ["cross_gateway:1"] },
        { id: "cross_gateway:1" },
        { id: "cross_gateway:2" },
        { id: "cross_map:1", dial: ["cross_gateway:2"] },
        { id: "gateway:1", dial: ["cross_gateway:1"] },
        ...shardNodes(1).slice(1),
        { id: "gateway:2", dial: ["cross_gateway:2"] },
        ...shardNodes(2).slice(1),
      ],
      modules: MODULES,
    });
    const notes = new Notes(cluster);
    await cluster.start();
    await notes.open("apart");
    await notes.expectEverywhere();
    const calls = await notes.expectEveryCall("calls");
    expect(calls).toBe(12 * 11);
    expect(await path(cluster, { from: "center:1", to: "center:2" })).toEqual([
      ...["reachable", "center:1", "gateway:1", "cross_gateway:1", "cross_gateway:2", "gateway:2", "center:2"],
    ]);
    console.log(`      over one peer hop: ${calls} calls, ${ground.seconds} s`);
  });

  clusterTest(
    "a twin behind the other one raises an alarm everywhere, and the first one keeps working",
    async (ground) => {
      const cluster = ground.cluster({
        nodes: [
          { id: OWNER, admin: true },
          { id: "cross_gateway:1", admin: true },
          { id: "cross_gateway:2", admin: true },
          { id: "statistic:1", dial: ["cross_gateway:1"] },
          ...shardNodes(1),
        ],
        modules: MODULES,
      });
      const listen = cluster.file.listen;
      const other = ground.cluster({
        nodes: [{ id: "cross_gateway:2" }, { id: "statistic:1" }],
        modules: MODULES,
        listen: new Map([["cross_gateway:2", listen.get("cross_gateway:2") ?? 0]]),
      });
      await cluster.start();
      await cluster.settled();
      const first = cluster.node("statistic:1");
      const streams = await Streams.begin(cluster, {
        owner: OWNER,
        id: "calls",
        lanes: ["center:1", "cross_center:1", "cross_gateway:2"].map((at) => ({
          at,
          to: "statistic:1",
          retries: 0,
          timeoutMs: 4_000,
        })),
      });
      const twin = other.node("statistic:1");
      await twin.start();
      await twin.line("link up", { data: { peer: "cross_gateway:2" }, withinMs: 5_000 });
      const alarm = "duplicate_identity:statistic:1";
      for (const at of ["cross_gateway:1", "cross_gateway:2", OWNER, "gateway:1", "center:1"]) {
        const { data } = await cluster.node(at).line("alarm raised", { data: { alarm }, withinMs: 20 * HEARTBEAT_MS });
        expect([at, data]).toEqual([
          at,
          {
            alarm,
            node: "statistic:1",
            alive: first.boot,
            aliveAt: "cross_gateway:1",
            twin: twin.boot,
            twinAt: "cross_gateway:2",
          },
        ]);
      }
      // Not one call went to the twin: they are all answered, and both processes live on.
      expect(first.isAlive && twin.isAlive).toBe(true);
      for (const at of ["cross_gateway:1", "cross_gateway:2", OWNER]) {
        expect((await cluster.node(at).admin.describe("statistic:1"))?.boot).toBe(first.boot ?? "");
      }
      await twin.kill();
      for (const at of ["cross_gateway:1", "cross_gateway:2", OWNER, "gateway:1", "center:1"]) {
        await cluster.node(at).line("alarm cleared", { data: { alarm }, withinMs: 20 * HEARTBEAT_MS });
      }
      const calls = await streams.endWithoutFailures();
      console.log(`      twins: ${calls} calls, ${ground.seconds} s`);
    },
  );
});
