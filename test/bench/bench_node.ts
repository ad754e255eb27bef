/**
 * A node for the benchmarks: the real one, from the sources, on real sockets. Many may share a process.
 */

import type { Log } from "#base/log.ts";
import type { Address, Transport } from "#link/transport.ts";
import { Node } from "#module/node.ts";
import { ROLE_TABLE } from "#roles/role_table.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunDigest } from "#runtime/bun_digest.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { toHex } from "#base/digest.ts";
import { BOOT_SIZE } from "#wire/handshake.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { CLUSTER_KEY, CLUSTER_NAME } from "../cluster/harness/cluster_file.ts";

export const QUIET: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error };

export const HEARTBEAT_MS = 1000;
export const CLUSTER_KEY_BYTES = Uint8Array.from(Buffer.from(CLUSTER_KEY, "hex"));

export function makeIdentity(role: Role, number: number, shard: number): Identity {
  const boot = toHex(bunRandom.bytes(BOOT_SIZE));
  return identity({ role, number, shard, boot, startedAtMs: Date.now() });
}

export function makeNode(options: {
  readonly self: Identity;
  readonly transport: Transport;
  readonly dials: readonly { readonly id: NodeId; readonly port: number }[];
  readonly listen?: Address;
}): Node {
  const { self, transport } = options;
  return new Node({
    spec: ROLE_TABLE[self.role],
    self,
    release: "bench",
    cluster: CLUSTER_NAME,
    keys: [CLUSTER_KEY_BYTES],
    heartbeatMs: HEARTBEAT_MS,
    transport,
    clock: bunClock,
    random: bunRandom,
    digest: bunDigest,
    log: QUIET,
    listen: options.listen,
    dials: options.dials.map(({ id, port }) => ({ id, address: { host: "127.0.0.1", port } })),
    gateway: undefined,
    policy: undefined,
    assignment: { known: { cross_center: [], cross_map: [] }, named: new Map() },
    gateways: [],
    store: undefined,
    modules: [],
    onEnd: ({ reason }) => {
      throw new Error(reason);
    },
  });
}
