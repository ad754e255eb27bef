/**
 * A whole node in a simulated process, made as a real one is: its role's spec, a store where the role needs one, and
 * the simulation's module. What it hears is looked at on the way in.
 */

import { toHex } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import { needsPlayerStore, needsStore, PLAYER_STORE_MIGRATIONS, STORE_MIGRATIONS } from "#module/store_migrations.ts";
import { NO_ASSIGNMENT } from "#mesh/assignment.ts";
import type { ModuleNode } from "#module/module_node.ts";
import { Node } from "#module/node.ts";
import { SIM_DIGEST } from "#module/simulator/sim_digest.ts";
import type { SimProcess } from "#module/simulator/sim_process.ts";
import { ROLE_TABLE } from "#roles/role_table.ts";
import { migrate } from "#store/migrations.ts";
import type { Store } from "#store/store.ts";
import { BOOT_SIZE } from "#wire/handshake.ts";
import { Offset, readU32, targetKey } from "#wire/header.ts";
import { identity } from "#wire/identity.ts";
import { NUMBER_EVERY, acceptsLinks, idOfKey, numberOfKey, roleOfKey, tierOf } from "#wire/role.ts";
import type { DeathCheck } from "./death_check.ts";
import { spyTransport } from "./frame_spy.ts";
import type { SimCluster } from "./sim_cluster.ts";
import { simModule } from "./sim_module.ts";
import type { NodeSpec } from "./topology.ts";
import { PORT, hostOf } from "./topology.ts";

/** Promises that are rejected are heard after the event. */
const OVER_MS = 1;
const KEY = Uint8Array.of(7, 7, 7, 7);

export interface SimNode {
  readonly node: Node;
  /** Undefined until its modules are set up. */
  readonly module: ModuleNode | undefined;
  /** It has listened and dialled. */
  readonly isStarted: boolean;
  stop(detail: string): Promise<void>;
}

export interface SimNodeOptions {
  readonly cluster: SimCluster;
  readonly spec: NodeSpec;
  readonly process: SimProcess;
  readonly death: DeathCheck;
  readonly lifeName: string;
  readonly store: Store;
  /** Of its shard; asked for once, by a node that owns players' data. */
  readonly playerStore: () => Store;
  /** The death policy has spoken. */
  readonly exited: (reason: string) => void;
  /** The node wants to end. */
  readonly leaves: (reason: string) => void;
}

/** Called inside the process. */
export function startSimNode(options: SimNodeOptions): SimNode {
  const { cluster, spec, process, lifeName, store } = options;
  const { clock, random } = process;
  const { ledger, topology } = cluster;
  const ownsData = needsStore(ROLE_TABLE[spec.role].parts);
  const playerStore = needsPlayerStore(ROLE_TABLE[spec.role].parts) ? options.playerStore() : undefined;
  let before: ((detail: string) => Promise<void>) | undefined;
  const running: { module: ModuleNode | undefined; isStarted: boolean } = { module: undefined, isStarted: false };
  const node = new Node({
    spec: ROLE_TABLE[spec.role],
    self: identity({
      role: spec.role,
      number: spec.number,
      shard: spec.shard,
      boot: toHex(random.bytes(BOOT_SIZE)),
      startedAtMs: clock.wallMs(),
    }),
    release: "sim",
    cluster: "sim",
    keys: [KEY],
    heartbeatMs: cluster.heartbeatMs,
    transport: watched(options),
    clock,
    random,
    digest: SIM_DIGEST,
    log: traceLog(cluster, hostOf(spec.id)),
    listen: acceptsLinks(spec.role) ? { host: hostOf(spec.id), port: PORT } : undefined,
    dials: spec.dials.map((id) => ({ id, address: { host: hostOf(id), port: PORT } })),
    gateway: tierOf(spec.role) === "shard" && !acceptsLinks(spec.role) ? spec.dials[0] : undefined,
    policy: spec.policy,
    assignment: NO_ASSIGNMENT,
    gateways: topology.nodes.filter((other) => acceptsLinks(other.role)).map((other) => other.id),
    store: ownsData ? store : undefined,
    playerStore,
    shards: cluster.extras.facts?.(spec) ?? [],
    modules: [
      simModule({
        ledger,
        life: lifeName,
        isOrdered: topology.nodes.filter((other) => other.role === "cross_gateway").length === 1,
        onNode: (module) => {
          running.module = module;
        },
      }),
      ...(cluster.extras.modules?.(spec, lifeName) ?? []),
    ],
    onEnd: ({ code, reason }) => {
      if (code !== 75) ledger.violation(`${lifeName} ends with code ${code}: ${reason}`);
      options.leaves(reason);
    },
  });
  node.mesh.events.on((event) => {
    if (event.kind === "exit") options.exited(event.reason);
    const over = { self: spec.id, atMs: cluster.world.nowMs };
    // A node with one link has sent everything over it.
    if (event.kind === "disconnected" && spec.dials.length === 1 && !acceptsLinks(spec.role)) {
      process.clock.after(OVER_MS, () =>
        ledger.waitIsOver(lifeName, { ...over, to: undefined, why: "its link has ended" }),
      );
    }
    if (event.kind === "unreachable") {
      const { id } = event.identity;
      process.clock.after(OVER_MS, () =>
        ledger.waitIsOver(lifeName, { ...over, to: id, why: `${id} became unreachable` }),
      );
    }
  });
  const begin = async (): Promise<void> => {
    if (ownsData) await migrate(store, STORE_MIGRATIONS, SIM_DIGEST);
    if (playerStore !== undefined) await migrate(playerStore, PLAYER_STORE_MIGRATIONS, SIM_DIGEST);
    await node.start();
    before = cluster.extras.started?.({ spec, process, life: lifeName, node });
    running.isStarted = true;
  };
  begin().catch((error: unknown) => ledger.violation(`${lifeName} cannot start: ${messageOf(error)}`));
  return {
    node,
    get module() {
      return running.module;
    },
    get isStarted() {
      return running.isStarted;
    },
    stop: async (detail) => {
      await before?.(detail);
      await node.stop(detail);
    },
  };
}

function watched(options: SimNodeOptions): ReturnType<typeof spyTransport> {
  const { cluster, spec, process, death, lifeName } = options;
  const { ledger } = cluster;
  return spyTransport(cluster.network.transport(process), {
    heard: (peer) => death.heard(peer),
    welcomed: (peer, boot) => {
      ledger.count("links");
      death.heard(peer);
      death.welcomed(peer, boot);
    },
    goodbye: (peer, reason) => death.goodbye(peer, reason),
    routed: (peer, buffer, offset) => {
      ledger.count("frames");
      if (acceptsLinks(spec.role)) return;
      const target = targetKey(buffer, offset);
      if (idOfKey(target) === spec.id) return;
      const shard = readU32(buffer, offset + Offset.targetShard);
      const isGroup = numberOfKey(target) === NUMBER_EVERY && roleOfKey(target) === spec.role;
      if (!isGroup || (shard !== 0 && shard !== spec.shard)) {
        ledger.violation(`a frame for ${idOfKey(target)} of shard ${shard} reached ${lifeName} from ${peer}`);
      }
    },
    garbled: (detail) => ledger.violation(`${lifeName} heard what is no frame: ${detail}`),
  });
}

function traceLog(cluster: SimCluster, who: string): Log {
  const line = (phrase: string, data?: unknown): void => cluster.world.note(who, phrase, data);
  return { debug: line, info: line, warn: line, error: line };
}
