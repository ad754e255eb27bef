/**
 * Role `statistic`: event log, online curve and daily figures of the whole cluster
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const statistic: RoleSpec = {
  role: "statistic",
  purpose: "event log, online curve and daily figures of the whole cluster",
  deathPolicy: undefined,
  parts: [],
  modules: referenceModules,
};
