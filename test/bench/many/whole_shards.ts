/**
 * Many shards in one process, each a gateway with its user, center and map, whole nodes all of them: the gateways on
 * real sockets to one cross gateway, the nodes of a shard to their gateway through memory. So each gateway says of
 * `applied` what a real one says of real nodes.
 *
 *   whole_shards.ts FIRST COUNT PORT
 */

import type { Node } from "#module/node.ts";
import { BunTransport } from "#runtime/bun_transport.ts";
import { compareOrder, parseVersionText } from "#sync/version.ts";
import { nodeId } from "#wire/role.ts";
import type { Version } from "#wire/sync_message.ts";
import { answers } from "../answers.ts";
import { makeIdentity, makeNode } from "../bench_node.ts";
import type { Tallies } from "./link_traffic.ts";
import { countedTransport, LinkTraffic } from "./link_traffic.ts";
import { MemoryTransport } from "./memory_pipe.ts";

/** Shards whose links are being made at once while they start. */
const AT_ONCE = 6;
const POLL_MS = 5;
const WAIT_MS_MAX = 120_000;

const [first, count, port] = process.argv.slice(2).map(Number) as [number, number, number];
const real = new BunTransport({ connsMax: count * 2 + 100 });
const memory = new MemoryTransport();

interface Shard {
  readonly gateway: Node;
  readonly nodes: readonly Node[];
  readonly traffic: LinkTraffic;
}
const shards: Shard[] = [];

export type ShardsQuestion =
  | { readonly what: "start" | "clear" | "traffic" }
  /** Until all nodes hold this version of the topic, or a later one; and until all gateways have said so. */
  | { readonly what: "held" | "current"; readonly topic: string; readonly version: string };

export interface Currency {
  /** By the wall clock, which all processes of a machine share. */
  readonly heldAtMs: number;
  readonly saidAtMs: number;
  /** What the last gateway holds, in all. */
  readonly digest: string;
}

export interface LinkCount {
  readonly received: Tallies;
  readonly sent: Tallies;
  readonly snapshots: readonly { readonly topic: string; readonly size: number }[];
}

function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

async function until(what: string, isTrue: () => boolean): Promise<number> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`Cannot go on: ${what} took more than ${WAIT_MS_MAX} ms`);
    await Bun.sleep(POLL_MS);
  }
  return wallMs();
}

function isLinked({ gateway, nodes }: Shard): boolean {
  return gateway.mesh.hub.links().length === nodes.length + 1;
}

async function startShard(number: number): Promise<void> {
  const traffic = new LinkTraffic();
  const inside = { host: "127.0.0.1", port: number };
  const uplink = countedTransport(real, traffic);
  const gateway = makeNode({
    self: makeIdentity("gateway", number, number),
    transport: {
      listen: (address, accept) => memory.listen(address, accept),
      dial: (address, handler) => uplink.dial(address, handler),
    },
    listen: inside,
    dials: [{ id: nodeId("cross_gateway", 1), port }],
  });
  const dials = [{ id: nodeId("gateway", number), port: inside.port }];
  const node = (role: "user" | "center" | "map", of: number): Node =>
    makeNode({ self: makeIdentity(role, of, number), transport: memory, dials });
  const nodes = [node("user", number * 100 + 1), node("center", number), node("map", number * 100 + 1)];
  shards.push({ gateway, nodes, traffic });
  for (const one of [gateway, ...nodes]) await one.start();
}

async function start(): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await until("a link", () => shards.length - shards.filter(isLinked).length < AT_ONCE);
    await startShard(first + index);
  }
  await until("the last link", () => shards.every(isLinked));
}

function holds(node: Node, topic: string, wanted: Version): boolean {
  const held = node.mesh.sync.state.copy(topic)?.version;
  return held !== undefined && compareOrder(held, wanted) >= 0;
}

/** Its last word on `applied` is that all of its nodes have what it has now. */
function hasSaidSo({ gateway, traffic }: Shard): boolean {
  const said = traffic.applied;
  return said?.exceptions.length === 0 && said.digest === gateway.mesh.sync.appliedDigest();
}

async function held(topic: string, version: string): Promise<number> {
  const wanted = parseVersionText(version);
  if (wanted === undefined) throw new Error(`Cannot wait for ${topic}: ${version} is no version`);
  const isHeld = ({ gateway, nodes }: Shard): boolean =>
    holds(gateway, topic, wanted) && nodes.every((node) => holds(node, topic, wanted));
  return until("a version", () => shards.every(isHeld));
}

async function current(topic: string, version: string): Promise<Currency> {
  const heldAtMs = await held(topic, version);
  const saidAtMs = await until("the word that all have it", () => shards.every(hasSaidSo));
  return { heldAtMs, saidAtMs, digest: String(shards.at(-1)?.gateway.mesh.sync.appliedDigest()) };
}

answers<ShardsQuestion>(async (question) => {
  switch (question.what) {
    case "start":
      await start();
      return {};
    case "clear":
      for (const { traffic } of shards) traffic.clear();
      return {};
    case "traffic":
      return shards.map(({ traffic }): LinkCount => ({
        received: traffic.received,
        sent: traffic.sent,
        snapshots: traffic.snapshots.map(({ topic, size }) => ({ topic, size })),
      }));
    case "held":
      return held(question.topic, question.version);
    case "current":
      return current(question.topic, question.version);
  }
});
