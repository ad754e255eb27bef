/** A cluster of the compiled executable, and an edge on Deno that joins it over TCP. */

import { describe, expect } from "#test";
import type { NodeRow } from "#admin/port.ts";
import { bundleEdge } from "../../build/edge.ts";
import { DenoEdge, type EdgeProgram } from "./harness/deno_edge.ts";
import { clusterTest, endLeftClusters, type Ground } from "./harness/ground.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { CHAIN, FULL } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const SETTLE_MS_MAX = 15_000;

async function withEdge(
  cluster: TestCluster,
  program: EdgeProgram,
  body: (edge: DenoEdge) => Promise<void>,
): Promise<void> {
  const edge = new DenoEdge(cluster, program);
  try {
    await edge.start();
    await body(edge);
  } catch (error) {
    console.error(`the edge:\n${edge.tail()}`);
    throw error;
  } finally {
    await edge.end();
  }
}

const byId = (rows: readonly NodeRow[]): readonly NodeRow[] => rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** Waits until both say the same of all nodes and of the edge itself, each current and by the boot of its latest life. */
function sameNodes(cluster: TestCluster, edge: DenoEdge): Promise<readonly NodeRow[]> {
  let seen: unknown;
  return waitFor(
    async () => {
      const [ours, theirs] = await Promise.all([cluster.admin.nodes(), edge.admin.nodes()]);
      seen = { ours, theirs };
      if (ours === undefined || theirs === undefined || !Bun.deepEquals(byId(ours), byId(theirs))) return undefined;
      const wanted = [
        ...cluster.nodes().flatMap((node) => (node.isAlive ? [`${node.id} ${node.boot}`] : [])),
        `admin:1 ${edge.boot}`,
      ];
      const rows = ours.filter((row) => row.current).map((row) => `${row.id} ${row.boot}`);
      return Bun.deepEquals(rows.toSorted(), wanted.toSorted()) ? theirs : undefined;
    },
    {
      what: "the edge and a node to say the same of every node",
      withinMs: SETTLE_MS_MAX,
      notices: cluster.notices,
      seen: () => seen,
    },
  );
}

/** Waits until the edge says that exactly these have applied it as it is now. */
async function appliedBy(edge: DenoEdge, id: string, wanted: readonly string[]): Promise<void> {
  let seen: unknown;
  await waitFor(
    async () => {
      const found = (await edge.admin.activities())?.find((each) => each.id === id);
      seen = found;
      const current = found?.nodes.filter((node) => node.version === found.version).map((node) => String(node.node));
      return current !== undefined && Bun.deepEquals(current.toSorted(), wanted.toSorted()) ? current : undefined;
    },
    { what: `${id} to be applied by all`, withinMs: SETTLE_MS_MAX, seen: () => seen },
  );
}

describe("An edge on Deno", () => {
  clusterTest(
    "joins a running cluster, says what a Bun node says, and opens an activity for every shard",
    async (ground) => {
      const cluster = ground.cluster({ nodes: FULL });
      await cluster.start();
      await cluster.settled();
      await withEdge(cluster, { kind: "source" }, async (edge) => {
        expect((await sameNodes(cluster, edge)).map((row) => String(row.id)).toSorted()).toEqual(
          [...FULL.map((node) => node.id), "admin:1"].toSorted(),
        );
        const opened = await edge.admin.ask("POST", "/api/activities", {
          id: "w",
          kind: "plain",
          config: {},
          open: true,
        });
        expect(opened.status).toBe(201);
        await appliedBy(edge, "w", [...FULL.map((node) => node.id), "admin:1"]);
        const explained = await edge.admin.ask("GET", "/api/explain?from=admin:1&to=center:2");
        expect(explained.body).toMatchObject({ reachable: true });
        expect(await edge.admin.ask("GET", "/api/audit")).toMatchObject({
          status: 200,
          body: { node: "admin:1", entries: [{ number: 1, who: "test", verb: "activity.create", subject: "w" }] },
        });
        expect(await edge.end("SIGTERM")).toBe(0);
      });
      await cluster.settled();
      tell(ground);
    },
  );

  clusterTest("comes back after kill -9, and after kill -9 of the cross gateway under it", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN });
    await cluster.start();
    await withEdge(cluster, { kind: "source" }, async (edge) => {
      await sameNodes(cluster, edge);
      const first = edge.boot;
      expect((await edge.admin.ask("POST", "/api/activities", { id: "a", kind: "plain", config: {} })).status).toBe(
        201,
      );
      expect(await edge.end()).toBe("SIGKILL");
      await edge.start();
      expect(edge.boot).not.toBe(first);
      await sameNodes(cluster, edge);
      expect((await edge.admin.ask("POST", "/api/activities/a/open")).status).toBe(200);
      const audit = (await edge.admin.ask("GET", "/api/audit")).body as { readonly entries: readonly object[] };
      expect(audit.entries).toMatchObject([
        { number: 2, verb: "activity.open" },
        { number: 1, verb: "activity.create" },
      ]);

      const second = edge.boot;
      await cluster.node("cross_gateway:1").kill();
      await cluster.node("cross_gateway:1").start();
      await sameNodes(cluster, edge);
      expect(edge.boot).toBe(second);
      await appliedBy(edge, "a", [...CHAIN.map((node) => node.id), "admin:1"]);
    });
    tell(ground);
  });

  clusterTest("goes on seeing and changing everything when one of two cross gateways dies", async (ground) => {
    const nodes = [...CHAIN, { id: "cross_gateway:2" }];
    const cluster = ground.cluster({ nodes });
    await cluster.start();
    await withEdge(cluster, { kind: "source" }, async (edge) => {
      await sameNodes(cluster, edge);
      await cluster.node("cross_gateway:1").kill();
      await sameNodes(cluster, edge);
      const opened = await edge.admin.ask("POST", "/api/activities", {
        id: "b",
        kind: "plain",
        config: {},
        open: true,
      });
      expect(opened.status).toBe(201);
      const left = nodes.map((node) => node.id).filter((id) => id !== "cross_gateway:1");
      await appliedBy(edge, "b", [...left, "admin:1"]);
    });
    tell(ground);
  });

  clusterTest(
    "is one file for deno serve, which joins by itself; a second one of its id is refused",
    async (ground) => {
      const cluster = ground.cluster({ nodes: CHAIN });
      const bundle = await bundleEdge(`${cluster.folder}/edge.js`);
      if (bundle.kind === "failed") throw new Error(bundle.output);
      await cluster.start();
      await withEdge(cluster, { kind: "bundle", path: bundle.path }, async (edge) => {
        await sameNodes(cluster, edge);
        expect((await fetch(`${edge.admin.url}/api/nodes`)).status).toBe(401);
        expect((await fetch(`${edge.admin.url}/readyz`)).status).toBe(200);
        const metrics = await fetch(`${edge.admin.url}/metrics`, {
          headers: { authorization: `Bearer ${cluster.file.token}` },
        });
        expect([metrics.status, (await metrics.text()).includes("kuafu_")]).toEqual([200, true]);
        const twin = new DenoEdge(cluster);
        expect(await twin.spawn().exited).toBe(1);
        await twin.end();
        expect(twin.lines.map((line) => line.data["reason"])).toEqual([
          expect.stringContaining("owns edge_data/admin-1"),
        ]);
        expect((await edge.admin.nodes())?.length).toBe(CHAIN.length + 1);
        expect(await edge.end("SIGTERM")).toBe(0);
      });
      tell(ground);
    },
  );
});

function tell(ground: Ground): void {
  console.log(`      ${ground.seconds} s`);
}
