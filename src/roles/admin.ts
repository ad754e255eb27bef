/**
 * Role `admin`: a window on the cluster that owns nothing.
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const admin: RoleSpec = {
  role: "admin",
  purpose: "a window on the cluster: serves the admin API and owns nothing",
  deathPolicy: undefined,
  parts: [],
  modules: referenceModules,
};
