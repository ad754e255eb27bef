/**
 * The activity kind `world_boss`: the shards of a group fight one boss together. Nodes of a shard report the damage of
 * their players; the boss of each group loses as much, never more than it has; players are ranked by the damage that
 * counted. When the term settles, places get what the reward table says.
 */

import type { Module } from "kuafu";
import { activity, highest, module, v } from "kuafu";
import { mailsSchema, rewardOfPlace, tiersSchema } from "./place_rewards.ts";

export const HP_MAX = 1_000_000_000_000_000;
export const DAMAGE_MAX = 1_000_000_000_000;

const hp = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(HP_MAX));

export const worldBoss = activity("world_boss", {
  config: v.strictObject({
    /** Of the boss of each group. */
    hp,
    tiers: v.optional(tiersSchema, []),
    mails: v.optional(mailsSchema, {}),
  }),
  state: v.object({
    /** What the boss of a group has lost, by group. */
    lost: v.optional(v.record(v.string(), v.number()), {}),
    /** Whose hit was the last, by group. */
    slayer: v.optional(v.record(v.string(), v.string()), {}),
  }),
  phases: ["preview", "open", "settling", "reward", "show", "closed"],
  report: v.strictObject({ damage: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(DAMAGE_MAX)) }),
  rank: { damage: highest },
  /** Answers what counted of the damage, what the boss has left, and whether this hit was the last. */
  onReport(term, { player, group, body }) {
    const { lost, slayer } = term.state;
    const left = term.config.hp - (lost[group] ?? 0);
    const dealt = Math.min(body.damage, left);
    if (dealt > 0) {
      lost[group] = (lost[group] ?? 0) + dealt;
      term.ranking("damage").add(player, dealt);
      if (dealt === left) slayer[group] = player;
    }
    return { dealt, left: left - dealt, slain: dealt > 0 && dealt === left };
  },
  reward: (term, { place }) => rewardOfPlace(term.config, place),
});

export const worldBossModule: Module = module("world_boss", { activities: [worldBoss] }, () => {});
