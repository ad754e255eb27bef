/**
 * The activity kind `shard_contest`: the shards of a group compete. Nodes of a shard report points of their players; they
 * count for the player and for the shard. When the term settles, each player who has enough points of his own gets what
 * the place of his shard earns.
 */

import type { Module } from "kuafu";
import { activity, highest, module, v } from "kuafu";
import { mailsSchema, rewardOfPlace, tiersSchema } from "./place_rewards.ts";

export const POINTS_MAX = 1_000_000_000;

const points = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(POINTS_MAX));

export const shardContest = activity("shard_contest", {
  config: v.strictObject({
    /** What a player needs to share in what his shard earns. */
    leastPoints: v.optional(points, 1),
    /** By the place of the shard in its group. */
    tiers: v.optional(tiersSchema, []),
    mails: v.optional(mailsSchema, {}),
  }),
  phases: ["preview", "open", "settling", "reward", "show", "closed"],
  report: v.strictObject({ points }),
  rank: { shards: highest, players: highest },
  onReport(term, { player, shard, body }) {
    term.ranking("players").add(player, body.points);
    term.ranking("shards").add(shardSubject(shard), body.points);
  },
  reward(term, { ranking, group, shard, score }) {
    if (ranking !== "players" || score < term.config.leastPoints) return undefined;
    const place = term.ranking("shards", group).placeOf(shardSubject(shard));
    return place === undefined ? undefined : rewardOfPlace(term.config, place);
  },
});

export const shardContestModule: Module = module("shard_contest", { activities: [shardContest] }, () => {});

/** What the ranking `shards` calls a shard. */
export function shardSubject(shard: number): string {
  return `shard:${shard}`;
}
