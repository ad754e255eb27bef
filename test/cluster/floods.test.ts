/** The compiled executable: a peer that proved the key and floods frames that are all valid, and what /metrics says. */

import { describe, expect } from "#test";
import { COUNTER_HELP } from "#admin/metrics/counter_metrics.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { packBody } from "#wire/body.ts";
import { Kind, encodeFrame } from "#wire/header.ts";
import { encodeHeartbeat } from "#wire/heartbeat.ts";
import { nodeKey } from "#wire/role.ts";
import { encodeSync } from "#wire/sync_message.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import { RawPeer } from "./harness/raw_peer.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { CHAIN } from "./harness/topologies.ts";
import { pause } from "./harness/wait.ts";

endLeftClusters();

const GATEWAY = nodeKey("gateway", 1);
const GUEST = nodeKey("user", 102);
const MEBIBYTE = 1024 * 1024;
const head = { source: GUEST, target: GATEWAY, hops: 1 };

function syncFrame(message: Parameters<typeof encodeSync>[0]): Uint8Array {
  const { method, body } = encodeSync(message);
  return encodeFrame({ ...head, kind: Kind.sync, method }, body);
}

const NOTHING_SAID = { clusterMs: 0, echoMs: 0, saidDigest: 0n, appliedDigest: 0n };
const describeCall = { ...head, hops: 8, kind: Kind.call, method: RuntimeContract.describe.id, deadlineMs: 5_000 };

const FLOODS: readonly (readonly [name: string, size: number, frame: (index: number) => Uint8Array])[] = [
  [
    "pings",
    4 * MEBIBYTE,
    (index) => encodeFrame({ ...head, kind: Kind.ping }, encodeHeartbeat({ ...NOTHING_SAID, sequence: index })),
  ],
  ["calls", MEBIBYTE, (index) => encodeFrame({ ...describeCall, callId: index }, packBody({}))],
  [
    "casts to nobody",
    8 * MEBIBYTE,
    () => encodeFrame({ ...head, hops: 8, kind: Kind.cast, target: nodeKey("center", 77), method: 2000 }, packBody({})),
  ],
  ["requests to list again", 2 * MEBIBYTE, () => syncFrame({ kind: "relist" })],
  [
    "wants",
    4 * MEBIBYTE,
    () =>
      syncFrame({
        kind: "want",
        topics: Array.from({ length: 1_000 }, (_, index) => `activity/cross_center:1/a${index}`),
      }),
  ],
];

/** About so many bytes, as fast as the other end takes them. */
async function flood(peer: RawPeer, size: number, frame: (index: number) => Uint8Array): Promise<void> {
  const frames: Uint8Array[] = [];
  for (let made = 0; made < size; made += frames.at(-1)?.length ?? 1) frames.push(frame(frames.length));
  const bytes = new Uint8Array(Buffer.concat(frames));
  for (let at = 0; at < bytes.length && !peer.isClosed;) {
    const taken = peer.write(bytes.subarray(at, at + MEBIBYTE));
    if (taken < 0) return;
    at += taken;
    await pause(1);
  }
}

/** Every link between nodes of the file: by whom, since when. */
async function standing(cluster: TestCluster): Promise<readonly string[]> {
  const { body } = await cluster.admin.ask("GET", "/api/links");
  const { links } = body as { readonly links: readonly { node: string; peer: string; sinceMs: number }[] };
  return links
    .filter((link) => link.node !== "user:102" && link.peer !== "user:102")
    .map((link) => `${link.node} ${link.peer} ${link.sinceMs}`)
    .toSorted();
}

async function metricsOf(cluster: TestCluster, token: string | undefined): Promise<Response> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${cluster.admin.url}/metrics`, { headers });
}

describe("A peer that floods valid frames", () => {
  clusterTest("costs no other node its link, and calls and news go through all the while", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
    await cluster.start();
    await cluster.settled();
    const links = await standing(cluster);
    expect(links.length).toBe(6);
    const notes = new Notes(cluster);
    let callCount = 0;
    for (const [name, size, frame] of FLOODS) {
      const peer = await RawPeer.connect(cluster.file.listen.get("gateway:1") ?? 0);
      expect([name, (await peer.shake({ role: "user", number: 102, shard: 1 }, "gateway:1")).kind]).toEqual([
        name,
        "proved",
      ]);
      const flooding = flood(peer, size, frame);
      await notes.open(name.replaceAll(" ", "-"));
      await notes.expectEverywhere();
      callCount += await notes.expectEveryCall(`during-${name.replaceAll(" ", "-")}`);
      await flooding;
      peer.end();
      expect([name, await standing(cluster)]).toEqual([name, links]);
    }
    expect(callCount).toBe(FLOODS.length * 4 * 3);
    expect(cluster.nodes().flatMap((node) => node.life.lines.filter((line) => line.level === "error"))).toEqual([]);
    console.log(`      ${FLOODS.length} floods: ${ground.seconds} s`);
  });
});

describe("The metrics of the executable", () => {
  clusterTest("are there for a token: all counters, the links, and what the process uses", async (ground) => {
    const cluster = ground.cluster({ nodes: [{ id: "cross_center:1", admin: true }, { id: "cross_gateway:1" }] });
    await cluster.start();
    await cluster.settled();
    expect((await metricsOf(cluster, undefined)).status).toBe(401);
    const answer = await metricsOf(cluster, cluster.file.token);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    const text = await answer.text();
    const missing = Object.keys(COUNTER_HELP)
      .map((name) => `kuafu_${name.replace(".", "_")}_total`)
      .filter((name) => !text.includes(`\n# TYPE ${name} counter\n`) && !text.startsWith(`# HELP ${name} `));
    expect(missing).toEqual([]);
    const value = (series: string): number => Number(new RegExp(`^${series} (.+)$`, "m").exec(text)?.[1]);
    expect(value('kuafu_links\\{relation="above",state="up"\\}')).toBe(1);
    expect(value('kuafu_nodes_reachable\\{role="cross_gateway"\\}')).toBe(1);
    expect(value("kuafu_ready")).toBe(1);
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(10 * MEBIBYTE);
    expect(value("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(value("process_start_time_seconds")).toBeGreaterThan(1_600_000_000);
    expect(text).toContain('role="cross_center",shard="0"} 1\n');
  });
});
