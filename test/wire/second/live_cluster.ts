/**
 * Three real nodes on real sockets, in this process: a cross gateway, a cross center that owns activities, and the
 * gateway of shard 9, which a foreign node can join.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STORE_MIGRATIONS } from "#module/store_migrations.ts";
import { toHex } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { NO_ASSIGNMENT } from "#mesh/assignment.ts";
import { Node } from "#module/node.ts";
import { ROLE_TABLE } from "#roles/role_table.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunDigest } from "#runtime/bun_digest.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { BunTransport } from "#runtime/bun_transport.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import { BOOT_SIZE } from "#wire/handshake.ts";
import { identity } from "#wire/identity.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { keyOfId, nodeId } from "#wire/role.ts";

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const HOST = "127.0.0.1";
export const CLUSTER = "second";
export const HEARTBEAT_MS = 200;

export interface LiveCluster {
  readonly crossCenter: Node;
  readonly gateway: Node;
  readonly port: number;
  readonly keyFile: string;
  readonly wrongKeyFile: string;
  /** Resolves when `at` can reach the node, or when it no longer can. */
  readonly reaches: (at: Node, id: NodeId, wanted: boolean) => Promise<void>;
  stop(): Promise<void>;
}

export async function startLiveCluster(): Promise<LiveCluster> {
  const folder = mkdtempSync(join(tmpdir(), "kuafu-second-"));
  const key = bunRandom.bytes(32);
  const keyFile = join(folder, "cluster.key");
  const wrongKeyFile = join(folder, "wrong.key");
  writeFileSync(keyFile, `${toHex(key)}\n`);
  writeFileSync(wrongKeyFile, `${toHex(bunRandom.bytes(32))}\n`);
  const transport = new BunTransport({ connsMax: 256 });
  const store = openSqliteStore({ path: ":memory:", clock: bunClock });
  await migrate(store, STORE_MIGRATIONS, bunDigest);

  const make = (
    role: Role,
    of: { number: number; shard: number; listens: boolean; dials: readonly { id: NodeId; port: number }[] },
  ): Node =>
    new Node({
      spec: ROLE_TABLE[role],
      self: identity({
        role,
        number: of.number,
        shard: of.shard,
        boot: toHex(bunRandom.bytes(BOOT_SIZE)),
        startedAtMs: bunClock.wallMs(),
      }),
      release: "test",
      cluster: CLUSTER,
      keys: [key],
      heartbeatMs: HEARTBEAT_MS,
      transport,
      clock: bunClock,
      random: bunRandom,
      digest: bunDigest,
      log: SILENT,
      listen: of.listens ? { host: HOST, port: 0 } : undefined,
      dials: of.dials.map(({ id, port }) => ({ id, address: { host: HOST, port } })),
      gateway: undefined,
      policy: undefined,
      assignment: NO_ASSIGNMENT,
      gateways: [nodeId("gateway", 9), nodeId("cross_gateway", 1)],
      store: role === "cross_center" ? store : undefined,
      modules: [],
      onEnd: () => {},
    });
  const crossGateway = make("cross_gateway", { number: 1, shard: 0, listens: true, dials: [] });
  await crossGateway.start();
  const upper = [{ id: nodeId("cross_gateway", 1), port: crossGateway.listening?.port ?? 0 }];
  const crossCenter = make("cross_center", { number: 1, shard: 0, listens: false, dials: upper });
  const gateway = make("gateway", { number: 9, shard: 9, listens: true, dials: upper });
  await crossCenter.start();
  await gateway.start();
  await reaches(gateway, nodeId("cross_center", 1), true);
  return {
    crossCenter,
    gateway,
    port: gateway.listening?.port ?? 0,
    keyFile,
    wrongKeyFile,
    reaches,
    stop: async () => {
      for (const node of [gateway, crossCenter, crossGateway]) await node.stop("test is over");
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function reaches(at: Node, id: NodeId, wanted: boolean): Promise<void> {
  const { mesh } = at;
  return new Promise((resolve) => {
    const look = (): void => {
      if ((mesh.directory.get(keyOfId(id)) !== undefined) === wanted) resolve();
    };
    mesh.events.on((event) => {
      if (event.kind === "reachable" || event.kind === "unreachable") look();
    });
    look();
  });
}
