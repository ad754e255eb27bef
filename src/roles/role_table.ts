/**
 * All roles, by name.
 */

import type { RoleSpec } from "#module/role_spec.ts";
import type { Role } from "#wire/role.ts";
import { admin } from "./admin.ts";
import { center } from "./center.ts";
import { crossCenter } from "./cross_center.ts";
import { crossGateway } from "./cross_gateway.ts";
import { crossMap } from "./cross_map.ts";
import { gateway } from "./gateway.ts";
import { map } from "./map.ts";
import { statistic } from "./statistic.ts";
import { user } from "./user.ts";

export const ROLE_TABLE: Readonly<Record<Role, RoleSpec>> = {
  gateway,
  user,
  center,
  map,
  cross_gateway: crossGateway,
  cross_center: crossCenter,
  cross_map: crossMap,
  statistic,
  admin,
};
