/**
 * Role `cross_map`: scenes in which players of several shards meet
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const crossMap: RoleSpec = {
  role: "cross_map",
  purpose: "scenes in which players of several shards meet",
  deathPolicy: undefined,
  parts: [],
  modules: referenceModules,
};
