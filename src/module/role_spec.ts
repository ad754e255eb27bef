/**
 * What a role is made of, as data: roles/ has one value of it per role.
 */

import type { DeathPolicy } from "#mesh/death_watch.ts";
import type { Role } from "#wire/role.ts";
import type { Module } from "./module.ts";

/**
 * Parts of the runtime that a node hosts beside its modules.
 *   sessions    holds the players' sessions of a shard and tells the other nodes
 *   logins      believes what the shard's gateway says of who is logged in
 *   activities  owns activities: persists, opens, closes and publishes them, and sends their rewards
 *   inbox       takes the rewards of a shard, each once, and keeps its mails
 *   player_data owns the data of the players that are its own: profile, bag, ledger
 */
export type RolePart = "sessions" | "logins" | "activities" | "inbox" | "player_data";

export interface RoleSpec {
  readonly role: Role;
  /** One sentence, for `--help` and the documentation. */
  readonly purpose: string;
  /** What it does when its shard's gateway dies; undefined: it follows none. */
  readonly deathPolicy: DeathPolicy | undefined;
  readonly parts: readonly RolePart[];
  /** Modules that come with the runtime. */
  readonly modules: readonly Module[];
}
