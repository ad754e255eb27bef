/** The compiled executable: a rolling restart of every node under calls, asked of the supervisor by SIGUSR2. */

import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { STREAM } from "./harness/streams.ts";
import type { Lane } from "./harness/streams.ts";
import type { LogLine } from "./harness/log_lines.ts";
import { TWO_GATEWAYS } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const OWNER = "cross_center:1";
const READY_MS_MAX = 20_000;
const ROLL_MS_MAX = 100_000;

const LANES: readonly Lane[] = (
  [
    ["center:1", "center:2"],
    ["user:201", "user:101"],
    ["map:101", "cross_map:1"],
    ["cross_map:1", "center:1"],
    ["statistic:1", "map:201"],
  ] as const
).map(([at, to]) => ({ at, to, retries: 16, timeoutMs: 8_000 }));

/** Calls that failed while the node that had made them was not stopping itself. */
function failures(lines: readonly LogLine[]): readonly LogLine[] {
  const stopping = new Set<string>();
  return lines.filter((line) => {
    const node = line.node ?? "";
    if (line.phrase === "node stopping") stopping.add(node);
    if (line.phrase === "node started") stopping.delete(node);
    return line.phrase === "stream call failed" && !stopping.has(node);
  });
}

describe("A rolling restart", () => {
  clusterTest(
    "restarts every node once, and no call that may be asked again fails",
    async (ground) => {
      const cluster = ground.cluster({ nodes: TWO_GATEWAYS, modules: [STREAM] });
      const supervisor = cluster.supervise();
      const { notices } = cluster;
      await waitFor(() => supervisor.find("cluster ready"), {
        what: "the cluster to be ready",
        withinMs: READY_MS_MAX,
        notices,
      });
      const { admin } = cluster.node(OWNER);
      const before = new Map((await admin.nodes())?.map((row) => [row.id as string, row.boot]));
      expect(before.size).toBe(TWO_GATEWAYS.length);
      expect((await admin.open("calls", { kind: "stream", config: { lanes: LANES }, owner: OWNER })).status).toBe(201);
      for (const { at, to } of LANES) {
        await waitFor(() => supervisor.lines.find((one) => one.phrase === "stream begins" && one.data["to"] === to), {
          what: `the calls of ${at}`,
          withinMs: READY_MS_MAX,
          notices,
        });
      }
      supervisor.signal("SIGUSR2");
      const begun = await waitFor(() => supervisor.find("rolling restart begins"), {
        what: "the rolling restart to begin",
        withinMs: 5_000,
        notices,
      });
      expect(begun.data["nodes"]).toBe(TWO_GATEWAYS.length);
      supervisor.signal("SIGUSR2");
      const ended = await waitFor(
        () => supervisor.find("rolling restart done") ?? supervisor.find("rolling restart given up"),
        { what: "the rolling restart to end", withinMs: ROLL_MS_MAX, notices },
      );
      expect([ended.phrase, ended.data["reason"]]).toEqual(["rolling restart done", undefined]);
      const refused = supervisor.all("rolling restart refused");
      expect(refused.map((line) => line.data["reason"])).toEqual(["one is under way"]);
      const after = new Map((await admin.nodes())?.map((row) => [row.id as string, row.boot]));
      expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
      for (const [id, boot] of after) {
        const starts = supervisor.lines.filter((line) => line.phrase === "node started" && line.node === id).length;
        expect([id, boot === before.get(id), starts]).toEqual([id, false, 2]);
      }
      // Nobody ended but those that were asked to, and all in order.
      expect(supervisor.all("node is killed")).toEqual([]);
      expect(supervisor.all("node asks to be restarted")).toEqual([]);
      expect(supervisor.all("node ended and will be restarted")).toEqual([]);
      expect((await admin.ask("POST", "/api/activities/calls/close")).status).toBe(200);
      const done = await waitFor(
        () => {
          const lines = supervisor.lines.filter((line) => line.phrase === "stream ended");
          return LANES.every(({ to }) => lines.some((line) => line.data["to"] === to)) ? lines : undefined;
        },
        { what: "the calls to end", withinMs: READY_MS_MAX, notices },
      );
      expect(failures(supervisor.lines).map((line) => line.text)).toEqual([]);
      const calls = done.reduce((sum, line) => sum + Number(line.data["calls"]), 0);
      expect(calls).toBeGreaterThan(LANES.length);
      console.log(
        `      ${after.size} nodes in ${String(ended.data["tookMs"])} ms, ${calls} calls, ${ground.seconds} s`,
      );
    },
    { withinMs: 120_000 },
  );
});
