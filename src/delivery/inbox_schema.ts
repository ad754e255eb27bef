/**
 * The tables of an inbox and of the mails that it writes, as migrations. `inbox` has one row per reward that was
 * applied; `inbox_term` counts and sums them per shard and term. No number in them is given out by the store they are in,
 * so that the rows of a merged shard move along by being copied.
 */

import type { MigrationSet } from "#store/migrations.ts";

export const INBOX_MIGRATIONS: MigrationSet = {
  name: "inbox",
  migrations: [
    {
      name: "keys_and_mails",
      statements: [
        `CREATE TABLE inbox (
          activity TEXT NOT NULL,
          term TEXT NOT NULL,
          group_name TEXT NOT NULL,
          ranking TEXT NOT NULL,
          player TEXT NOT NULL,
          tier TEXT NOT NULL,
          shard BIGINT NOT NULL,
          applied_at_ms BIGINT NOT NULL,
          PRIMARY KEY (activity, term, group_name, ranking, player, tier)
        )`,
        `CREATE TABLE inbox_term (
          shard BIGINT NOT NULL,
          activity TEXT NOT NULL,
          term TEXT NOT NULL,
          owner TEXT NOT NULL,
          applied BIGINT NOT NULL,
          key_sum TEXT NOT NULL,
          applied_at_ms BIGINT NOT NULL,
          PRIMARY KEY (shard, activity, term)
        )`,
        "CREATE INDEX inbox_term_age ON inbox_term (owner, applied_at_ms)",
        `CREATE TABLE mail (
          player TEXT NOT NULL,
          written_at_ms BIGINT NOT NULL,
          id TEXT NOT NULL,
          bytes BYTEA NOT NULL,
          expires_at_ms BIGINT,
          PRIMARY KEY (player, written_at_ms, id)
        )`,
        "CREATE INDEX mail_expiry ON mail (expires_at_ms) WHERE expires_at_ms IS NOT NULL",
      ],
    },
    { name: "claims", statements: ["ALTER TABLE mail ADD COLUMN claimed_at_ms BIGINT"] },
  ],
};
