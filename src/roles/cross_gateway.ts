/**
 * Role `cross_gateway`: the router between shards and the cross tier; relays what all of them must know
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const crossGateway: RoleSpec = {
  role: "cross_gateway",
  purpose: "the router between shards and the cross tier; relays what all of them must know",
  deathPolicy: undefined,
  parts: [],
  modules: referenceModules,
};
