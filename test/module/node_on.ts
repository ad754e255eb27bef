/**
 * Whole nodes on the byte network of the link tests. Names no runtime: a store is the test's matter.
 */

import { seededRandom } from "#base/random.ts";
import { NO_ASSIGNMENT } from "#mesh/assignment.ts";
import { Node } from "#module/node.ts";
import type { NodeEnd, NodeOptions } from "#module/node_options.ts";
import { ROLE_TABLE } from "#roles/role_table.ts";
import { acceptsLinks } from "#wire/role.ts";
import type { World } from "../link/harness.ts";
import { CLUSTER, KEY, digest } from "../link/harness.ts";
import type { LogLine } from "../mesh/harness.ts";
import { node as identityOf, recordingLog } from "../mesh/harness.ts";

export interface WholeNode {
  readonly node: Node;
  readonly ends: NodeEnd[];
  readonly lines: readonly LogLine[];
}

export function nodeOn(world: World, id: string, options: Partial<NodeOptions> = {}): WholeNode {
  const self = identityOf(id);
  const { log, lines } = recordingLog();
  const ends: NodeEnd[] = [];
  const node = new Node({
    spec: ROLE_TABLE[self.role],
    self,
    release: "test",
    cluster: CLUSTER,
    keys: [KEY],
    heartbeatMs: 1000,
    transport: world.net,
    clock: world.clock,
    random: seededRandom(self.number),
    digest,
    log,
    listen: acceptsLinks(self.role) ? { host: "127.0.0.1", port: 0 } : undefined,
    dials: [],
    gateway: undefined,
    policy: undefined,
    assignment: NO_ASSIGNMENT,
    gateways: [],
    store: undefined,
    modules: [],
    onEnd: (end) => ends.push(end),
    ...options,
  });
  return { node, ends, lines };
}
