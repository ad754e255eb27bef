/**
 * A whole mesh of one node on the byte network of the link tests, beside peers that are bare links and say whatever a
 * test puts into their mouths.
 */

import { Alarms } from "#base/alarms.ts";
import { Counters } from "#base/counters.ts";
import { seededRandom } from "#base/random.ts";
import type { Address } from "#link/transport.ts";
import { Mesh } from "#mesh/mesh.ts";
import type { MeshEvent, MeshOptions } from "#mesh/mesh_types.ts";
import { encodeAttached } from "#sync/attached.ts";
import type { Identity } from "#wire/identity.ts";
import { acceptsLinks } from "#wire/role.ts";
import type { LogLine } from "./harness.ts";
import { node, recordingLog } from "./harness.ts";
import type { TestNode, World } from "../link/harness.ts";
import { CLUSTER, KEY, digest } from "../link/harness.ts";

export interface WholeMesh {
  readonly mesh: Mesh;
  readonly counters: Counters;
  readonly alarms: Alarms;
  readonly events: MeshEvent[];
  readonly lines: readonly LogLine[];
  /** Of a gateway. */
  readonly address: Address;
}

const ANY: Address = { host: "127.0.0.1", port: 0 };

export function meshOn(world: World, self: Identity, options: Partial<MeshOptions> = {}): WholeMesh {
  const { clock, net } = world;
  const { log, lines } = recordingLog();
  const counters = new Counters();
  const alarms = new Alarms({ clock, log });
  const events: MeshEvent[] = [];
  const mesh = new Mesh({
    self,
    cluster: CLUSTER,
    keys: [KEY],
    heartbeatMs: 1000,
    transport: net,
    clock,
    random: seededRandom(self.number),
    digest,
    log,
    counters,
    alarms,
    gateway: undefined,
    topics: { accepted: () => {}, dropped: () => {}, reported: () => {} },
    deliver: () => {},
    ...options,
  });
  mesh.events.on((event) => events.push(event));
  const address = acceptsLinks(self.role) ? mesh.listen(ANY) : ANY;
  return { mesh, counters, alarms, events, lines, address };
}

/** A bare link below the mesh, up and past its first words. */
export function below(world: World, whole: WholeMesh, id: string): TestNode {
  const { role, number, shard } = node(id);
  const peer = world.node({ role, number, shard });
  const { self } = whole.mesh;
  peer.hub.dial({ role: self.role, number: self.number }, whole.address);
  world.clock.runUntil(() => peer.hub.link(self.key) !== undefined);
  world.clock.run(100);
  return peer;
}

/** What that peer says of the nodes that are attached to a gateway. */
export function sayAttached(
  world: World,
  by: { readonly peer: TestNode; readonly to: Identity; readonly hops?: number },
  nodes: readonly Identity[],
): void {
  const [gateway] = nodes;
  if (gateway === undefined) throw new TypeError("no gateway");
  say(world, by, `attached/${gateway.id}`, encodeAttached(nodes));
}

export function say(
  world: World,
  by: { readonly peer: TestNode; readonly to: Identity; readonly hops?: number },
  topic: string,
  bytes: Uint8Array,
): void {
  by.peer.record.syncWaiting.push({ kind: "route", topic, hops: by.hops ?? 0, bytes });
  by.peer.link(by.to.key).syncReady();
  world.clock.run(100);
}
