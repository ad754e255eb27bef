/**
 * Role `user`: player data of a shard: profile, bag, progress
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const user: RoleSpec = {
  role: "user",
  purpose: "player data of a shard: profile, bag, progress",
  deathPolicy: "exit",
  parts: ["logins", "player_data"],
  modules: referenceModules,
};
