/**
 * What a cross_center knows of shards that come and go: real nodes on the simulator, and alone where its store fails.
 */

import { describe, expect, test } from "#test";
import { ASK_EVERY_MS, ASK_JITTER_MS, RETRY_FIRST_MS } from "#activity/shards/shard_asks.ts";
import { SHARD_FACT_MIGRATIONS } from "#activity/shards/shard_fact_table.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import { Alarms } from "#base/alarms.ts";
import { seededRandom } from "#base/random.ts";
import { Directory } from "#mesh/directory.ts";
import type { KnownShard, KnownShardsOptions } from "#module/known_shards.ts";
import { KnownShards } from "#module/known_shards.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import type { NodeId } from "#wire/role.ts";
import { FlakyStore, settle, silentLog } from "../activity/fixture.ts";
import { CROSS_CENTER, CROSS_GATEWAY, GATEWAY, GATEWAY_2, MeshGround } from "../admin/mesh_ground.ts";
import { FakeLink, node } from "../mesh/harness.ts";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";

const OPENED: ShardFacts = {
  shard: 1,
  openedAtMs: 1_700_000_000_000,
  timeZone: "Asia/Shanghai",
  mergedInto: undefined,
  mergedAtMs: undefined,
};
const MERGED: ShardFacts = { ...bareFacts(2), mergedInto: 1 };

function known(ground: MeshGround): readonly KnownShard[] {
  return ground.node(CROSS_CENTER).shards?.list() ?? [];
}

/** "1 gateway:1 reachable", by shard. */
function lines(ground: MeshGround): string[] {
  return known(ground).map(
    ({ shard, source, reachable }) => `${shard} ${source ?? "unheard"} ${reachable ? "reachable" : "gone"}`,
  );
}

function factsIn(ground: MeshGround): readonly ShardFacts[] {
  return ground.node(CROSS_CENTER).shards?.facts() ?? [];
}

function alarmsOf(ground: MeshGround): string[] {
  return ground
    .node(CROSS_CENTER)
    .alarms.all()
    .map(({ name }) => name);
}

describe("KnownShards: on the mesh", () => {
  test("hears each shard's facts from its gateway, also that nothing is known of it", async () => {
    const ground = new MeshGround({ files: [[GATEWAY, [OPENED, bareFacts(7)]]] });
    ground.run(1_000);
    expect(factsIn(ground)).toEqual([OPENED, bareFacts(2)]);
    expect(lines(ground)).toEqual(["1 gateway:1 reachable", "2 gateway:2 reachable"]);
    await ground.dispose();
  });

  test("a restarted one still knows a shard that is down, and one without its disk does not", async () => {
    const ground = new MeshGround({ files: [[GATEWAY_2, [{ ...OPENED, shard: 2 }]]] });
    ground.run(1_000);
    ground.kill(GATEWAY_2);
    ground.run(5_000);
    ground.kill(CROSS_CENTER);
    ground.start(CROSS_CENTER);
    ground.run(5_000);
    expect([factsIn(ground), lines(ground)]).toEqual([
      [bareFacts(1), { ...OPENED, shard: 2 }],
      ["1 gateway:1 reachable", "2 gateway:2 gone"],
    ]);
    ground.loseDisk(CROSS_CENTER);
    ground.run(5_000);
    expect(lines(ground)).toEqual(["1 gateway:1 reachable"]);
    ground.start(GATEWAY_2);
    ground.run(5_000);
    expect(lines(ground)).toEqual(["1 gateway:1 reachable", "2 gateway:2 reachable"]);
    await ground.dispose();
  });

  test("a gateway that comes back with other facts replaces what it said, on the disk too", async () => {
    const ground = new MeshGround({ files: [[GATEWAY, [OPENED]]] });
    ground.run(1_000);
    const before = known(ground)[0]?.sinceMs ?? 0;
    ground.files.set(GATEWAY, [{ ...OPENED, timeZone: "Europe/Berlin" }]);
    ground.kill(GATEWAY);
    ground.start(GATEWAY);
    ground.run(5_000);
    expect(factsIn(ground)[0]).toEqual({ ...OPENED, timeZone: "Europe/Berlin" });
    expect(known(ground)[0]?.sinceMs ?? 0).toBeGreaterThan(before);
    ground.kill(GATEWAY);
    ground.kill(CROSS_CENTER);
    ground.start(CROSS_CENTER);
    ground.run(5_000);
    expect(factsIn(ground)[0]).toEqual({ ...OPENED, timeZone: "Europe/Berlin" });
    await ground.dispose();
  });

  test("asks again after ten minutes and not before, and what is the same keeps its age", async () => {
    const ground = new MeshGround({ nodes: [CROSS_GATEWAY, CROSS_CENTER, GATEWAY], heartbeatMs: 10_000 });
    ground.run(1_000);
    const [first] = known(ground);
    const heardAtMs = first?.heardAtMs ?? 0;
    ground.run(ASK_EVERY_MS - 60_000);
    expect(known(ground)[0]?.heardAtMs).toBe(heardAtMs);
    ground.run(60_000 + ASK_JITTER_MS + 1_000);
    const [later] = known(ground);
    expect((later?.heardAtMs ?? 0) - heardAtMs).toBeGreaterThan(ASK_EVERY_MS - 1);
    expect(later?.sinceMs).toBe(first?.sinceMs);
    await ground.dispose();
  });

  test("a gateway that is there and says nothing is a shard without a group, until it does", async () => {
    // So slow a heartbeat that a frozen gateway stays in the directory.
    const ground = new MeshGround({ nodes: [CROSS_GATEWAY, CROSS_CENTER, GATEWAY], heartbeatMs: 20_000 });
    ground.freeze(GATEWAY);
    ground.loseDisk(CROSS_CENTER);
    ground.run(20_000);
    expect(lines(ground)).toEqual(["1 unheard reachable"]);
    expect(ground.node(CROSS_CENTER).shards?.division({ kind: "all" }, 0)).toEqual({
      groups: [],
      ungrouped: [{ shard: 1, reason: "its gateway has not been heard yet" }],
      merged: [],
    });
    ground.thaw(GATEWAY);
    ground.run(30_000);
    expect(lines(ground)).toEqual(["1 gateway:1 reachable"]);
    await ground.dispose();
  });

  test("a merge is told by the shard that lives; while the other still speaks they are in conflict", async () => {
    const ground = new MeshGround({ files: [[GATEWAY, [OPENED, MERGED]]] });
    ground.run(1_000);
    expect(alarmsOf(ground)).toEqual(["shard_conflict:2"]);
    // The shard's own gateway is believed.
    expect(known(ground)[1]).toMatchObject({
      ...bareFacts(2),
      source: GATEWAY_2,
      conflict: "gateway:1 says merged into 1",
    });
    ground.kill(GATEWAY_2);
    ground.run(5_000);
    expect([alarmsOf(ground), factsIn(ground)]).toEqual([[], [OPENED, MERGED]]);
    ground.kill(CROSS_CENTER);
    ground.start(CROSS_CENTER);
    ground.run(5_000);
    expect(ground.node(CROSS_CENTER).shards?.division({ kind: "all" }, 0)).toEqual({
      groups: [{ name: "all", shards: [1] }],
      ungrouped: [],
      merged: [{ shard: 2, into: 1 }],
    });
    await ground.dispose();
  });

  test("its own file counts for shards that were never heard, where it says something", async () => {
    const nine = { ...OPENED, shard: 9 };
    const other = { ...bareFacts(1), timeZone: "Europe/Berlin" };
    const ground = new MeshGround({
      files: [
        [GATEWAY, [OPENED]],
        [CROSS_CENTER, [nine, bareFacts(8), other]],
      ],
    });
    ground.run(1_000);
    expect(factsIn(ground)).toEqual([OPENED, bareFacts(2), nine]);
    expect(lines(ground)).toEqual(["1 gateway:1 reachable", "2 gateway:2 reachable", `9 ${CROSS_CENTER} gone`]);
    await ground.dispose();
  });
});

interface Alone {
  readonly clock: ManualClock;
  readonly store: FlakyStore;
  readonly alarms: Alarms;
  readonly directory: Directory;
  readonly shards: KnownShards;
  /** Ids of the gateways that were asked. */
  readonly asked: NodeId[];
  readonly comes: (id: string) => Promise<void>;
}

/** One cross_center; every gateway answers at once that it opened. */
async function alone(): Promise<Alone> {
  const clock = new ManualClock();
  const store = new FlakyStore(openSqliteStore({ path: ":memory:", clock }));
  await migrate(store, [SHARD_FACT_MIGRATIONS], digest);
  const alarms = new Alarms({ clock, log: silentLog });
  const self = node("cross_center:1");
  const asked: NodeId[] = [];
  const directory = new Directory({
    self: self.key,
    emit: (event) => {
      if (event.kind === "reachable") shards.reachable(event.identity);
      else shards.unreachable(event.identity);
    },
  });
  const caller = {
    call: (_method: unknown, _request: unknown, { to }: { to: { key: number } }) => {
      const gateway = directory.entries().find(({ identity }) => identity.key === to.key)?.identity;
      if (gateway === undefined) throw new Error("a gateway that is not there was asked");
      asked.push(gateway.id);
      return Promise.resolve({ facts: [{ ...OPENED, shard: gateway.shard }] });
    },
  };
  const endpoint = { server: { serve: () => undefined }, caller } as unknown as KnownShardsOptions["endpoint"];
  const shards: KnownShards = new KnownShards({
    self,
    store,
    clock,
    clusterMs: () => clock.wallMs(),
    random: seededRandom(1),
    log: silentLog,
    alarms,
    directory,
    endpoint,
    file: [],
    named: [],
    changed: () => undefined,
  });
  await shards.start();
  const comes = async (id: string): Promise<void> => {
    directory.linkUp(new FakeLink(node(id), "below"));
    await settle();
  };
  return { clock, store, alarms, directory, shards, asked, comes };
}

describe("KnownShards: its store", () => {
  test("what cannot be written is not believed; it is an alarm, asked again, and then it is well", async () => {
    const { clock, store, alarms, shards, asked, comes } = await alone();
    store.failing = "before";
    await comes("gateway:1");
    expect([shards.facts(), alarms.has("shard_facts_unsaved"), asked.length]).toEqual([[], true, 1]);
    store.failing = "no";
    clock.advance(RETRY_FIRST_MS);
    await settle();
    expect([shards.facts(), alarms.all(), asked.length]).toEqual([[OPENED], [], 2]);
    await store.close();
  });

  test("a stopped one asks nobody and leaves no timer", async () => {
    const { clock, store, shards, asked, comes } = await alone();
    await comes("gateway:1");
    expect(clock.pending).toBe(1);
    await shards.stop();
    await comes("gateway:2");
    clock.advance(2 * ASK_EVERY_MS);
    expect([clock.pending, asked, shards.facts()]).toEqual([0, [GATEWAY], [OPENED]]);
    await store.close();
  });
});
