/**
 * The owner against the real state topics of its node and of one gateway below: whatever the verbs, the restarts,
 * the failures of the store and the lost disks, what the gateway holds is in the end what the owner says.
 */

import { NO_SHARDS } from "#activity/groups/term_groups.ts";
import { decodeContent } from "#activity/content.ts";
import { ActivityOwner, TOMBSTONE_MIN_MS } from "#activity/owner.ts";
import { ActivityReplica } from "#activity/replica.ts";
import { Alarms } from "#base/alarms.ts";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { StateTopics } from "#sync/state_topics.ts";
import { versionText } from "#sync/version.ts";
import { describe, expect, test } from "#test";
import { nodeKey } from "#wire/role.ts";
import type { Report } from "#wire/sync_message.ts";
import { digest } from "../wire/digest.ts";
import type { World } from "./fixture.ts";
import { SELF, kinds, makeWorld, settle, silentLog } from "./fixture.ts";

const OWNER = { key: SELF.key, role: SELF.role } as const;
const GATEWAY = { key: nodeKey("cross_gateway", 5), role: "cross_gateway" } as const;
const IDS = ["a", "b", "c"];

interface OwnerNode {
  readonly owner: ActivityOwner;
  readonly state: StateTopics;
}

class Pair {
  readonly world: World;
  readonly gateway: StateTopics;
  readonly replica: ActivityReplica;
  readonly #reports: Report[] = [];
  #serial = 0;
  node: OwnerNode | undefined;

  constructor(world: World) {
    this.world = world;
    const { clock } = world;
    this.replica = new ActivityReplica({
      shard: 1,
      clock,
      clusterMs: () => clock.wallMs(),
      nodeStartedClusterMs: () => 0,
      log: silentLog,
      alarms: new Alarms({ clock, log: silentLog }),
    });
    this.gateway = new StateTopics({
      self: GATEWAY,
      digest,
      wallMs: () => clock.wallMs(),
      effects: {
        ready: () => undefined,
        accepted: (copy) => this.replica.apply(copy),
        dropped: (topic) => this.replica.forget(topic),
        reported: () => undefined,
        refused: () => undefined,
      },
    });
  }

  /** The owner's process dies and another one starts on the same store. */
  async restart(random: Random): Promise<void> {
    const { world } = this;
    if (this.node !== undefined) this.gateway.linkDown(this.#serial);
    const state = new StateTopics({
      self: OWNER,
      digest,
      wallMs: () => world.clock.wallMs(),
      effects: {
        ready: () => undefined,
        accepted: () => undefined,
        dropped: () => undefined,
        reported: (report) => this.#reports.push(report),
        refused: () => undefined,
      },
    });
    const owner = new ActivityOwner({
      self: SELF,
      store: world.store,
      clock: world.clock,
      clusterMs: () => world.clock.wallMs(),
      random,
      digest,
      log: silentLog,
      alarms: world.alarms,
      kinds,
      shards: NO_SHARDS,
      publish: (snapshot) => state.publish(snapshot),
      forget: (topic) => state.forget(topic),
    });
    await owner.start();
    this.node = { owner, state };
    this.#serial += 1;
    state.linkUp({ serial: this.#serial, peer: GATEWAY, relation: "above" });
    this.gateway.linkUp({ serial: this.#serial, peer: OWNER, relation: "below" });
  }

  /** Carries messages and heartbeats until nothing is left to say. */
  async carry(beats: number): Promise<void> {
    const { node } = this;
    if (node === undefined) return;
    for (let beat = 0; beat < beats; beat += 1) {
      for (let isBusy = true; isBusy;) {
        const down = node.state.next(this.#serial);
        if (down !== undefined) this.gateway.receive(this.#serial, down);
        const up = this.gateway.next(this.#serial);
        if (up !== undefined) node.state.receive(this.#serial, up);
        const report = this.#reports.shift();
        if (report !== undefined) await node.owner.reported(report);
        isBusy = down !== undefined || up !== undefined || report !== undefined;
      }
      this.gateway.beat(this.#serial, node.state.saidDigest(this.#serial));
      node.state.beat(this.#serial, this.gateway.saidDigest(this.#serial));
      this.gateway.tick(this.#serial);
      node.state.tick(this.#serial);
      this.world.clock.advance(1000);
      await settle();
    }
  }
}

async function randomVerb(owner: ActivityOwner, random: Random, nowMs: number): Promise<void> {
  const id = IDS[randomIndex(random, IDS.length)] ?? "a";
  const config = randomIndex(random, 2);
  const endsAtMs = randomIndex(random, 4) === 0 ? nowMs + 1 + randomIndex(random, 8000) : undefined;
  switch (randomIndex(random, 7)) {
    case 0:
    case 1:
      await owner.create({ id, kind: "free", config, endsAtMs, open: randomIndex(random, 2) === 0 });
      return;
    case 2:
    case 3:
      await owner.open(id);
      return;
    case 4:
    case 5:
      await owner.close(id);
      return;
    default:
      await owner.remove(id);
  }
}

describe("ActivityOwner with StateTopics", () => {
  test("whatever happens, the gateway holds in the end what the owner says, and hears of terms in turn", async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = seededRandom(seed);
      const pair = new Pair(await makeWorld({ seed }));
      const { world } = pair;
      const heard = new Map<string, string>();
      pair.replica.listen({
        module: "test",
        opened: (event) => {
          expect([seed, heard.get(event.id)]).toEqual([seed, undefined]);
          heard.set(event.id, event.term);
        },
        closed: (event) => {
          expect([seed, event.term]).toEqual([seed, heard.get(event.id) ?? "nothing open"]);
          heard.delete(event.id);
        },
      });
      await pair.restart(random);
      for (let step = 0; step < 40; step += 1) {
        const chance = randomIndex(random, 20);
        if (chance === 0) await pair.restart(random);
        else if (chance === 1) {
          world.clock.advance(TOMBSTONE_MIN_MS);
          await settle();
          await pair.node?.owner.sweep(world.clock.wallMs(), () => randomIndex(random, 2) === 0);
        } else if (chance === 2) {
          world.store.failing = randomIndex(random, 2) === 0 ? "before" : "after";
          await pair.node?.owner.open("a").catch(() => undefined);
          world.store.failing = "no";
        } else if (pair.node !== undefined) await randomVerb(pair.node.owner, random, world.clock.wallMs());
        if (randomIndex(random, 2) === 0) await pair.carry(1);
      }
      await pair.node?.owner.close("a");
      await pair.carry(30);
      const said = pair.node?.state.copies().map((copy) => [copy.topic, versionText(copy.version)]) ?? [];
      const held = pair.gateway.copies().map((copy) => [copy.topic, versionText(copy.version)]);
      expect([seed, held]).toEqual([seed, said]);
      const owned = pair.node?.owner.list().map((view) => [view.id, view.version, view.phase, view.term]) ?? [];
      const applied = pair.replica.view().filter((row) => !row.tombstone);
      expect([seed, applied.map((row) => [row.id, row.version, row.phase, row.content?.term?.id])]).toEqual([
        seed,
        owned,
      ]);
    }
  });

  test("an owner that lost its disk leaves what others hold, tells of it, and can take it back", async () => {
    const random = seededRandom(7);
    const before = new Pair(await makeWorld());
    await before.restart(random);
    await before.node?.owner.create({ id: "boss", kind: "free", config: 1, open: true });
    await before.node?.owner.create({ id: "other", kind: "free", config: 2, open: true });
    await before.carry(3);
    const term = before.replica.open()[0]?.term ?? "";
    expect(term).toMatch(/^[0-9a-f]{32}$/);

    await before.world.store.transaction(async (tx) => {
      await tx.run("DELETE FROM activity");
      await tx.run("DELETE FROM activity_owner");
    });
    await before.restart(random);
    await before.carry(30);
    const { owner } = before.node ?? { owner: undefined };
    expect(owner?.list()).toEqual([]);
    expect(owner?.orphans().map((orphan) => [orphan.topic, orphan.reporter])).toEqual([
      ["activity/cross_center:1/boss", "cross_gateway:5"],
      ["activity/cross_center:1/other", "cross_gateway:5"],
    ]);
    expect(before.replica.open().map((event) => event.id)).toEqual(["boss", "other"]);

    const copy = before.gateway.copy("activity/cross_center:1/boss");
    if (copy === undefined) throw new Error("the gateway holds it");
    expect(decodeContent(copy.bytes, "boss").kind).toBe("ok");
    expect((await owner?.adopt(copy.topic, copy))?.kind).toBe("ok");
    expect((await owner?.cancel("activity/cross_center:1/other"))?.kind).toBe("ok");
    await before.carry(30);
    expect(before.replica.open().map((event) => [event.id, event.term])).toEqual([["boss", term]]);
    expect(owner?.orphans()).toEqual([]);
    expect(before.gateway.copies().map((held) => held.tombstone)).toEqual([false, true]);
  });
});
