import { afterEach, describe, expect, test } from "#test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { cleanFolders, temporaryFolder } from "../runtime/temporary_folder.ts";
import { Supervised, untilGone, writeConfig } from "./supervised.ts";

const started: Supervised[] = [];
const NODES = ["center:1", "cross_center:1", "cross_gateway:1", "gateway:1"];

afterEach(async () => {
  for (const each of started.splice(0)) await each.clean();
  cleanFolders();
});

function start(config: string): Supervised {
  const supervised = new Supervised(config);
  started.push(supervised);
  return supervised;
}

async function ready(config: string): Promise<Supervised> {
  const supervised = start(config);
  await supervised.until(
    () => supervised.lines.some((line) => line.startsWith("ready")) && supervised.pids().length === NODES.length,
  );
  return supervised;
}

describe("Supervisor with real processes", () => {
  test("makes its secrets, runs all nodes, says ready, and stops them in order on SIGTERM", async () => {
    const folder = temporaryFolder();
    const supervised = await ready(writeConfig(folder));
    for (const name of ["cluster.key", "admin.token"]) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    expect(
      supervised
        .records("node up")
        .map((record) => record.node)
        .toSorted(),
    ).toEqual(NODES);
    expect(supervised.lines.filter((line) => line.startsWith("ready")).length).toBe(1);
    supervised.child.kill("SIGTERM");
    expect(await supervised.ended()).toBe(0);
    expect(supervised.records("node stops").map((record) => [record.node, record.data["signal"]])).toEqual([
      ["center:1", "SIGTERM"],
      ["gateway:1", "SIGTERM"],
      ["cross_center:1", "SIGTERM"],
      ["cross_gateway:1", "SIGTERM"],
    ]);
    const wrapped = supervised.records("output").map((record) => `${record.node} said ${String(record.data["line"])}`);
    expect(wrapped.toSorted()).toEqual(NODES.map((node) => `${node} said plain text of ${node}`));
    expect(await untilGone(supervised.pids(), 0)).toEqual([]);
  });

  test("leaves no node behind when it is killed with SIGKILL", async () => {
    const supervised = await ready(writeConfig(temporaryFolder()));
    supervised.child.kill("SIGKILL");
    await supervised.child.exited;
    expect(await untilGone(supervised.pids(), 5_000)).toEqual([]);
  });

  test("starts a node again that was killed, and only that one", async () => {
    const supervised = await ready(writeConfig(temporaryFolder()));
    const first = supervised.pidOf("gateway:1");
    process.kill(first, "SIGKILL");
    await supervised.until(() => supervised.pidOf("gateway:1") !== first);
    expect(supervised.pids().length).toBe(NODES.length + 1);
    const [ended] = supervised.records("node ended and will be restarted");
    expect([ended?.data["node"], ended?.data["signal"]]).toEqual(["gateway:1", "SIGKILL"]);
  });

  test("refuses to run beside another one on the same data folder, which is not hurt", async () => {
    const config = writeConfig(temporaryFolder());
    const first = await ready(config);
    const second = start(config);
    expect(await second.ended()).toBe(1);
    expect(second.lines.length).toBe(1);
    expect(second.lines[0]).toContain(`a supervisor has it, process ${first.child.pid} since`);
    expect(await untilGone(first.pids(), 0)).toEqual(first.pids());
  });

  test("takes over at once after one that was killed", async () => {
    const config = writeConfig(temporaryFolder());
    const first = await ready(config);
    first.child.kill("SIGKILL");
    await first.child.exited;
    expect(await untilGone(first.pids(), 5_000)).toEqual([]);
    const second = await ready(config);
    second.child.kill("SIGTERM");
    expect(await second.ended()).toBe(0);
  });
});
