/**
 * The activity kind `arena_season`: players of a group sign up, are matched by rating for duels, and are ranked by
 * rating when the season is over. A node of a shard reports that a player seeks a rival, and again until it is answered
 * with a duel, then fights it where it likes, and reports who won. Ratings follow Elo's formula.
 *
 * Bounds: SEEKING_MAX players seek and DUELS_MAX duels are under way in a group, and in all groups together as many as
 * ARENAS_SIZE_MAX has room for, about 1,500; a duel that is not reported within DUEL_TIME_MAX_MS is none any more, and
 * neither player has lost.
 */

import type { Module } from "kuafu";
import { activity, highest, module, Refusal, v } from "kuafu";
import { mailsSchema, rewardOfPlace, tiersSchema } from "./place_rewards.ts";

export const RATING_START = 1000;
/** What one duel can move a rating at most (Elo's K). */
export const RATING_STEP = 32;
/** How far apart two ratings may be at once; it widens by as much with every WIDEN_MS of waiting. */
export const RATING_DISTANCE = 100;
export const WIDEN_MS = 5_000;
/** A player who has not sought for so long does not seek any more. */
export const SEEK_TIME_MAX_MS = 60_000;
export const DUEL_TIME_MAX_MS = 600_000;
export const SEEKING_MAX = 500;
export const DUELS_MAX = 500;
/** Bytes, as `sizeOf` counts them: with 1,024 groups that nobody is in still less than the 256 KiB of a term's state. */
const ARENAS_SIZE_MAX = 144 * 1024;
/** What one who seeks, and a duel, take beside the names of their players. */
const SEEKING_SIZE = 64;
const DUEL_SIZE = 72;

const seeking = v.object({ player: v.string(), shard: v.number(), sinceMs: v.number(), seenMs: v.number() });
const duel = v.object({
  id: v.number(),
  players: v.tuple([v.string(), v.string()]),
  shards: v.tuple([v.number(), v.number()]),
  sinceMs: v.number(),
});
const arena = v.object({
  nextDuel: v.optional(v.number(), 1),
  seeking: v.optional(v.array(seeking), () => []),
  duels: v.optional(v.array(duel), () => []),
});

export type Arena = v.InferOutput<typeof arena>;
export type Duel = v.InferOutput<typeof duel>;

export const arenaSeason = activity("arena_season", {
  config: v.strictObject({ tiers: v.optional(tiersSchema, []), mails: v.optional(mailsSchema, {}) }),
  state: v.object({ arenas: v.optional(v.record(v.string(), arena), {}) }),
  phases: ["preview", "signup", "open", "settling", "reward", "show", "closed"],
  report: v.variant("type", [
    v.strictObject({ type: v.literal("seek") }),
    v.strictObject({ type: v.literal("give_up") }),
    v.strictObject({ type: v.literal("result"), duel: v.number(), winner: v.string() }),
  ]),
  rank: { rating: highest },
  onJoin(term, { player, group }) {
    term.ranking("rating", group).set(player, RATING_START);
  },
  /** `seek` answers the duel, or none yet; `result` the new rating. */
  onReport(term, { player, shard, group, body }) {
    const { arenas } = term.state;
    const here = (arenas[group] ??= { nextDuel: 1, seeking: [], duels: [] });
    const nowMs = term.nowMs;
    for (const one of Object.values(arenas)) forgetOld(one, nowMs);
    const rating = term.ranking("rating");
    const ratingOf = (of: string): number => rating.get(of) ?? RATING_START;
    switch (body.type) {
      case "seek":
        return { duel: seek(here, { player, shard, nowMs, ratingOf, isFull: sizeOf(arenas) >= ARENAS_SIZE_MAX }) };
      case "give_up":
        here.seeking = here.seeking.filter((other) => other.player !== player);
        return {};
      case "result": {
        const found = here.duels.find(({ id }) => id === body.duel);
        if (found === undefined || !found.players.includes(player)) throw new Refusal("there is no such duel");
        if (!found.players.includes(body.winner)) throw new Refusal("the winner is not in this duel");
        const [one, other] = found.players;
        const loser = body.winner === one ? other : one;
        const moved = ratingMove(ratingOf(body.winner), ratingOf(loser));
        rating.add(body.winner, moved);
        rating.add(loser, -moved);
        here.duels = here.duels.filter(({ id }) => id !== body.duel);
        return { rating: ratingOf(player) };
      }
    }
  },
  reward: (term, { place }) => rewardOfPlace(term.config, place),
});

export const arenaSeasonModule: Module = module("arena_season", { activities: [arenaSeason] }, () => {});

/** The duel of a player who seeks one: that which was found before, a new one, or none yet. Changes `here`. */
export function seek(
  here: Arena,
  by: {
    readonly player: string;
    readonly shard: number;
    readonly nowMs: number;
    readonly ratingOf: (player: string) => number;
    /** There is room for nobody else. */
    readonly isFull: boolean;
  },
): Duel | undefined {
  const { player, shard, nowMs, ratingOf, isFull } = by;
  const under = here.duels.find(({ players }) => players.includes(player));
  if (under !== undefined) return under;
  const own = here.seeking.find((other) => other.player === player);
  const sinceMs = own?.sinceMs ?? nowMs;
  const rival = here.seeking
    .filter((other) => other.player !== player)
    .map((other) => ({ other, distance: Math.abs(ratingOf(player) - ratingOf(other.player)) }))
    .filter(({ other, distance }) => distance <= reach(nowMs - Math.min(sinceMs, other.sinceMs)))
    .toSorted((a, b) => a.distance - b.distance || a.other.sinceMs - b.other.sinceMs)[0]?.other;
  if (rival === undefined || here.duels.length >= DUELS_MAX || isFull) {
    if (own !== undefined) own.seenMs = nowMs;
    else if (here.seeking.length >= SEEKING_MAX || isFull) throw new Refusal("too many players seek a duel: try again");
    else here.seeking.push({ player, shard, sinceMs, seenMs: nowMs });
    return undefined;
  }
  here.seeking = here.seeking.filter((other) => other.player !== player && other.player !== rival.player);
  const made: Duel = {
    id: here.nextDuel,
    players: [player, rival.player],
    shards: [shard, rival.shard],
    sinceMs: nowMs,
  };
  here.nextDuel += 1;
  here.duels.push(made);
  return made;
}

/** How far apart the ratings of two may be when one of them has waited so long. */
function reach(waitedMs: number): number {
  return RATING_DISTANCE * (1 + Math.floor(waitedMs / WIDEN_MS));
}

/** Elo: K times one less the chance that the winner had. At least 1. */
export function ratingMove(winner: number, loser: number): number {
  const chance = 1 / (1 + 10 ** ((loser - winner) / 400));
  return Math.max(1, Math.round(RATING_STEP * (1 - chance)));
}

function sizeOf(arenas: Readonly<Record<string, Arena>>): number {
  let size = 0;
  for (const { seeking: waiting, duels } of Object.values(arenas)) {
    for (const { player } of waiting) size += SEEKING_SIZE + player.length;
    for (const { players } of duels) size += DUEL_SIZE + players[0].length + players[1].length;
  }
  return size;
}

function forgetOld(here: Arena, nowMs: number): void {
  here.seeking = here.seeking.filter(({ seenMs }) => nowMs - seenMs <= SEEK_TIME_MAX_MS);
  here.duels = here.duels.filter(({ sinceMs }) => nowMs - sinceMs <= DUEL_TIME_MAX_MS);
}
