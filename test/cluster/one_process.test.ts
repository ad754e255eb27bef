/** The compiled executable as `--role shard`: a shard's nodes in one process, beside a cross tier of processes. */

import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { WITNESS } from "./harness/notes.ts";
import { shardNodes } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

describe("A shard in one process", () => {
  clusterTest("links like four, applies what was opened before, and stops on SIGTERM with code 0", async (ground) => {
    const cluster = ground.cluster({
      nodes: [{ id: "cross_center:1", admin: true }, { id: "cross_gateway:1" }, ...shardNodes(1)],
      modules: [WITNESS],
    });
    await cluster.start("cross_center:1", "cross_gateway:1");
    const { admin } = cluster;
    expect((await admin.open("early", { kind: "note" })).status).toBe(201);
    const shard = cluster.run("--role", "shard", "--id", "1", "--config", "cluster.toml", "--log", "json");
    const ids = shardNodes(1).map((node) => node.id);
    const rows = await waitFor(
      async () => {
        const seen = await admin.nodes();
        return seen?.length === 6 && seen.every((row) => row.current) ? seen : undefined;
      },
      { what: "six nodes that are current", withinMs: 15_000 },
    );
    expect(new Set(rows.map((row) => row.boot)).size).toBe(6);
    for (const node of ids) {
      const heard = await waitFor(
        () => shard.lines.find((line) => line.phrase === "heard opened" && line.node === node),
        {
          what: `${node} to hear of the activity`,
          withinMs: 5_000,
          notices: cluster.notices,
        },
      );
      expect([node, heard.data["activity"], heard.data["resumed"]]).toEqual([node, "early", true]);
    }
    shard.signal("SIGTERM");
    const exit = await waitFor(() => shard.exit, { what: "it to stop", withinMs: 11_000, notices: cluster.notices });
    expect(exit.code).toBe(0);
    expect(shard.lines.filter((line) => line.level === "error")).toEqual([]);
    console.log(`      one process: ${ground.seconds} s`);
  });
});
