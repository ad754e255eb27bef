/** The compiled executable: what a stranger, or a broken peer, may write to a gateway's port, and who notices. */

import { describe, expect } from "#test";
import { encodeHello } from "#wire/handshake.ts";
import { Kind, Offset, encodeFrame, writeU32 } from "#wire/header.ts";
import { ROLE_NUMBERS, nodeKey } from "#wire/role.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import type { Claim } from "./harness/raw_peer.ts";
import { RawPeer } from "./harness/raw_peer.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { CHAIN } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const GATEWAY = "gateway:1";
const GATEWAY_KEY = nodeKey("gateway", 1);
/** In no config: a gateway takes any node of its shard that proves the key. */
const GUEST: Claim = { role: "user", number: 102, shard: 1 };
const GUEST_KEY = nodeKey("user", 102);
const EMPTY: Uint8Array = new Uint8Array(0);
const MEBIBYTE = 1024 * 1024;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const frame = (kind: Kind, body: Uint8Array = EMPTY): Uint8Array =>
  encodeFrame({ kind, source: GUEST_KEY, target: GATEWAY_KEY, hops: 1 }, body);

/** The first bytes of a frame that says it is so large. */
function sized(size: number, kind: Kind = Kind.hello): Uint8Array {
  const bytes = frame(kind);
  writeU32(bytes, Offset.size, size);
  return bytes;
}

function hello(change: Partial<Parameters<typeof encodeHello>[0]>): Uint8Array {
  const body = encodeHello({
    protocolMin: 1,
    protocolMax: 1,
    capabilities: 0,
    heartbeatMs: 1000,
    nonce: new Uint8Array(32),
    boot: "aa".repeat(16),
    startedAtMs: 1,
    roleNumber: ROLE_NUMBERS.user,
    number: 102,
    shard: 1,
    targetRoleNumber: ROLE_NUMBERS.gateway,
    targetNumber: 1,
    cluster: "test",
    ...change,
  });
  return frame(Kind.hello, body);
}

async function counters(cluster: TestCluster): Promise<Readonly<Record<string, number>>> {
  return waitFor(async () => (await cluster.admin.describe(GATEWAY))?.counters, {
    what: "the counters of the gateway",
    withinMs: 5_000,
  });
}

/** Waits until the counters of links and routing have moved exactly so. */
async function expectMoved(
  cluster: TestCluster,
  change: { readonly since: Readonly<Record<string, number>>; readonly by: Readonly<Record<string, number>> },
): Promise<void> {
  const moved = (now: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(
      Object.entries(now)
        // How often a turn was too short is a matter of time.
        .filter(([name]) => /^(link|mesh|sync)\./.test(name) && name !== "link.turn_spent")
        .map(([name, count]) => [name, count - (change.since[name] ?? 0)] as const)
        .filter(([, count]) => count !== 0),
    );
  let seen: Record<string, number> = {};
  await waitFor(
    async () => {
      seen = moved(await counters(cluster));
      return Bun.deepEquals(seen, change.by) ? true : undefined;
    },
    { what: `the counters ${JSON.stringify(change.by)}`, withinMs: 5_000, seen: () => seen },
  );
}

/** Every link between nodes of the file: by whom, since when. One that was made again has another time. */
async function standing(cluster: TestCluster): Promise<readonly string[]> {
  const { body } = await cluster.admin.ask("GET", "/api/links");
  const { links } = body as {
    readonly links: readonly { node: string; peer: string; state: string; sinceMs: number }[];
  };
  return links
    .filter((link) => link.node !== "user:102" && link.peer !== "user:102")
    .map((link) => `${link.node} ${link.peer} ${link.state} ${link.sinceMs}`)
    .toSorted();
}

async function started(cluster: TestCluster): Promise<readonly string[]> {
  await cluster.start();
  await cluster.settled();
  const links = await standing(cluster);
  // Three links, seen from both ends.
  expect(links.length).toBe(6);
  return links;
}

/** Nothing has ended, nothing was linked again, nothing is logged as a failure, and calls and news go through. */
async function expectUnhurt(cluster: TestCluster, links: readonly string[]): Promise<void> {
  expect(await standing(cluster)).toEqual(links);
  const notes = new Notes(cluster);
  await notes.open("after");
  await notes.expectEverywhere();
  expect(await notes.expectEveryCall("calls")).toBe(4 * 3);
  expect(cluster.nodes().filter((node) => !node.isAlive || node.lives.length !== 1)).toEqual([]);
  expect(cluster.nodes().flatMap((node) => node.life.lines.filter((line) => line.level === "error"))).toEqual([]);
}

type Case = readonly [name: string, bytes: Uint8Array, counters: Readonly<Record<string, number>>];

const STRANGERS: readonly Case[] = [
  ["an HTTP request", text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), { "link.closed:bad_magic": 1 }],
  ["a wrong magic", new Uint8Array(64), { "link.closed:bad_magic": 1 }],
  ["a size of 0", sized(0), { "link.closed:bad_size": 1 }],
  ["a size of 2^32-1", sized(0xffff_ffff), { "link.closed:bad_size": 1 }],
  ["a ping before hello", frame(Kind.ping, new Uint8Array(40)), { "link.closed:unexpected_frame": 1 }],
  ["a call before hello", frame(Kind.call), { "link.closed:unexpected_frame": 1 }],
  ["a welcome that nobody asked for", frame(Kind.welcome, new Uint8Array(32)), { "link.closed:unexpected_frame": 1 }],
  [
    "a hello of a future protocol",
    hello({ protocolMin: 2, protocolMax: 9 }),
    { "link.closed:bad_protocol": 1, "link.refused:bad_protocol": 1 },
  ],
  [
    "a hello for another cluster",
    hello({ cluster: "other" }),
    { "link.closed:refused": 1, "link.refused:bad_cluster": 1 },
  ],
  [
    "a hello for another node",
    hello({ targetNumber: 2 }),
    { "link.closed:wrong_identity": 1, "link.refused:wrong_target": 1 },
  ],
  [
    "a hello that is cut short",
    frame(Kind.hello, new Uint8Array(60)),
    { "link.closed:bad_hello": 1, "link.refused:bad_hello": 1 },
  ],
];

const UP = { "link.up": 1 };
const PEERS: readonly Case[] = [
  ["a second hello", hello({}), { ...UP, "link.closed:unexpected_frame": 1 }],
  ["a challenge", frame(Kind.challenge, new Uint8Array(100)), { ...UP, "link.closed:unexpected_frame": 1 }],
  ["a size of 0", sized(0, Kind.call), { ...UP, "link.closed:bad_size": 1 }],
  ["a size of 2^32-1", sized(0xffff_ffff, Kind.call), { ...UP, "link.closed:bad_size": 1 }],
  ["a wrong magic", new Uint8Array(64), { ...UP, "link.closed:bad_magic": 1 }],
  ["a kind that does not exist", frame(99 as Kind), { ...UP, "link.closed:bad_kind": 1 }],
  ["news that cannot be read", frame(Kind.sync, text("not a message")), { ...UP, "link.closed:bad_sync": 1 }],
  ["a heartbeat that cannot be read", frame(Kind.ping, text("?")), { ...UP, "link.closed:bad_heartbeat": 1 }],
];

describe("At a gateway's port", () => {
  clusterTest(
    "a stranger's bytes close that one conn, are counted by name, and nothing else notices",
    async (ground) => {
      const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
      const links = await started(cluster);
      const port = cluster.file.listen.get(GATEWAY) ?? 0;
      for (const [name, bytes, by] of STRANGERS) {
        const since = await counters(cluster);
        const peer = await RawPeer.connect(port);
        peer.write(bytes);
        await peer.closed();
        await expectMoved(cluster, { since, by });
        const refused = Object.keys(by).find((counter) => counter.startsWith("link.refused:"));
        expect([name, peer.refusal]).toEqual([name, refused?.replace("link.refused:", "")]);
      }
      await expectUnhurt(cluster, links);
      console.log(`      ${STRANGERS.length} strangers: ${ground.seconds} s`);
    },
  );

  clusterTest(
    "a peer that proved the key and then misbehaves loses its link, and nothing else notices",
    async (ground) => {
      const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
      const links = await started(cluster);
      const port = cluster.file.listen.get(GATEWAY) ?? 0;
      for (const [name, bytes, by] of PEERS) {
        const since = await counters(cluster);
        const peer = await RawPeer.connect(port);
        const step = await peer.shake(GUEST, GATEWAY);
        expect([name, step.kind]).toEqual([name, "proved"]);
        peer.write(bytes);
        await peer.closed();
        await expectMoved(cluster, { since, by });
      }
      await expectUnhurt(cluster, links);
      console.log(`      ${PEERS.length} peers: ${ground.seconds} s`);
    },
  );

  clusterTest(
    "a frame of 16 MiB in small pieces is refused by its first bytes, before and after the handshake",
    async (ground) => {
      const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
      const links = await started(cluster);
      const port = cluster.file.listen.get(GATEWAY) ?? 0;
      const PIECE_SIZE = 1024;
      for (const proves of [false, true]) {
        const since = await counters(cluster);
        const peer = await RawPeer.connect(port);
        if (proves) await peer.shake(GUEST, GATEWAY);
        // Byte by byte over the field of the size and the magic, then in pieces, until somebody has had enough.
        const head = sized(16 * MEBIBYTE, Kind.cast);
        let sentSize = 0;
        for (const byte of head) sentSize += Math.max(0, peer.write(new Uint8Array([byte])));
        while (!peer.isClosed && sentSize < 16 * MEBIBYTE) {
          sentSize += Math.max(0, peer.write(new Uint8Array(PIECE_SIZE)));
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        expect(peer.isClosed).toBe(true);
        expect(sentSize).toBeLessThan(MEBIBYTE);
        await expectMoved(cluster, { since, by: { ...(proves ? UP : {}), "link.closed:bad_size": 1 } });
      }
      await expectUnhurt(cluster, links);
      console.log(`      16 MiB twice: ${ground.seconds} s`);
    },
  );

  clusterTest("a source that cannot be behind the link is dropped and counted, and the link stays", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
    const links = await started(cluster);
    const since = await counters(cluster);
    const peer = await RawPeer.connect(cluster.file.listen.get(GATEWAY) ?? 0);
    await peer.shake(GUEST, GATEWAY);
    const source = nodeKey("cross_center", 1);
    peer.write(
      encodeFrame(
        { kind: Kind.call, source, target: nodeKey("center", 1), hops: 8, callId: 1, deadlineMs: 1000, method: 3000 },
        EMPTY,
      ),
    );
    await expectMoved(cluster, { since, by: { ...UP, "mesh.source_refused": 1 } });
    expect(peer.isClosed).toBe(false);
    peer.end();
    await expectMoved(cluster, { since, by: { ...UP, "mesh.source_refused": 1, "link.closed:peer_closed": 1 } });
    await expectUnhurt(cluster, links);
    console.log(`      a foreign source: ${ground.seconds} s`);
  });
});

describe("A process of another cluster", () => {
  const cases = [
    {
      name: "with another key",
      change: { key: "77".repeat(32) },
      counters: ["link.closed:bad_proof", "link.refused:bad_proof"],
    },
    {
      name: "with another cluster name",
      change: { name: "other" },
      counters: ["link.closed:refused", "link.refused:bad_cluster"],
    },
  ] as const;
  for (const { name, change, counters: names } of cases) {
    clusterTest(
      `${name} is turned away as often as it comes, stays alive, and nothing else notices`,
      async (ground) => {
        const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
        const links = await started(cluster);
        const since = await counters(cluster);
        const stranger = ground.cluster({
          nodes: [{ id: GATEWAY }, { id: "user:102" }],
          listen: cluster.file.listen,
          ...change,
        });
        await stranger.start("user:102");
        const refused = await stranger.node("user:102").line("dial failed", { withinMs: 5_000 });
        expect(refused.data["reason"]).toBe("refused");
        await waitFor(
          async () => {
            const now = await counters(cluster);
            return names.every((counter) => (now[counter] ?? 0) - (since[counter] ?? 0) >= 3) ? true : undefined;
          },
          { what: `three refusals in ${names.join(" and ")}`, withinMs: 10_000 },
        );
        expect(stranger.node("user:102").isAlive).toBe(true);
        expect((await counters(cluster))["link.up"]).toBe(since["link.up"] ?? 0);
        await stranger.dispose();
        await expectUnhurt(cluster, links);
        console.log(`      ${name}: ${ground.seconds} s`);
      },
    );
  }
});
