import { describe, expect, test } from "#test";
import type { NodeRow } from "#rpc/node_report.ts";
import { SimNetwork } from "#module/simulator/sim_network.ts";
import { SimWorld } from "#module/simulator/sim_world.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { drain } from "../sim/drain.ts";
import { Ledger } from "../sim/ledger.ts";
import { SimCluster } from "../sim/sim_cluster.ts";
import type { NodeSpec } from "../sim/topology.ts";
import { hostOf } from "../sim/topology.ts";
import { node } from "./harness.ts";

function spec(id: string, ...dials: string[]): NodeSpec {
  const { role, number, shard } = node(id);
  return { id: id as NodeId, role: role as Role, number, shard, dials: dials as NodeId[], policy: "ignore" };
}

const BOTH = ["cross_gateway:1", "cross_gateway:2"];
const NODES = [
  spec("cross_gateway:1", "cross_gateway:2"),
  spec("cross_gateway:2"),
  spec("cross_center:1", ...BOTH),
  spec("cross_map:1", "cross_gateway:2"),
  spec("gateway:3", ...BOTH),
  spec("center:3", "gateway:3"),
  spec("gateway:4", "cross_gateway:2"),
  spec("center:4", "gateway:4"),
];

/** Two cross gateways that peer, shard 3 on both, shard 4 on the second one. */
function cluster(): {
  world: SimWorld;
  ledger: Ledger;
  cluster: SimCluster;
  rows: (at: string) => Record<string, string>;
} {
  const world = new SimWorld({ seed: 1, drain, onFault: (_, fault) => ledger.violation(String(fault)) });
  const ledger: Ledger = new Ledger(world);
  const network = new SimNetwork({ world, latencyMaxMs: 5, bufferSizeMin: 64 * 1024 });
  const topology = { nodes: NODES, pairs: [] };
  for (const { id } of NODES) world.host(hostOf(id), { wallSkewMs: 0 });
  const made = new SimCluster({ world, network, ledger, topology, heartbeatMs: 1000 });
  for (const one of NODES) world.after(0, () => made.start(one));
  const text = (row: NodeRow): string => `${row.gateway} ${row.current ? "current" : "behind"}`;
  const rows = (at: string): Record<string, string> => {
    const life = made.life(at);
    return Object.fromEntries((life?.node.node.runtime.nodes() ?? []).map((row) => [row.id, text(row)]));
  };
  return { world, ledger, cluster: made, rows };
}

const AT_REST = {
  "gateway:3": "gateway:3 current",
  "gateway:4": "gateway:4 current",
  "center:3": "gateway:3 current",
  "center:4": "gateway:4 current",
  "cross_gateway:1": "cross_gateway:1 current",
  "cross_gateway:2": "cross_gateway:2 current",
  "cross_center:1": "cross_gateway:1 current",
  "cross_map:1": "cross_gateway:2 current",
};

describe("Mesh", () => {
  test("every node of the cross tier knows where each node is and that it is current, its own nodes too", async () => {
    const at = cluster();
    at.world.run(8000);
    expect(at.ledger.violations).toEqual([]);
    expect(at.rows("cross_gateway:1")).toEqual(AT_REST);
    expect(at.rows("cross_center:1")).toEqual(AT_REST);
    expect(at.rows("cross_gateway:2")).toEqual({ ...AT_REST, "cross_center:1": "cross_gateway:2 current" });
    await at.cluster.dispose();
  });

  test("when one of two cross gateways goes, what the other one says of the shards still counts", async () => {
    const at = cluster();
    at.world.run(8000);
    const host = at.world.host(hostOf("cross_gateway:1" as NodeId));
    host.process?.end();
    at.cluster.stopped(host.name, false);
    at.world.run(12_000);
    const { "cross_gateway:1": _gone, ...rest } = AT_REST;
    expect(at.rows("cross_center:1")).toEqual({ ...rest, "cross_center:1": "cross_gateway:2 current" });
    await at.cluster.dispose();
  });
});
