/**
 * The tables of a shard's player data, as migrations. They lie in a database of their own, which all `user` nodes of the
 * shard open: who of them may write a player's rows is decided by `epoch`, in the rows themselves.
 */

import type { MigrationSet } from "#store/migrations.ts";

export const PLAYER_MIGRATIONS: MigrationSet = {
  name: "player",
  migrations: [
    {
      name: "data",
      statements: [
        `CREATE TABLE player (
          player TEXT PRIMARY KEY,
          epoch BIGINT NOT NULL,
          version BIGINT NOT NULL,
          owner TEXT NOT NULL,
          capacity BIGINT NOT NULL,
          profile BYTEA NOT NULL,
          ledger_number BIGINT NOT NULL,
          created_at_ms BIGINT NOT NULL,
          changed_at_ms BIGINT NOT NULL
        )`,
        `CREATE TABLE player_item (
          player TEXT NOT NULL,
          item TEXT NOT NULL,
          count BIGINT NOT NULL,
          PRIMARY KEY (player, item)
        )`,
        `CREATE TABLE player_unique (
          player TEXT NOT NULL,
          id TEXT NOT NULL,
          item TEXT NOT NULL,
          bytes BYTEA NOT NULL,
          PRIMARY KEY (player, id)
        )`,
        `CREATE TABLE player_ledger (
          player TEXT NOT NULL,
          number BIGINT NOT NULL,
          at_ms BIGINT NOT NULL,
          version BIGINT NOT NULL,
          key TEXT NOT NULL,
          reason TEXT NOT NULL,
          subject TEXT NOT NULL,
          name TEXT NOT NULL,
          id TEXT NOT NULL,
          before_count BIGINT NOT NULL,
          after_count BIGINT NOT NULL,
          bytes BYTEA,
          PRIMARY KEY (player, number)
        )`,
        "CREATE INDEX player_ledger_age ON player_ledger (at_ms)",
        `CREATE TABLE player_key (
          player TEXT NOT NULL,
          key TEXT NOT NULL,
          reason TEXT NOT NULL,
          bytes BYTEA NOT NULL,
          expires_at_ms BIGINT,
          PRIMARY KEY (player, key)
        )`,
        "CREATE INDEX player_key_expiry ON player_key (expires_at_ms) WHERE expires_at_ms IS NOT NULL",
        "CREATE INDEX player_key_unsettled ON player_key (player, key) WHERE expires_at_ms IS NULL",
        `CREATE TABLE player_store (
          name TEXT PRIMARY KEY,
          id TEXT NOT NULL,
          is_confirmed BIGINT NOT NULL
        )`,
      ],
    },
  ],
};
