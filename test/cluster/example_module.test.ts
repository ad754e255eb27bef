/**
 * The example module, alone beside a cluster file in a folder that was empty: the compiled executable loads it, takes
 * activities of its kind, counts each strike of its players once, and mails the winner.
 */

import { resolve } from "node:path";
import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { FULL } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const BOSS = resolve(import.meta.dir, "../../examples/boss/boss.ts");
const STRIKER = resolve(import.meta.dir, "modules/striker.ts");

describe("The example module", () => {
  clusterTest("brings a kind and a contract that shards call while it is open", async (ground) => {
    const cluster = ground.cluster({ nodes: FULL, modules: [BOSS, STRIKER] });
    await cluster.start();
    await cluster.settled();
    const { admin } = cluster;
    const refused = await admin.ask("POST", "/api/activities", { id: "dragon", kind: "boss", config: { hp: "much" } });
    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).toContain("config.hp");

    expect((await admin.open("dragon", { kind: "boss", config: { hp: 100 } })).status).toBe(201);
    const user = cluster.node("user:101");
    await waitFor(() => user.life.lines.find((line) => line.phrase === "struck enough"), {
      what: "user:101 to have struck",
      withinMs: 10_000,
      notices: cluster.notices,
    });
    const struck = user.life.lines.filter((line) => line.phrase === "struck").map((line) => line.data);
    expect(struck.map(({ player, total }) => [player, total])).toMatchObject([
      ["ann", expect.any(Number)],
      ["bob", expect.any(Number)],
      ["ann", expect.any(Number)],
      ["ann", expect.any(Number)],
    ]);
    // Both shards strike the same boss on cross_center: 2 * (10 + 30 + 5) in all.
    const other = cluster.node("user:201");
    await waitFor(() => other.life.lines.find((line) => line.phrase === "struck enough"), {
      what: "user:201 to have struck",
      withinMs: 10_000,
      notices: cluster.notices,
    });
    const totals = [...user.life.lines, ...other.life.lines]
      .filter((line) => line.phrase === "struck")
      .map(({ data }) => [String(data["player"]), Number(data["total"])] as const);
    const highest = (name: string): number =>
      Math.max(...totals.flatMap(([who, total]) => (who === name ? [total] : [])));
    expect([totals.length, highest("ann"), highest("bob")]).toEqual([8, 30, 60]);

    expect((await admin.ask("POST", "/api/activities/dragon/close")).status).toBe(200);
    for (const id of ["center:1", "center:2"]) {
      const gone = await waitFor(() => cluster.node(id).life.lines.find((line) => line.phrase === "boss is gone"), {
        what: `${id} to hear the end`,
        withinMs: 5_000,
        notices: cluster.notices,
      });
      expect(gone.data["activity"]).toBe("dragon");
    }
    const mails = await waitFor(
      async () => {
        const all = await Promise.all([1, 2].map((shard) => admin.ask("GET", `/api/shards/${shard}/mail?player=bob`)));
        const found = all.flatMap(({ body }) => (body as { mails?: { title: string }[] }).mails ?? []);
        return found.length > 0 ? found : undefined;
      },
      { what: "bob's mail", withinMs: 10_000, notices: cluster.notices },
    );
    expect(mails.map(({ title }) => title)).toEqual(["Place 1"]);
    console.log(`      example module: ${ground.seconds} s`);
  });
});
