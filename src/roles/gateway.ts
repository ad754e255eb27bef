/**
 * Role `gateway`: the shard's router: its nodes link to it, players come in through it
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const gateway: RoleSpec = {
  role: "gateway",
  purpose: "the shard's router: its nodes link to it, players come in through it",
  deathPolicy: undefined,
  parts: ["sessions"],
  modules: referenceModules,
};
