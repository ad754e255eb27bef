/** The compiled executable as `--role all`: it starts every node, starts again what ends, and leaves nothing behind. */

import { describe, expect } from "#test";
import type { NodeRow } from "#admin/port.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { Ground } from "./harness/ground.ts";
import type { Life } from "./harness/life.ts";
import { processesIn } from "./harness/processes.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { FULL } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const READY_MS_MAX = 20_000;
/** What is promised to whoever presses Ctrl-C. */
const STOP_MS_MAX = 25_000;
const EXIT_GATEWAY_DIED = 75;
const FOLLOWERS: readonly string[] = ["user:101", "center:1", "map:101"];

interface Supervised {
  readonly cluster: TestCluster;
  readonly supervisor: Life;
}

/** A full cluster under a supervisor that has said "ready". */
async function ready(ground: Ground): Promise<Supervised> {
  const cluster = ground.cluster({ nodes: FULL });
  const supervisor = cluster.supervise();
  await waitFor(() => supervisor.lines.find((line) => line.text.startsWith("ready: 12 nodes")), {
    what: "the line that says ready",
    withinMs: READY_MS_MAX,
    notices: cluster.notices,
  });
  expect(
    processesIn(cluster.folder)
      .map((one) => one.name)
      .toSorted(),
  ).toEqual(["all", ...FULL.map((node) => node.id)].toSorted());
  return { cluster, supervisor };
}

function pidOf(cluster: TestCluster, name: string): number {
  const [found, ...more] = processesIn(cluster.folder).filter((one) => one.name === name);
  if (found === undefined || more.length > 0) throw new Error(`there is not one ${name}`);
  return found.pid;
}

async function nobodyLeft(cluster: TestCluster): Promise<void> {
  await waitFor(() => (processesIn(cluster.folder).length === 0 ? true : undefined), {
    what: "no process to be left",
    withinMs: 3_000,
    seen: () => processesIn(cluster.folder),
  });
}

function exited(
  supervised: Supervised,
  withinMs: number,
): Promise<{ readonly code: number | undefined; readonly atMs: number }> {
  const { supervisor, cluster } = supervised;
  return waitFor(() => supervisor.exit, { what: "the supervisor to end", withinMs, notices: cluster.notices });
}

/** Each node by its boot; resolves when all are there and current, and those named have another boot than before. */
async function back(
  cluster: TestCluster,
  change: { readonly since: ReadonlyMap<string, string>; readonly restarted: readonly string[] },
): Promise<ReadonlyMap<string, string>> {
  let seen: readonly NodeRow[] | undefined;
  return waitFor(
    async () => {
      seen = await cluster.node("statistic:1").admin.nodes();
      const rows = new Map<string, string>(seen?.map((row) => [row.id, row.boot]));
      const isBack =
        rows.size === FULL.length &&
        seen?.every((row) => row.current) === true &&
        change.restarted.every((id) => rows.get(id) !== change.since.get(id));
      return isBack ? rows : undefined;
    },
    { what: `${change.restarted.join(", ")} to be back`, withinMs: READY_MS_MAX, seen: () => seen },
  );
}

describe("The supervisor", () => {
  clusterTest(
    "starts a killed gateway again, and its shard's nodes, which asked for it; nobody else is touched",
    async (ground) => {
      const supervised = await ready(ground);
      const { cluster, supervisor } = supervised;
      const before = await back(cluster, { since: new Map(), restarted: FULL.map((node) => node.id) });
      const opened = await cluster.node("cross_center:1").admin.open("welcome", { kind: "plain" });
      expect(opened.status).toBe(201);
      const restarted = ["gateway:1", ...FOLLOWERS];
      process.kill(pidOf(cluster, "gateway:1"), "SIGKILL");
      const killedMs = performance.now();
      const after = await back(cluster, { since: before, restarted });
      const backMs = Math.round(performance.now() - killedMs);
      for (const { id } of FULL) expect([id, after.get(id) === before.get(id)]).toEqual([id, !restarted.includes(id)]);
      for (const node of FOLLOWERS) {
        const asked = supervisor.all("node asks to be restarted", { node });
        expect(asked.map((line) => line.data["code"])).toEqual([EXIT_GATEWAY_DIED]);
      }
      const ended = supervisor.all("node ended and will be restarted");
      expect(ended.map((line) => [line.data["node"], line.data["signal"]])).toEqual([["gateway:1", "SIGKILL"]]);
      // What was opened before is there in the new life as well.
      const activities = await cluster.node("cross_center:1").admin.activities();
      expect(activities?.map((each) => [each.id, each.nodes.length, each.nodes.every((row) => row.current)])).toEqual([
        ["welcome", 12, true],
      ]);
      console.log(`      back after ${backMs} ms, ${ground.seconds} s`);
    },
  );

  clusterTest("starts each killed node of the cross tier again, and no shard notices", async (ground) => {
    const supervised = await ready(ground);
    const { cluster } = supervised;
    let boots = await back(cluster, { since: new Map(), restarted: [] });
    for (const id of ["cross_gateway:1", "cross_center:1", "cross_map:1", "user:201"]) {
      process.kill(pidOf(cluster, id), "SIGKILL");
      const after = await back(cluster, { since: boots, restarted: [id] });
      expect([...after].filter(([other, boot]) => boots.get(other) !== boot).map(([other]) => other)).toEqual([id]);
      boots = after;
    }
    console.log(`      four killed: ${ground.seconds} s`);
  });

  clusterTest("killed with SIGKILL takes every node with it", async (ground) => {
    const { cluster, supervisor } = await ready(ground);
    supervisor.signal("SIGKILL");
    const killedMs = performance.now();
    await nobodyLeft(cluster);
    console.log(`      nobody left after ${Math.round(performance.now() - killedMs)} ms, ${ground.seconds} s`);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    clusterTest(`stops everything in order on ${signal}, within 25 s and with code 0`, async (ground) => {
      const supervised = await ready(ground);
      const { cluster, supervisor } = supervised;
      const askedMs = performance.now();
      supervisor.signal(signal);
      const exit = await exited(supervised, STOP_MS_MAX);
      expect(exit.code).toBe(0);
      expect(processesIn(cluster.folder)).toEqual([]);
      const stopped = supervisor.all("node stopped");
      expect(stopped.map((line) => `${String(line.data["node"])} ${String(line.data["code"])}`).toSorted()).toEqual(
        FULL.map((node) => `${node.id} 0`).toSorted(),
      );
      // Nodes before the gateway that they link to, so that nobody takes its stop for a death.
      const order = stopped.map((line) => String(line.data["node"]));
      for (const id of FOLLOWERS) expect(order.indexOf(id)).toBeLessThan(order.indexOf("gateway:1"));
      for (const { id } of FULL) {
        if (id !== "cross_gateway:1") expect(order.indexOf(id)).toBeLessThan(order.indexOf("cross_gateway:1"));
      }
      expect(supervisor.lines.filter((line) => line.level === "error")).toEqual([]);
      console.log(`      ${signal}: stopped after ${Math.round(exit.atMs - askedMs)} ms, ${ground.seconds} s`);
    });
  }

  clusterTest("stops what it has only just started", async (ground) => {
    const cluster = ground.cluster({ nodes: FULL });
    const supervisor = cluster.supervise();
    const find = () => supervisor.find("supervisor started");
    await waitFor(find, { what: "the supervisor to start", withinMs: READY_MS_MAX, notices: cluster.notices });
    supervisor.signal("SIGTERM");
    const exit = await exited({ cluster, supervisor }, STOP_MS_MAX);
    expect(exit.code).toBe(0);
    expect(processesIn(cluster.folder)).toEqual([]);
    console.log(`      just started: ${ground.seconds} s`);
  });

  clusterTest("ends with code 1 when another one has the data, and that one is not hurt", async (ground) => {
    const supervised = await ready(ground);
    const { cluster } = supervised;
    const before = processesIn(cluster.folder);
    const second = cluster.supervise();
    const exit = await exited({ cluster, supervisor: second }, STOP_MS_MAX);
    expect([exit.code, second.lines.length]).toEqual([1, 1]);
    expect(String(second.lines[0]?.data["reason"])).toContain("a supervisor has it, process ");
    expect(processesIn(cluster.folder)).toEqual(before);
    console.log(`      second supervisor: ${ground.seconds} s`);
  });
});

describe("Nodes that do not stop", () => {
  clusterTest(
    "are killed in time: a shard node, a gateway and a cross node stand still, and all ends within 25 s",
    async (ground) => {
      const supervised = await ready(ground);
      const { cluster, supervisor } = supervised;
      for (const id of ["map:101", "gateway:2", "cross_map:1"]) process.kill(pidOf(cluster, id), "SIGSTOP");
      const askedMs = performance.now();
      supervisor.signal("SIGTERM");
      const exit = await exited(supervised, STOP_MS_MAX);
      const tookMs = Math.round(exit.atMs - askedMs);
      expect(tookMs).toBeLessThan(STOP_MS_MAX);
      // It says so: not everything was stopped as it should.
      expect(exit.code).toBe(1);
      expect(processesIn(cluster.folder)).toEqual([]);
      const killed = supervisor.all("node is killed").map((line) => String(line.data["node"]));
      expect(killed.toSorted()).toEqual(["cross_map:1", "gateway:2", "map:101"]);
      console.log(`      three stood still: ended after ${tookMs} ms, ${ground.seconds} s`);
    },
  );
});
