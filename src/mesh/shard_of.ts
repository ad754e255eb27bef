/**
 * The numbering convention: of a role that a shard has once the number is the shard's, of one it has several
 * of it is shard * 100 + k. A config may say otherwise, so this only spares a hop; it decides nothing alone.
 */

import type { NodeKey } from "#wire/role.ts";
import { NUMBER_EVERY, numberOfKey, roleOfKey, tierOf } from "#wire/role.ts";

/** The shard that the convention gives this id, or 0 when it has none. */
export function conventionalShard(key: NodeKey): number {
  const role = roleOfKey(key);
  if (role === undefined || tierOf(role) !== "shard") return 0;
  const number = numberOfKey(key);
  if (number === NUMBER_EVERY) return 0;
  return role === "gateway" || role === "center" ? number : Math.floor(number / 100);
}
