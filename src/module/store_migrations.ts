/**
 * The tables of a node's store, whatever its role: one list, so that a store is one whoever opens it.
 */

import { ACTIVITY_MIGRATIONS } from "#activity/activity_table.ts";
import { ONCE_MIGRATIONS } from "#activity/once_table.ts";
import { SHARD_FACT_MIGRATIONS } from "#activity/shards/shard_fact_table.ts";
import { INBOX_MIGRATIONS } from "#delivery/inbox_schema.ts";
import { OUTBOX_MIGRATIONS } from "#delivery/outbox_schema.ts";
import { PLAYER_MIGRATIONS } from "#player/player_schema.ts";
import { SHARD_STORE_MIGRATIONS } from "#player/shard_store.ts";
import { AUDIT_MIGRATIONS } from "#store/audit_log.ts";
import type { MigrationSet } from "#store/migrations.ts";
import type { RolePart } from "./role_spec.ts";

export const STORE_MIGRATIONS: readonly MigrationSet[] = [
  ACTIVITY_MIGRATIONS,
  SHARD_FACT_MIGRATIONS,
  OUTBOX_MIGRATIONS,
  INBOX_MIGRATIONS,
  ONCE_MIGRATIONS,
  AUDIT_MIGRATIONS,
  SHARD_STORE_MIGRATIONS,
];

/** The tables of the store that the `user` nodes of a shard share. */
export const PLAYER_STORE_MIGRATIONS: readonly MigrationSet[] = [PLAYER_MIGRATIONS];

/** Does a node with these parts own data? */
export function needsStore(parts: readonly RolePart[]): boolean {
  return parts.includes("activities") || parts.includes("inbox");
}

/** Does it own players' data? */
export function needsPlayerStore(parts: readonly RolePart[]): boolean {
  return parts.includes("player_data");
}
