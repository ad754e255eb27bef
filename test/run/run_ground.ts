/**
 * A plan for one node, and a runtime without a machine: a store in memory, the network of the link tests.
 */

import { seededRandom } from "#base/random.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { nodeId } from "#wire/role.ts";
import type { NodePlan } from "../../src/config/plan.ts";
import type { Runtime } from "../../src/run/types.ts";
import { World, digest } from "../link/harness.ts";
import { recordingLog } from "../mesh/harness.ts";

export const PLAN: NodePlan = {
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
  players: undefined,
  dataDir: "data/cross_center-5",
  shardDir: "data/shard-0",
  playerData: { ledgerKeptMs: 1, keyKeptMs: 1 },
  modules: [],
  shardOf: new Map(),
  gateways: [],
  crossCenters: [],
  crossMaps: [],
  shards: [],
};

/** Notes what is taken and let go; the store may fail to close, or to begin. */
export function setup(failing: { readonly close?: boolean; readonly begin?: boolean }): {
  runtime: Runtime;
  notes: string[];
  world: World;
} {
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
  return { runtime, notes, world };
}
