/**
 * Role `admin`: a window on the cluster that owns nothing.
 */

import { plainModule } from "#game/plain.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const admin: RoleSpec = {
  role: "admin",
  purpose: "a window on the cluster: serves the admin API and owns nothing",
  deathPolicy: undefined,
  parts: [],
  modules: [plainModule],
};
