/** The compiled executable: whatever starts first, an activity reaches the shard, and is heard there once. */

import { describe, expect } from "#test";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { Ground } from "./harness/ground.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import { CHAIN, FULL } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const OWNER = "cross_center:1";
const ROLES: readonly string[] = ["cross_center:1", "cross_gateway:1", "gateway:1", "center:1"];

/** Starts one node after the other, and opens an activity after each start at which its owner runs. */
async function inOrder(ground: Ground, order: readonly string[]): Promise<number> {
  const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
  const notes = new Notes(cluster);
  for (const [index, id] of order.entries()) {
    await cluster.node(id).start();
    if (cluster.node(OWNER).isAlive) await notes.open(`note_${index + 1}`);
  }
  await notes.expectEverywhere();
  expect(cluster.nodes().map((node) => node.lives.length)).toEqual([1, 1, 1, 1]);
  await cluster.dispose();
  return notes.count;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, index) => permutations(items.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

describe("Every start order", () => {
  const all = permutations(ROLES);
  for (const first of ROLES) {
    clusterTest(
      `${first} first, the others in each of six orders: what is opened at any time arrives`,
      async (ground) => {
        expect(new Set(all.map(String)).size).toBe(24);
        const orders = all.filter((order) => order[0] === first);
        expect(orders.length).toBe(6);
        const counts = await Promise.all(orders.map((order) => inOrder(ground, order)));
        // After the owner's own start and after each later one.
        expect(counts).toEqual(orders.map((order) => ROLES.length - order.indexOf(OWNER)));
        const opened = counts.reduce((a, b) => a + b);
        console.log(`      ${first} first: 6 orders, ${opened} activities, ${ground.seconds} s`);
      },
    );
  }

  clusterTest("all at once: what is opened as soon as the owner answers arrives", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
    for (const node of cluster.nodes()) node.spawn();
    const { admin } = cluster.node(OWNER);
    const opened = await waitFor(
      async () => {
        const answer = await admin.open("early", { kind: "note" });
        return answer.status === 0 ? undefined : answer;
      },
      { what: "the owner to answer", withinMs: 10_000 },
    );
    expect(opened.status).toBe(201);
    await cluster.settled();
    for (const id of ROLES) {
      await cluster.node(id).line("heard opened", { data: { activity: "early" }, withinMs: 10_000 });
      expect(cluster.node(id).life.all("heard opened").length).toBe(1);
    }
    const applied = await cluster.applied();
    expect(Object.keys(applied[OWNER] ?? {})).toEqual(["activity/cross_center:1/early"]);
    expect(applied).toEqual(Object.fromEntries(ROLES.map((id) => [id, applied[OWNER] ?? {}])));
    console.log(`      all at once: ${ground.seconds} s`);
  });
});

type Stage = "cross" | "shard" | "gateway";

/** "gateway" of the note may be the one between the tiers, or all of them: both are tried. */
const READINGS: readonly { readonly name: string; readonly stageOf: (node: NodeSpec) => Stage }[] = [
  {
    name: "the cross gateway",
    stageOf: ({ id }) => {
      if (id.startsWith("cross_gateway:")) return "gateway";
      return /^(cross_|statistic:)/.test(id) ? "cross" : "shard";
    },
  },
  {
    name: "every gateway",
    stageOf: ({ id }) => {
      if (/^(cross_)?gateway:/.test(id)) return "gateway";
      return /^(cross_|statistic:)/.test(id) ? "cross" : "shard";
    },
  },
];

const SCENARIOS: readonly { readonly name: string; readonly stages: readonly Stage[] }[] = [
  { name: "cross and shard first, gateway last", stages: ["cross", "shard", "gateway"] },
  { name: "cross and gateway first, shard last", stages: ["cross", "gateway", "shard"] },
  { name: "shard and gateway first, cross last", stages: ["shard", "gateway", "cross"] },
];

describe("Two shards and the cross tier", () => {
  for (const { name, stages } of SCENARIOS) {
    for (const reading of READINGS) {
      clusterTest(`${name} (gateway: ${reading.name})`, async (ground) => {
        const cluster = ground.cluster({ nodes: FULL, modules: [WITNESS] });
        const notes = new Notes(cluster);
        for (const stage of stages) {
          await cluster.start(...FULL.filter((node) => reading.stageOf(node) === stage).map((node) => node.id));
          if (cluster.node(OWNER).isAlive) await notes.open(`after_${stage}`);
        }
        await notes.expectEverywhere();
        expect(notes.count).toBe(3 - stages.indexOf("cross"));
        const calls = await notes.expectEveryCall("calls");
        expect(calls).toBe(12 * 11);
        expect(cluster.nodes().map((node) => node.lives.length)).toEqual(FULL.map(() => 1));
        console.log(`      ${name} (${reading.name}): ${notes.count} activities, ${calls} calls, ${ground.seconds} s`);
      });
    }
  }
});
