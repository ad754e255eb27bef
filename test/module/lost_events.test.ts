/**
 * Five ways in which events of live games were lost, each by its name: whole nodes on the simulator, with disks that
 * outlive them.
 */

import { describe, expect, test } from "#test";
import { bareFacts } from "#activity/shards/shard_facts.ts";
import { highest } from "#activity/ranks/rank_order.ts";
import { activity } from "#module/activity_kind.ts";
import { module } from "#module/module.ts";
import type { ActivityListener, OpenedEvent } from "#module/module_node.ts";
import type { NodeId } from "#wire/role.ts";
import * as v from "valibot";
import { CENTER, CENTER_2, CROSS_CENTER, CROSS_GATEWAY, GATEWAY, GATEWAY_2, MeshGround } from "../admin/mesh_ground.ts";

const ACTOR = { who: "a", remote: "b" };
const TOPIC = "activity/cross_center:1/hunt";
const DAY_MS = 24 * 3_600_000;
/** The simulated world begins with 2026. */
const WORLD_MS = Date.parse("2026-01-01T00:00:00Z");

const hunt = activity("hunt", {
  config: v.object({ prey: v.string() }),
  phases: ["open", "settling", "reward", "show", "closed"],
  report: v.object({ points: v.number() }),
  rank: { points: highest },
  onReport: (term, { player, body }) => term.ranking("points").add(player, body.points),
  reward: (_, { place }) => ({ tier: "all", mail: { title: `Place ${place}`, text: "", items: [] } }),
});

type Hunt = ActivityListener<{ prey: string }, { points: number }>;

class HuntGround extends MeshGround {
  readonly hunts: Map<NodeId, Hunt>;
  /** What each node has heard open, in order. */
  readonly opened: Map<NodeId, OpenedEvent[]>;

  constructor() {
    const hunts = new Map<NodeId, Hunt>();
    const opened = new Map<NodeId, OpenedEvent[]>();
    super({
      files: [
        [GATEWAY, [{ ...bareFacts(1), openedAtMs: WORLD_MS - 3 * DAY_MS }]],
        [GATEWAY_2, [{ ...bareFacts(2), openedAtMs: WORLD_MS - 40 * DAY_MS }]],
      ],
      modules: () => [
        module("hunt", { activities: [hunt] }, (node) => {
          hunts.set(node.id, node.activity(hunt));
          node.activity(hunt).opened((event) => void opened.set(node.id, [...(opened.get(node.id) ?? []), event]));
        }),
      ],
    });
    this.hunts = hunts;
    this.opened = opened;
  }

  create(of: object = {}): void {
    const request = { id: "hunt", kind: "hunt", config: { prey: "boar" }, ...of };
    this.value(CROSS_CENTER, (port) => port.createActivity(request, ACTOR));
  }

  verb(change: { verb: "open" | "close" | "next" } | { verb: "edit"; config: unknown }): void {
    this.value(CROSS_CENTER, (port) => port.changeActivity({ id: "hunt" }, change, ACTOR));
  }

  report(from: NodeId, player: string, of: { points: number; key: string; term?: string }): string {
    const found = this.hunts.get(from);
    if (found === undefined) throw new Error(`${from} hosts no hunt`);
    const { points, key, term } = of;
    const report = { activity: "hunt", player, key, body: { points }, term };
    return this.within(from, () => found.report(report)).kind;
  }

  cut(a: NodeId, b: NodeId): () => void {
    const [one, other] = [a.replace(":", "-"), b.replace(":", "-")];
    this.network.cut(one, other);
    this.network.cut(other, one);
    return () => {
      this.network.heal(one, other);
      this.network.heal(other, one);
    };
  }

  async mails(id: NodeId): Promise<readonly string[]> {
    const rows = await this.disk(id).transaction((tx) => tx.all("SELECT player FROM mail ORDER BY player"));
    return rows.map((row) => String(row["player"]));
  }
}

describe("Events that were lost elsewhere", () => {
  test("a shard that was down at the broadcast", async () => {
    const ground = new HuntGround();
    ground.kill(GATEWAY_2);
    ground.kill(CENTER_2);
    ground.create({ open: true });
    ground.run(60_000);
    ground.start(CENTER_2);
    ground.start(GATEWAY_2);
    ground.settle();
    expect(ground.opened.get(CENTER_2)?.map(({ id, resumed }) => [id, resumed])).toEqual([["hunt", true]]);
    await ground.dispose();
  });

  test("a pull that failed and was never tried again", async () => {
    const ground = new HuntGround();
    ground.kill(CENTER_2);
    ground.create({ open: true });
    ground.run(5_000);
    // Its link comes up, and what it asks for over it is swallowed, again and again.
    ground.start(CENTER_2);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const heal = ground.cut(GATEWAY_2, CENTER_2);
      ground.run(40);
      heal();
      ground.run(15);
    }
    ground.settle();
    expect(ground.opened.get(CENTER_2)?.map(({ id }) => id)).toEqual(["hunt"]);
    await ground.dispose();
  });

  test("a late increment that overwrote a newer list", async () => {
    const ground = new HuntGround();
    ground.create();
    ground.settle();
    // Who is cut off keeps an old version, and says it late to a gateway that knows nothing any more.
    const heal = ground.cut(GATEWAY_2, CROSS_GATEWAY);
    for (const prey of ["wolf", "bear", "stag"]) ground.verb({ verb: "edit", config: { prey } });
    ground.kill(CROSS_GATEWAY);
    ground.kill(CROSS_CENTER);
    ground.start(CROSS_GATEWAY);
    heal();
    ground.run(10_000);
    ground.start(CROSS_CENTER);
    ground.settle();
    const held = [CENTER, CENTER_2, CROSS_GATEWAY].map((id) => ground.node(id).replica.view()[0]?.content?.config);
    expect(held).toEqual([{ prey: "stag" }, { prey: "stag" }, { prey: "stag" }]);
    expect(new Set(Object.values(ground.versions(TOPIC))).size).toBe(1);
    // Nor does a report that comes late count in a newer term.
    ground.verb({ verb: "open" });
    ground.settle();
    const old = ground.opened.get(CENTER)?.[0]?.term ?? "";
    for (const verb of ["close", "open"] as const) {
      ground.verb({ verb });
      ground.run(10_000);
    }
    expect(ground.report(CENTER, "ann", { points: 5, key: "late", term: old })).toBe("not_open");
    expect(ground.report(CENTER, "ann", { points: 3, key: "now" })).toBe("ok");
    const top = ground.within(CENTER_2, async () =>
      ground.hunts.get(CENTER_2)?.top({ activity: "hunt", ranking: "points", count: 9 }),
    );
    expect(top).toMatchObject({ kind: "ok", places: [{ subject: "ann", score: 3 }] });
    await ground.dispose();
  });

  test("`rewarded = true` written before the mails went out", async () => {
    const ground = new HuntGround();
    ground.create({ open: true });
    ground.settle();
    for (const [index, player] of ["ann", "bob", "cid"].entries()) {
      expect(ground.report(CENTER, player, { points: index, key: player })).toBe("ok");
    }
    // The term settles and pays while its players' shard is down, and the owner dies at every step of that.
    ground.kill(CENTER);
    ground.verb({ verb: "close" });
    for (let life = 0; life < 10; life += 1) {
      ground.kill(CROSS_CENTER);
      ground.start(CROSS_CENTER);
      ground.run(life * 7);
    }
    ground.run(10_000);
    expect(ground.node(CROSS_CENTER).replica.view()[0]?.phase).toBe("closed");
    expect(await ground.mails(CENTER)).toEqual([]);
    ground.start(CENTER);
    ground.run(30_000);
    expect(await ground.mails(CENTER)).toEqual(["ann", "bob", "cid"]);
    await ground.dispose();
  });

  test("groups that were read before they existed", async () => {
    const ground = new HuntGround();
    const bands = [{ fromDay: 1, toDay: 30 }, { fromDay: 31 }];
    const rule = { kind: "bands", bands, targetSize: 1, leastSize: 1 };
    // The owner has just started, and has not heard of any shard when the window opens.
    const opensAtMs = Math.trunc(ground.node(CROSS_CENTER).mesh.time.nowMs()) + 1;
    ground.create({ groups: rule, schedule: { kind: "once", opensAtMs, closesAtMs: opensAtMs + DAY_MS } });
    expect(ground.node(CROSS_CENTER).replica.view()[0]?.phase).toBe("scheduled");
    ground.run(5_000);
    ground.settle();
    // The first that a shard hears of a term has its groups, and they are those of the owner.
    const heard = [CENTER, CENTER_2].map((id) => ground.opened.get(id)?.map(({ group, groups }) => [group, groups]));
    const groups = [
      { name: "days-1-30", shards: [1] },
      { name: "days-31-up", shards: [2] },
    ];
    expect(heard).toEqual([[["days-1-30", groups]], [["days-31-up", groups]]]);
    await ground.dispose();
  });
});
