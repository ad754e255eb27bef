/**
 * Role `cross_center`: owns activities, and what is matched and settled across shards
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const crossCenter: RoleSpec = {
  role: "cross_center",
  purpose: "owns activities, and what is matched and settled across shards",
  deathPolicy: undefined,
  parts: ["activities"],
  modules: referenceModules,
};
