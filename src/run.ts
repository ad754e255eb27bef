/**
 * Runs one node of a plan in this process: folder, lock, secrets, store, modules, node, admin API, in that order,
 * and lets go of them in the other one. What cannot be had is one line and an exit code.
 */

import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { type Trail, TrailError } from "#admin/audit.ts";
import type { HttpServer } from "#base/http_server.ts";
import type { HeldLock } from "#base/lock.ts";
import type { Log } from "#base/log.ts";
import { toHex } from "#base/digest.ts";
import { ListenError, addressText } from "#link/transport.ts";
import type { AssignmentConfig } from "#mesh/assignment.ts";
import type { Module } from "#module/module.ts";
import { Node } from "#module/node.ts";
import type { NodeEnd } from "#module/node_options.ts";
import { needsPlayerStore, needsStore, PLAYER_STORE_MIGRATIONS, STORE_MIGRATIONS } from "#module/store_migrations.ts";
import { ROLE_TABLE } from "#roles/role_table.ts";
import { migrate } from "#store/migrations.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { BOOT_SIZE } from "#wire/handshake.ts";
import { identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import { parseNodeId } from "#wire/role.ts";
import type { NodePlan } from "./config/plan.ts";
import { serveAdmin, storeAudit } from "./run/admin.ts";
import { servePlayers, type ServedPlayers } from "./run/players.ts";
import { readKeys } from "./run/secrets.ts";
import { transportOf } from "./run/tls.ts";
import type { Runtime, StartFailure } from "./run/types.ts";

const EXIT_CANNOT = 1;
const ADMIN_STOP_MS = 1_000;
/** For players' requests that are under way. */
const PLAYERS_STOP_MS = 3_000;

export interface RunningNode {
  readonly node: Node;
  /** Resolves when the node asks its process to end. */
  readonly ended: Promise<NodeEnd>;
  /** Drains, closes and releases everything. Resolves when that is done, never rejects; may be called twice. */
  stop(detail: string): Promise<void>;
}

/** What has been taken so far, to be given back in the other order. */
interface Held {
  lock?: HeldLock;
  store?: Store;
  playerStore?: Store;
  trail?: Trail | undefined;
  node?: Node;
  admin?: HttpServer;
  players?: ServedPlayers;
}

export async function runNode(
  plan: NodePlan,
  runtime: Runtime,
): Promise<{ readonly kind: "ok"; readonly running: RunningNode } | StartFailure> {
  const log = runtime.logFor(plan.self.id);
  const held: Held = {};
  try {
    const failure = await start({ plan, runtime, log, held });
    if ("running" in failure) return { kind: "ok", running: failure.running };
    await release(held, "cannot start", log);
    return failure;
  } catch (error) {
    await release(held, "cannot start", log);
    if (error instanceof ListenError || error instanceof StoreError || error instanceof TrailError) {
      return cannot(error.message);
    }
    throw error;
  }
}

async function start(options: {
  readonly plan: NodePlan;
  readonly runtime: Runtime;
  readonly log: Log;
  readonly held: Held;
}): Promise<{ readonly running: RunningNode } | StartFailure> {
  const { plan, runtime, log, held } = options;
  const ensured = runtime.files.ensureFolder(plan.dataDir);
  if (ensured.kind === "failed") return cannot(`Cannot use data folder ${plan.dataDir}: ${ensured.reason}`);
  const lock = runtime.acquireLock(plan.dataDir);
  if (lock.kind === "taken") return cannot(`Cannot run ${plan.self.id}: ${lock.by} owns ${plan.dataDir}`);
  if (lock.kind === "failed") return cannot(`Cannot lock data folder ${plan.dataDir}: ${lock.reason}`);
  held.lock = lock.lock;
  const keys = readKeys(plan.keys, { runtime, log });
  if (keys.kind === "failed") return keys;
  const secured = transportOf(plan, { runtime, log });
  if (secured.kind === "failed") return secured;
  const modules: Module[] = [];
  for (const path of plan.modules) {
    const loaded = await runtime.loadModule(path);
    if (loaded.kind === "failed") return cannot(`Cannot load module ${loaded.reason}`);
    modules.push(loaded.module);
  }
  const spec = ROLE_TABLE[plan.self.role];
  if (needsStore(spec.parts) || (plan.admin !== undefined && runtime.openTrail === undefined)) {
    held.store = runtime.openStore(`${plan.dataDir}/kuafu.sqlite`);
    await migrate(held.store, STORE_MIGRATIONS, runtime.digest);
  }
  if (needsPlayerStore(spec.parts)) {
    held.playerStore = runtime.openStore(`${plan.shardDir}/players.sqlite`, { isShared: true });
    await migrate(held.playerStore, PLAYER_STORE_MIGRATIONS, runtime.digest);
  }
  if (plan.admin !== undefined && held.store === undefined) held.trail = runtime.openTrail?.(plan.dataDir);
  const ended = Promise.withResolvers<NodeEnd>();
  const self = identity({
    ...plan.self,
    boot: toHex(runtime.random.bytes(BOOT_SIZE)),
    startedAtMs: runtime.clock.wallMs(),
  });
  const node = new Node({
    spec,
    self,
    release: runtime.release,
    cluster: plan.cluster,
    keys: keys.keys,
    heartbeatMs: plan.heartbeatMs,
    transport: secured.transport,
    clock: runtime.clock,
    random: runtime.random,
    digest: runtime.digest,
    budget: runtime.budget,
    log,
    listen: plan.listen,
    dials: plan.dials,
    gateway: plan.policy?.gateway,
    policy: plan.policy?.onDeath,
    expectedShard: (id) => plan.shardOf.get(id),
    assignment: assignmentOf(plan),
    gateways: plan.gateways,
    shards: plan.shards.map(shardFacts),
    store: held.store,
    playerStore: held.playerStore,
    playerDataKept: plan.playerData,
    modules,
    onEnd: (end) => ended.resolve(end),
  });
  held.node = node;
  await node.start();
  const audit = held.store === undefined ? held.trail : storeAudit(held.store);
  if (plan.admin !== undefined && audit !== undefined) {
    const { admin: address, adminTokenFile: tokenFile } = plan;
    const named = plan.shardOf.keys();
    const served = serveAdmin(node, { runtime, address, tokenFile, metricsOpen: plan.metricsOpen, named, audit, log });
    if (served.kind === "failed") return served;
    held.admin = served.server;
  }
  if (plan.players !== undefined) {
    const served = await servePlayers(node, { runtime, cluster: plan.cluster, plan: plan.players, log });
    if (served.kind === "failed") return served;
    held.players = served.served;
  }
  log.info("node started", startedData(node, held));
  let stopping: Promise<void> | undefined;
  const stop = (detail: string): Promise<void> => (stopping ??= release(held, detail, log));
  return { running: { node, ended: ended.promise, stop } };
}

/** What cannot be let go of does not keep the rest. */
async function release(held: Held, detail: string, log: Log): Promise<void> {
  const letGo = async (what: string, step: () => Promise<void> | void): Promise<void> => {
    try {
      await step();
    } catch (error) {
      log.error("not let go of", { what, error });
    }
  };
  // While the links are up: the shard's nodes hear who is gone, and requests may end.
  await letGo("players", () => held.players?.stop(PLAYERS_STOP_MS));
  const admin = letGo("admin API", () => held.admin?.stop(ADMIN_STOP_MS));
  await letGo("links", () => held.node?.stop(detail));
  await letGo("node", () => held.node?.close());
  await admin;
  await letGo("store", () => held.store?.close());
  await letGo("player store", () => held.playerStore?.close());
  await letGo("audit trail", () => held.trail?.close());
  await letGo("lock", () => held.lock?.release());
}

function startedData(node: Node, held: Held): Record<string, unknown> {
  const policy = node.policyText();
  return {
    role: node.self.role,
    shard: node.self.shard,
    boot: node.self.boot,
    ...(node.listening === undefined ? {} : { listening: addressText(node.listening) }),
    ...(held.admin === undefined ? {} : { admin: addressText(held.admin.address) }),
    ...held.players?.addresses,
    ...(policy === undefined ? {} : { policy }),
  };
}

function assignmentOf(plan: NodePlan): AssignmentConfig {
  const numbers = (ids: readonly NodeId[]): number[] => ids.flatMap((id) => parseNodeId(id)?.number ?? []);
  const number = (id: NodeId | undefined): number | undefined =>
    id === undefined ? undefined : parseNodeId(id)?.number;
  return {
    known: { cross_center: numbers(plan.crossCenters), cross_map: numbers(plan.crossMaps) },
    named: new Map(
      plan.shards.map((shard) => {
        const center = number(shard.crossCenter);
        const map = number(shard.crossMap);
        return [
          shard.number,
          {
            ...(center === undefined ? {} : { cross_center: center }),
            ...(map === undefined ? {} : { cross_map: map }),
          },
        ];
      }),
    ),
  };
}

function shardFacts(shard: NodePlan["shards"][number]): ShardFacts {
  const { number, openedAtMs, timeZone, mergedInto, mergedAtMs } = shard;
  return { shard: number, openedAtMs, timeZone, mergedInto, mergedAtMs };
}

function cannot(line: string): StartFailure {
  return { kind: "failed", code: EXIT_CANNOT, lines: [line] };
}
