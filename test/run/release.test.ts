import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { nodeId } from "#wire/role.ts";
import type { NodePlan } from "../../src/config/plan.ts";
import { runNode } from "../../src/run.ts";
import type { Runtime } from "../../src/run/types.ts";
import { World, digest } from "../link/harness.ts";
import { recordingLog } from "../mesh/harness.ts";

const PLAN: NodePlan = {
  cluster: "test",
  self: { id: nodeId("cross_center", 5), role: "cross_center", number: 5, shard: 0 },
  keys: [{ kind: "environment", name: "KEY" }],
  tls: undefined,
  heartbeatMs: 1000,
  listen: undefined,
  dials: [],
  policy: undefined,
  admin: undefined,
  adminTokenFile: undefined,
  metricsOpen: false,
  dataDir: "data/cross_center-5",
  modules: [],
  shardOf: new Map(),
  gateways: [],
  crossCenters: [],
  crossMaps: [],
  shards: [],
};

/** Notes what is taken and let go; the store may fail to close, or to begin. */
function setup(failing: { readonly close?: boolean; readonly begin?: boolean }): { runtime: Runtime; notes: string[] } {
  const world = new World();
  const { clock, net } = world;
  const notes: string[] = [];
  const store = openSqliteStore({ path: ":memory:", clock });
  let isMigrated = false;
  const flaky: Store = {
    transaction: async (work) => {
      if (failing.begin === true && isMigrated) throw new StoreError("io", "Cannot begin: the disk is on fire");
      isMigrated = true;
      return store.transaction(work);
    },
    close: async () => {
      notes.push("store closed");
      if (failing.close === true) throw new StoreError("io", "Cannot close: the disk is on fire");
      await store.close();
    },
  };
  const runtime: Runtime = {
    release: "test",
    clock,
    random: seededRandom(1),
    digest,
    transport: net,
    files: {
      readText: () => ({ kind: "absent" }),
      createSecret: () => ({ kind: "ok" }),
      ensureFolder: () => ({ kind: "ok" }),
    },
    acquireLock: () => {
      notes.push("locked");
      return { kind: "held", lock: { release: () => notes.push("released") } };
    },
    openStore: () => flaky,
    serveHttp: () => {
      throw new Error("no HTTP here");
    },
    loadModule: async (path) => ({ kind: "failed", reason: path }),
    environment: () => "ab".repeat(32),
    logFor: () => recordingLog().log,
  };
  return { runtime, notes };
}

describe("runNode: lets go of what it has taken", () => {
  test("when it is stopped, once, also when it is asked twice", async () => {
    const { runtime, notes } = setup({});
    const started = await runNode(PLAN, runtime);
    if (started.kind !== "ok") throw new Error(started.lines.join());
    await Promise.all([started.running.stop("asked"), started.running.stop("asked again")]);
    expect(notes).toEqual(["locked", "store closed", "released"]);
  });

  test("when the store cannot be closed", async () => {
    const { runtime, notes } = setup({ close: true });
    const started = await runNode(PLAN, runtime);
    if (started.kind !== "ok") throw new Error(started.lines.join());
    await started.running.stop("asked");
    expect(notes).toEqual(["locked", "store closed", "released"]);
  });

  test("when it cannot start, with one line that says why, also when the store cannot be closed either", async () => {
    for (const close of [false, true]) {
      const { runtime, notes } = setup({ begin: true, close });
      expect(await runNode(PLAN, runtime)).toEqual({
        kind: "failed",
        code: 1,
        lines: ["Cannot begin: the disk is on fire"],
      });
      expect(notes).toEqual(["locked", "store closed", "released"]);
    }
  });
});
