/** The compiled executable: what it cannot have, and what it does not understand; one line for each, and a code. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { Life } from "./harness/life.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import { hold } from "./harness/ports.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { CHAIN } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const END_MS_MAX = 10_000;
const CANNOT = 1;
const CONFIG = 2;

async function ended(cluster: TestCluster, life: Life): Promise<number | undefined> {
  const exit = await waitFor(() => life.exit, {
    what: "the process to end",
    withinMs: END_MS_MAX,
    notices: cluster.notices,
    seen: () => life.lines.map((line) => line.text),
  });
  return exit.code;
}

/** Code 1 and one line with its reason, which this answers. */
async function reasonOf(cluster: TestCluster, life: Life): Promise<string> {
  const code = await ended(cluster, life);
  expect([code, life.lines.map((line) => [line.level, line.phrase])]).toEqual([
    CANNOT,
    [["error", "node cannot start"]],
  ]);
  return String(life.lines[0]?.data["reason"]);
}

const args = (id: string): string[] => {
  const [role = "", number = ""] = id.split(":");
  return ["--role", role, "--id", number, "--config", "cluster.toml", "--log", "json"];
};

/** The same lives as ever, and everybody reaches everybody. */
async function expectUnhurt(cluster: TestCluster): Promise<void> {
  const notes = new Notes(cluster);
  await notes.open("after");
  await notes.expectEverywhere();
  expect(await notes.expectEveryCall("calls")).toBe(4 * 3);
  expect(cluster.nodes().map((node) => [node.isAlive, node.lives.length])).toEqual(CHAIN.map(() => [true, 1]));
  // No link was lost either: each end has had each of its links once.
  expect(cluster.nodes().flatMap((node) => node.life.all("link down"))).toEqual([]);
}

describe("A node that cannot have what it needs", () => {
  clusterTest(
    "ends with code 1 and one line when its port is taken, by a stranger or by another gateway",
    async (ground) => {
      const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
      await cluster.start();
      await cluster.settled();
      for (const id of ["gateway:1", "cross_gateway:1"]) {
        const port = cluster.file.listen.get(id) ?? 0;
        const second = ground.cluster({ nodes: [{ id }, { id: "cross_gateway:2" }], listen: new Map([[id, port]]) });
        const reason = await reasonOf(second, second.run(...args(id)));
        expect(reason).toBe(`Cannot listen on 127.0.0.1:${port}: the port is in use`);
        console.log(`      ${reason}`);
      }
      await expectUnhurt(cluster);
    },
  );

  clusterTest("ends with code 1 and one line when its admin port is taken", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN });
    const port = cluster.file.admin.get("cross_center:1") ?? 0;
    const held = hold(port);
    expect(held).toBeDefined();
    const life = cluster.run(...args("cross_center:1"));
    const code = await ended(cluster, life);
    held?.stop(true);
    const errors = life.lines.filter((line) => line.level === "error");
    expect([code, errors.map((line) => line.phrase)]).toEqual([CANNOT, ["node cannot start"]]);
    expect(String(errors[0]?.data["reason"])).toContain(`127.0.0.1:${port}`);
    // And it can start as soon as the port is free.
    await cluster.node("cross_center:1").start();
  });

  clusterTest("ends with code 1 and one line when its data folder cannot be written", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN });
    writeFileSync(join(cluster.folder, "file"), "");
    mkdirSync(join(cluster.folder, "locked/center-1/lock"), { recursive: true });
    for (const folder of ["file", "/proc/kuafu", "locked"]) {
      const reason = await reasonOf(cluster, cluster.run(...args("center:1"), "--data", folder));
      expect(reason).toContain(`data folder ${folder}/center-1`);
      console.log(`      ${reason}`);
    }
    // One that keeps a database as well.
    mkdirSync(join(cluster.folder, "taken/cross_center-1/kuafu.sqlite"), { recursive: true });
    const reason = await reasonOf(cluster, cluster.run(...args("cross_center:1"), "--data", "taken"));
    expect(reason).toContain("kuafu.sqlite");
    console.log(`      ${reason}`);
  });

  clusterTest("ends with code 1 and one line when another process is that node, which is not hurt", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
    await cluster.start();
    await cluster.settled();
    for (const { id } of CHAIN) {
      const reason = await reasonOf(cluster, cluster.run(...args(id)));
      expect(reason).toContain(`Cannot run ${id}: process ${cluster.node(id).pid} since `);
    }
    await expectUnhurt(cluster);
    // A lock that kill -9 left behind is none.
    await cluster.node("center:1").kill();
    await cluster.node("center:1").start();
    await cluster.settled();
  });

  clusterTest("ends with one line when a module or the key cannot be read, and shows no secret", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN });
    writeFileSync(join(cluster.folder, "no_module.ts"), "export default 7;\n");
    writeFileSync(join(cluster.folder, "broken.ts"), "export default (;\n");
    for (const [module, found] of [
      ["absent.ts", "absent.ts"],
      ["no_module.ts", "default export is number"],
      ["broken.ts", "broken.ts"],
    ] as const) {
      const reason = await reasonOf(cluster, cluster.run(...args("center:1"), "--module", module));
      expect(reason).toContain(found);
    }
    writeFileSync(join(cluster.folder, "cluster.key"), "not hexadecimal, but not to be shown\n");
    const key = cluster.run(...args("center:1"));
    expect(await ended(cluster, key)).toBe(CONFIG);
    expect(key.lines.length).toBe(1);
    expect(key.lines[0]?.text).toContain("64 to 128 hexadecimal digits");
    expect(key.lines[0]?.text).not.toContain("not to be shown");
  });
});

describe("A second process for a node id, with a data folder of its own", () => {
  clusterTest(
    "is refused while the first one answers, ends with code 1, and the first one works on",
    async (ground) => {
      const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
      await cluster.start();
      await cluster.settled();
      for (const id of ["center:1", "cross_center:1", "gateway:1"]) {
        // The same file, but for the port that the first one listens on.
        const listen = new Map([...cluster.file.listen].filter(([other]) => other !== id));
        const twin = ground.cluster({ nodes: CHAIN, listen });
        const life = twin.run(...args(id), "--data", "elsewhere");
        const code = await ended(twin, life);
        const stopping = life.lines.find((line) => line.phrase === "node stopping");
        expect([id, code]).toEqual([id, CANNOT]);
        expect(String(stopping?.data["reason"])).toContain(`another ${id} is alive at `);
        const at = id === "center:1" ? "gateway:1" : "cross_gateway:1";
        const counters = (await cluster.admin.describe(at))?.counters;
        expect([id, (counters?.["link.duplicate_identity"] ?? 0) >= 1]).toEqual([id, true]);
        const health = await cluster.admin.health();
        const problems = health?.find((row) => row.id === at)?.problems.map((problem) => problem.name);
        expect(problems).toContain(`duplicate_identity:${id}`);
      }
      await expectUnhurt(cluster);
      console.log(`      three twins: ${ground.seconds} s`);
    },
  );

  clusterTest("takes the place of a first one that is silent, and keeps it when that one returns", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
    await cluster.start();
    await cluster.settled();
    const first = cluster.node("center:1");
    first.freeze();
    const second = cluster.run(...args("center:1"), "--data", "elsewhere");
    const isThere = async (): Promise<true | undefined> => {
      const rows = await cluster.admin.nodes();
      return rows?.some((row) => row.id === "center:1" && row.boot === second.boot) === true ? true : undefined;
    };
    await waitFor(isThere, { what: "the second center:1 to be the one that is known", withinMs: 10_000 });
    first.thaw();
    // Now the first is the newcomer, and refused while the second answers: it has no gateway, and follows its policy.
    expect((await first.exited(10_000)).code).toBe(75);
    expect((await first.start()).isAlive).toBe(true);
    expect((await first.exited(10_000)).code).toBe(CANNOT);
    expect(await isThere()).toBe(true);
    expect([second.exit, cluster.node("gateway:1").lives.length]).toEqual([undefined, 1]);
    expect(second.all("link down")).toEqual([]);
    console.log(`      a silent first: ${ground.seconds} s`);
  });
});
