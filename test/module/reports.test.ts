/**
 * Reports from the centers of two shards to the owner of an activity, its rankings, its settlement, and the mails that
 * its places get: whole nodes on the simulator, with disks that outlive them.
 */

import { describe, expect, test } from "#test";
import { highest } from "#activity/ranks/rank_order.ts";
import { REPORT_BODY_SIZE_MAX } from "#activity/reports/report_outcome.ts";
import { Refusal } from "#activity/reports/refusal.ts";
import { ReportContract } from "#activity/reports/report_contract.ts";
import { activity } from "#module/activity_kind.ts";
import { module } from "#module/module.ts";
import type { ActivityListener } from "#module/module_node.ts";
import type { ReportOutcome } from "#module/shard_activity.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { NodeId } from "#wire/role.ts";
import * as v from "valibot";
import { CENTER, CENTER_2, CROSS_CENTER, CROSS_GATEWAY, MeshGround } from "../admin/mesh_ground.ts";

const raid = activity("raid", {
  config: v.object({ hp: v.number() }),
  state: v.object({ dealt: v.optional(v.number(), 0) }),
  phases: ["open", "settling", "reward", "show", "closed"],
  report: v.object({ damage: v.number() }),
  rank: { damage: highest },
  onReport: (term, { player, body }) => {
    if (term.state.dealt >= term.config.hp) throw new Refusal("the boss is dead");
    term.state.dealt += body.damage;
    term.ranking("damage").add(player, body.damage);
    return { left: term.config.hp - term.state.dealt };
  },
  reward: (term, { place, score }) => ({
    tier: `place_${place}`,
    mail: { title: `place ${place}`, text: `${score} of ${term.config.hp}`, items: [] },
  }),
});

type Raid = ActivityListener<{ hp: number }, { damage: number }>;

class RaidGround extends MeshGround {
  readonly raids: Map<NodeId, Raid>;
  /** "center:1 open", for each version that a node has applied. */
  readonly applied: string[];

  constructor() {
    const raids = new Map<NodeId, Raid>();
    const applied: string[] = [];
    const modules = () => [
      module("raid", { activities: [raid] }, (node) => {
        raids.set(node.id, node.activity(raid));
        node.activity(raid).applied(({ phase }) => void applied.push(`${node.id} ${phase}`));
      }),
    ];
    super({ modules });
    this.raids = raids;
    this.applied = applied;
    this.value(CROSS_CENTER, (port) =>
      port.createActivity({ id: "raid", kind: "raid", config: { hp: 100 }, open: true }, { who: "a", remote: "b" }),
    );
    this.run(2_000);
  }

  raid(id: NodeId): Raid {
    const found = this.raids.get(id);
    if (found === undefined) throw new Error(`${id} hosts no raid`);
    return found;
  }

  report(from: NodeId, player: string, damage: number, key = `${player}:${damage}`): ReportOutcome {
    return this.within(from, () => this.raid(from).report({ activity: "raid", player, key, body: { damage } }));
  }

  verb(verb: "next" | "open"): void {
    this.value(CROSS_CENTER, (port) => port.changeActivity({ id: "raid" }, { verb }, { who: "a", remote: "b" }));
  }
}

describe("Reports over the mesh", () => {
  test("reach the owner from every shard, and come back with the standing; anybody may look", async () => {
    const ground = new RaidGround();
    expect(ground.report(CENTER, "ada", 10)).toEqual({
      kind: "ok",
      reply: { left: 90 },
      group: "all",
      standings: [{ ranking: "damage", score: 10, place: 1 }],
    });
    expect(ground.report(CENTER_2, "bob", 20)).toMatchObject({ reply: { left: 70 }, standings: [{ place: 1 }] });
    const question = { activity: "raid", ranking: "damage" };
    const standing = ground.within(CENTER_2, () => ground.raid(CENTER_2).standing({ ...question, player: "ada" }));
    expect(standing).toMatchObject({ kind: "ok", count: 2, standing: { place: 2, score: 10, shard: 1 } });
    const top = ground.within(CENTER, () => ground.raid(CENTER).top({ ...question, count: 10 }));
    expect(top).toMatchObject({ kind: "ok", settled: undefined, count: 2 });
    expect(top.kind === "ok" && top.places.map(({ place, subject, shard }) => `${place} ${subject} ${shard}`)).toEqual([
      "1 bob 2",
      "2 ada 1",
    ]);
    await ground.dispose();
  });

  test("the shard of a report is that of the node that calls; a node of no shard may not report", async () => {
    const ground = new RaidGround();
    const report = { activity: "raid", player: "eve", key: "k", body: { damage: 1 } };
    expect(() => ground.call(CENTER_2, ReportContract.report, { ...report, shard: 1 } as never, CROSS_CENTER)).toThrow(
      "INVALID",
    );
    expect(ground.call(CENTER_2, ReportContract.report, report, CROSS_CENTER)).toMatchObject({ kind: "ok" });
    const { standing } = ground.call(
      CENTER,
      ReportContract.standing,
      { activity: "raid", ranking: "damage", player: "eve" },
      CROSS_CENTER,
    ) as { standing?: { shard: number } };
    expect(standing?.shard).toBe(2);
    expect(ground.call(CROSS_GATEWAY, ReportContract.report, { ...report, key: "l" }, CROSS_CENTER)).toEqual({
      kind: "no_group",
      detail: "cross_gateway:1 is of no shard: reports and joins come from nodes of shards",
    });
    expect(ground.report(CENTER, "ada", 1, "k")).toMatchObject({ kind: "invalid", issues: [{ path: "key" }] });
    const other = { activity: "other", player: "ada", key: "k", body: { damage: 1 } };
    expect(ground.within(CENTER, () => ground.raid(CENTER).report(other))).toEqual({
      kind: "not_found",
      detail: 'no activity "other" of the kind "raid" is known here',
    });
    await ground.dispose();
  });

  test("a body beyond the limit is invalid with its size, and is not waited for", async () => {
    const ground = new RaidGround();
    const body = { damage: 1, note: "x".repeat(REPORT_BODY_SIZE_MAX) };
    const request = { activity: "raid", player: "ada", key: "big", body };
    const answer = ground.call(CENTER, ReportContract.report, request, CROSS_CENTER);
    expect(answer).toMatchObject({
      kind: "invalid",
      issues: [{ path: "body", message: `found ${REPORT_BODY_SIZE_MAX + 17} bytes; allowed: ${REPORT_BODY_SIZE_MAX}` }],
    });
    await ground.dispose();
  });

  test("a report whose answer was lost with its owner is asked again, and counts once", async () => {
    const ground = new RaidGround();
    expect(ground.report(CENTER, "ada", 10)).toMatchObject({ kind: "ok" });
    ground.kill(CROSS_CENTER);
    expect(() => ground.report(CENTER, "ada", 5)).toThrow();
    ground.start(CROSS_CENTER);
    ground.run(10_000);
    for (const damage of [10, 5, 5]) expect(ground.report(CENTER, "ada", damage)).toMatchObject({ kind: "ok" });
    expect(ground.report(CENTER, "ada", 0, "look")).toMatchObject({ standings: [{ score: 15 }], reply: { left: 85 } });
    await ground.dispose();
  });

  test("of reports that are sent while the owner is killed over and over none is lost or doubled", async () => {
    const ground = new RaidGround();
    let answered = 0;
    for (let round = 0; round < 12; round += 1) {
      const running = ground.raid(CENTER);
      const report = { activity: "raid", player: "ada", key: `r${round}`, body: { damage: 1 } };
      const ask = (): boolean => {
        try {
          return ground.within(CENTER, () => running.report(report, { timeoutMs: 2_000 })).kind === "ok";
        } catch (error) {
          if (!isCallError(error)) throw error;
          return false;
        }
      };
      ground.within(CENTER, async () => {
        // Nobody hears how this one ends: it is under way when its owner is killed.
        void running.report(report, { timeoutMs: 500 }).catch(() => undefined);
      });
      ground.run(round * 0.5);
      ground.kill(CROSS_CENTER);
      ground.start(CROSS_CENTER);
      while (!ask()) ground.run(1_000);
      answered += 1;
    }
    expect(ground.report(CENTER, "ada", 0, "look")).toMatchObject({ standings: [{ score: answered }] });
    await ground.dispose();
  });

  test("a settled raid pays every place once, each to the shard that its player reported from", async () => {
    const ground = new RaidGround();
    for (let player = 0; player < 20; player += 1)
      ground.report(player % 2 === 0 ? CENTER : CENTER_2, `p${player}`, player);
    ground.verb("next");
    ground.run(5_000);
    ground.kill(CROSS_CENTER);
    ground.start(CROSS_CENTER);
    ground.run(60_000);
    const phase = ground.value(CROSS_CENTER, (port) => port.activity({ id: "raid" })).phase;
    expect(phase).toBe("closed");
    const places = async (id: NodeId): Promise<string[]> => {
      const rows = await ground.disk(id).transaction((tx) => tx.all("SELECT player FROM mail ORDER BY player"));
      return rows.map((row) => String(row["player"]));
    };
    // The boss is dead after the first fifteen.
    const players = Array.from({ length: 15 }, (_, index) => index);
    const expected = (odd: number): string[] =>
      players.flatMap((player) => (player % 2 === odd ? [`p${player}`] : [])).toSorted();
    expect([await places(CENTER), await places(CENTER_2)]).toEqual([expected(0), expected(1)]);
    expect(ground.node(CROSS_CENTER).alarms.all()).toEqual([]);
    expect(ground.report(CENTER, "late", 1)).toMatchObject({ kind: "not_open", phase: "closed", allowed: ["open"] });
    await ground.dispose();
  });

  test("operators see a page of a ranking, from any node, with its digest once it is settled", async () => {
    const ground = new RaidGround();
    for (const [player, damage] of [
      ["ada", 10],
      ["bob", 30],
      ["cay", 20],
    ] as const)
      ground.report(CENTER, player, damage);
    const page = (query: string) => ground.http(CENTER_2, `GET /api/activities/raid/ranking?${query}`);
    expect(page("ranking=damage&offset=1&limit=1")).toEqual({
      status: 200,
      body: {
        owner: "cross_center:1",
        term: expect.stringMatching(/^[0-9a-f]{32}$/),
        group: "all",
        groups: ["all"],
        count: 3,
        places: [{ place: 2, subject: "cay", score: 20, atMs: expect.any(Number), shard: 1 }],
      },
    });
    const wrong = page("ranking=speed");
    expect([wrong.status, wrong.body]).toMatchObject([422, { issues: [{ path: "?ranking" }] }]);
    expect(page("ranking=damage&group=north").status).toBe(422);
    ground.verb("next");
    ground.run(5_000);
    expect(page("ranking=damage")).toMatchObject({
      body: { count: 3, settled: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    await ground.dispose();
  });

  test("a shard hears of every version that it has applied", async () => {
    const ground = new RaidGround();
    ground.verb("next");
    ground.run(20_000);
    const heard = ground.applied.filter((line) => line.startsWith("center:2"));
    expect([heard[0], heard.at(-1)]).toEqual(["center:2 open", "center:2 closed"]);
    await ground.dispose();
  });
});
