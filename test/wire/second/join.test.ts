import { afterEach, beforeEach, describe, expect, test } from "#test";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import type { Node } from "#module/node.ts";
import { keyOfId, nodeId } from "#wire/role.ts";
import type { LiveCluster } from "./live_cluster.ts";
import { CLUSTER, HEARTBEAT_MS, startLiveCluster } from "./live_cluster.ts";
import type { Peer, PeerEvent } from "./python.ts";
import { PYTHON, startPeer } from "./python.ts";

const TIME_MAX_MS = 30_000;
const USER = nodeId("user", 901);
const BOSS = "activity/cross_center:1/boss";

describe("second implementation: joins a cluster as a leaf", () => {
  if (PYTHON === undefined) {
    test("is left out where there is no python3", () => {
      console.log("skip: there is no python3, so the second implementation did not join");
      expect(Bun.which("python3")).toBeNull();
    });
    return;
  }

  let cluster: LiveCluster;
  const peers: Peer[] = [];

  beforeEach(async () => {
    cluster = await startLiveCluster();
  });
  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.kill();
    await cluster.stop();
  });

  const join = (
    more: readonly string[],
    options: { keyFile?: string; cluster?: string; shard?: number } = {},
  ): Peer => {
    const peer = startPeer([
      "connect",
      "127.0.0.1",
      String(cluster.port),
      "--cluster",
      options.cluster ?? CLUSTER,
      "--key-file",
      options.keyFile ?? cluster.keyFile,
      "--role",
      "user",
      "--id",
      "901",
      "--shard",
      String(options.shard ?? 9),
      "--target",
      "gateway:9",
      "--heartbeat-ms",
      String(HEARTBEAT_MS),
      "--for-ms",
      "20000",
      ...more,
    ]);
    peers.push(peer);
    return peer;
  };
  const named = (peer: Peer, event: string): PeerEvent[] => peer.events.filter((one) => one.event === event);
  const create = async (): Promise<void> => {
    const outcome = await owner(cluster.crossCenter).create({
      id: "boss",
      kind: "plain",
      config: { hp: 7 },
      open: true,
    });
    expect(outcome.kind).toBe("ok");
  };

  test(
    "hears topics, wants and accepts them, calls near and far, and is told who is logged in",
    async () => {
      await create();
      const peer = join([
        "--call",
        "gateway:9/5",
        "--call",
        "cross_center:1/2",
        "--call",
        "gateway:9/1999",
        "--call",
        "center:9/2",
        "--phase",
        "boss=open",
        "--calls-min",
        "1",
      ]);
      expect(await peer.ended).toBe(0);
      expect(named(peer, "welcome")).toEqual([
        { event: "welcome", peer: "gateway:9", boot: cluster.gateway.self.boot, shard: 9, heartbeatMs: HEARTBEAT_MS },
      ]);
      const version = cluster.crossCenter.mesh.sync.state.copy(BOSS)?.version;
      expect(named(peer, "accepted")).toEqual([{ event: "accepted", topic: BOSS, version, tombstone: false }]);
      const digest = cluster.crossCenter.mesh.sync.appliedDigest().toString(16).padStart(16, "0");
      expect(named(peer, "leaving")).toEqual([{ event: "leaving", topics: [BOSS], appliedDigest: digest }]);
      expect(named(peer, "route").some((one) => one["topic"] === "attached/gateway:9")).toBe(true);
      expect(named(peer, "served")[0]).toMatchObject({ kind: "call", method: 44, source: "gateway:9" });

      const [nodes, health] = named(peer, "reply");
      expect(JSON.stringify(nodes?.["value"])).toContain('"id":"user:901"');
      expect(health).toMatchObject({ source: "cross_center:1", value: { id: "cross_center:1", ok: true } });
      expect(named(peer, "error").map((one) => [one["code"], one["at"]])).toEqual([
        ["UNKNOWN_METHOD", "gateway:9"],
        ["NO_ROUTE", "gateway:9"],
      ]);
      expect(named(peer, "pong").length).toBeGreaterThan(0);
      expect(named(peer, "send_relist")).toEqual([]);
    },
    TIME_MAX_MS,
  );

  test(
    "is reachable from the cross tier, serves calls, hears a change, and says goodbye",
    async () => {
      await create();
      const peer = join(["--phase", "boss=closed", "--calls-min", "4"]);
      const { crossCenter, gateway, reaches } = cluster;
      await reaches(crossCenter, USER, true);
      const to = { key: keyOfId(USER) };
      const caller = crossCenter.endpoint.caller;
      const described = await caller.call(RuntimeContract.describe, {}, { to });
      expect(described).toMatchObject({ id: USER, role: "user", shard: 9, release: "second" });
      const raw = Uint8Array.of(0, 255, 16);
      expect(await caller.callRaw({ id: 2000, name: "echo" }, raw, { to })).toEqual(raw);
      const refused = caller.callRaw({ id: 3000, name: "nothing" }, raw, { to });
      const failure: unknown = await refused.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ code: "UNKNOWN_METHOD", at: USER });

      await owner(crossCenter).close("boss");
      expect(await peer.ended).toBe(0);
      const accepted = named(peer, "accepted").map((one) => one["version"]);
      expect(accepted.at(-1)).toEqual(crossCenter.mesh.sync.state.copy(BOSS)?.version);
      expect(accepted.length).toBeGreaterThan(1);
      await reaches(gateway, USER, false);
      await reaches(crossCenter, USER, false);
      expect(gateway.counters.get("link.closed:goodbye")).toBe(1);
      expect(named(peer, "served").find((one) => one["method"] === 2000)?.["hops"]).toBe(6);
    },
    TIME_MAX_MS,
  );

  test(
    "is refused with the reason that the page names",
    async () => {
      const wrong: readonly (readonly [string, Peer])[] = [
        ["bad_proof", join([], { keyFile: cluster.wrongKeyFile })],
        ["bad_cluster", join([], { cluster: "another" })],
        ["shard_mismatch", join([], { shard: 8 })],
        ["wrong_target", join(["--target", "gateway:8"])],
        ["role_not_allowed", join(["--role", "statistic", "--shard", "0"])],
      ];
      for (const [reason, peer] of wrong) {
        expect(await peer.ended).toBe(2);
        expect(peer.events.map((one) => [one.event, one["reason"]])).toEqual([
          ["refused", reason],
          ["closed", "refused"],
        ]);
        expect(cluster.gateway.counters.get(`link.refused:${reason}`)).toBe(1);
      }
      expect(cluster.gateway.mesh.shardNodes()).toEqual([]);
    },
    TIME_MAX_MS,
  );

  test(
    "a twin is refused while the first one is alive, and the key may be rotated",
    async () => {
      const first = join(["--calls-min", "1000"]);
      await cluster.reaches(cluster.gateway, USER, true);
      const twin = join([]);
      expect(await twin.ended).toBe(2);
      expect(named(twin, "refused")).toMatchObject([{ reason: "duplicate_identity" }]);
      expect(Number(named(twin, "refused")[0]?.["otherStartedAtMs"])).toBeGreaterThan(0);
      expect(cluster.gateway.mesh.shardNodes().map((node) => node.id)).toEqual([USER]);
      first.kill();
      await first.ended;
      await cluster.reaches(cluster.gateway, USER, false);
      const rotated = join(["--second-key-file", cluster.wrongKeyFile]);
      expect(await rotated.ended).toBe(0);
    },
    TIME_MAX_MS,
  );
});

function owner(node: Node): NonNullable<Node["activities"]>["owner"] {
  if (node.activities === undefined) throw new Error("this node owns activities");
  return node.activities.owner;
}
