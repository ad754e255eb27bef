import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { GatewaySessions } from "#session/gateway_sessions.ts";
import { SessionContract } from "#session/session_contract.ts";
import { ShardLogins } from "#session/shard_logins.ts";
import { node, read, recordingLog } from "../mesh/harness.ts";
import { RpcNetwork } from "../rpc/harness.ts";

const NODES = ["center:3", "map:301", "user:301", "user:302"];

/** Whom the gateway brings in line when the link of this node has ended, and when it is there again. */
async function broughtInLine(id: string): Promise<{ readonly cut: string[]; readonly linked: string[] }> {
  const net = new RpcNetwork(NODES.map((one) => `${one} gateway:3`));
  const gateway = net.network.at("gateway:3");
  const sessions = new GatewaySessions({
    random: seededRandom(1),
    clock: net.clock,
    counters: gateway.counters,
    endpoint: net.at("gateway:3"),
    nodes: () => [...gateway.links.values()].map((link) => link.peer).toSorted((a, b) => a.key - b.key),
  });
  const { log } = recordingLog();
  for (const one of NODES) new ShardLogins({ endpoint: net.at(one), log, gateway: node("gateway:3").id });
  await net.run();
  const told = async (change: () => void): Promise<string[]> => {
    for (const link of gateway.links.values()) link.sent.length = 0;
    change();
    sessions.nodesChanged(node(id));
    await net.run();
    return [...gateway.links.values()]
      .filter((link) => link.sent.some(({ frame }) => read(frame).method === SessionContract.reconcile.id))
      .map((link) => link.peer.id)
      .toSorted();
  };
  return {
    cut: await told(() => net.network.cut(id, "gateway:3")),
    linked: await told(() => void net.network.link(id, "gateway:3")),
  };
}

describe("GatewaySessions: a node comes or goes", () => {
  test("a center or a map concerns nobody but itself", async () => {
    expect(await broughtInLine("center:3")).toEqual({ cut: [], linked: ["center:3"] });
    expect(await broughtInLine("map:301")).toEqual({ cut: [], linked: ["map:301"] });
  });

  test("a user node concerns the user nodes, among which players are divided", async () => {
    expect(await broughtInLine("user:301")).toEqual({ cut: ["user:302"], linked: ["user:301", "user:302"] });
  });
});
