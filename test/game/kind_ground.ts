/**
 * An owner of one reference kind on a real store, two groups of shards, and every reward that it issues in a list.
 */

import type { ActivityOwner } from "#activity/owner.ts";
import type { ReportOutcome } from "#activity/reports/report_outcome.ts";
import type { Reward } from "#delivery/reward.ts";
import type { ActivityKind } from "#module/activity_kind.ts";
import type { World } from "../activity/fixture.ts";
import { makeWorld, settle, viewIn } from "../activity/fixture.ts";
import { KnownFacts } from "../activity/known_facts.ts";
import { kindsOf } from "../activity/ranked_kinds.ts";

export const GROUPS = {
  kind: "lists" as const,
  groups: [
    { name: "east", shards: [1, 2] },
    { name: "west", shards: [3] },
  ],
};

export class KindGround {
  readonly world: World;
  readonly rewards: Reward[] = [];
  #owner: ActivityOwner | undefined;
  #keys = 0;

  private constructor(world: World, rewards: Reward[]) {
    this.world = world;
    this.rewards = rewards;
  }

  /** An open term, or one that takes sign-ups first. */
  static async make(kind: ActivityKind, config: unknown): Promise<KindGround> {
    const rewards: Reward[] = [];
    const shards = new KnownFacts();
    for (const shard of [1, 2, 3]) shards.opened(shard, 0);
    const sink = {
      issue: async (_: unknown, issued: readonly Reward[]) => void rewards.push(...issued),
      wake: () => {},
    };
    const world = await makeWorld({ kinds: kindsOf(kind), shards, rewards: sink });
    const ground = new KindGround(world, rewards);
    ground.#owner = await world.begin();
    viewIn(await ground.owner.create({ id: "it", kind: kind.name, config, groups: GROUPS, open: true }));
    return ground;
  }

  get owner(): ActivityOwner {
    if (this.#owner === undefined) throw new Error("no owner");
    return this.#owner;
  }

  async join(shard: number, player: string): Promise<ReportOutcome> {
    return await this.owner.reports.take({ kind: "join", shard, request: { activity: "it", player } });
  }

  /** Under a key of its own. */
  async report(shard: number, player: string, body: unknown): Promise<ReportOutcome> {
    this.#keys += 1;
    const request = { activity: "it", player, key: `k${this.#keys}`, body };
    return await this.owner.reports.take({ kind: "report", shard, request });
  }

  /** What the hook has answered. */
  async reply(shard: number, player: string, body: unknown): Promise<unknown> {
    const outcome = await this.report(shard, player, body);
    return outcome.kind === "ok" ? outcome.reply : outcome;
  }

  /** "player:score", from the first place on. */
  async top(ranking: string, group: string): Promise<readonly string[]> {
    const top = await this.owner.rankings.top({ activity: "it", ranking, group, shard: 0, offset: 0, count: 100 });
    if (top.kind !== "ok") throw new Error(`${top.kind}: ${top.detail}`);
    return top.places.map(({ subject, score }) => `${subject}:${score}`);
  }

  /** The term over, all rewards issued: "group player shard tier title", in the order of issue. */
  async settle(): Promise<readonly string[]> {
    viewIn(await this.owner.close("it"));
    for (let turn = 0; turn < 50 && this.owner.get("it")?.phase !== "closed"; turn += 1) {
      this.world.clock.advance(1_000);
      await settle();
    }
    return this.rewards.map(({ key, shard, mail }) => {
      return `${key.group} ${key.player} ${shard} ${key.tier} ${mail?.title ?? "held"}`;
    });
  }
}
