/**
 * Role `map`: scenes and instances of a shard with their combat
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const map: RoleSpec = {
  role: "map",
  purpose: "scenes and instances of a shard with their combat",
  deathPolicy: "exit",
  parts: ["logins"],
  modules: referenceModules,
};
