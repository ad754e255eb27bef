/**
 * The modules that come with the runtime: every role hosts them, so that an activity of one of their kinds can be owned,
 * heard and reported to wherever a team's own could.
 */

import type { Module } from "kuafu";
import { arenaSeasonModule } from "./arena_season.ts";
import { playerBagModule } from "./player_bag.ts";
import { plainModule } from "./plain.ts";
import { shardContestModule } from "./shard_contest.ts";
import { worldBossModule } from "./world_boss.ts";

export const referenceModules: readonly Module[] = [
  playerBagModule,
  plainModule,
  worldBossModule,
  shardContestModule,
  arenaSeasonModule,
];
