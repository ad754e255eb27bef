/**
 * The tables of an outbox, as migrations. Each row of `outbox` is one reward; `outbox_term` counts them per owner, shard
 * and term, so that nothing that is asked often walks the rows. A row is in exactly one of the three partial indexes.
 */

import type { MigrationSet } from "#store/migrations.ts";

export const OUTBOX_MIGRATIONS: MigrationSet = {
  name: "outbox",
  migrations: [
    {
      name: "rewards_by_key",
      statements: [
        "CREATE TABLE outbox_owner (owner TEXT PRIMARY KEY, next_sequence BIGINT NOT NULL)",
        `CREATE TABLE outbox (
          owner TEXT NOT NULL,
          activity TEXT NOT NULL,
          term TEXT NOT NULL,
          group_name TEXT NOT NULL,
          ranking TEXT NOT NULL,
          player TEXT NOT NULL,
          tier TEXT NOT NULL,
          sequence BIGINT NOT NULL,
          shard BIGINT NOT NULL,
          state TEXT NOT NULL,
          mail BYTEA,
          held_why TEXT,
          issued_at_ms BIGINT NOT NULL,
          acked_at_ms BIGINT,
          PRIMARY KEY (owner, activity, term, group_name, ranking, player, tier)
        )`,
        "CREATE INDEX outbox_pending ON outbox (owner, shard, sequence) WHERE state = 'pending'",
        "CREATE INDEX outbox_held ON outbox (owner, activity, term, sequence) WHERE state = 'held'",
        "CREATE INDEX outbox_acknowledged ON outbox (owner, shard, activity, term) WHERE state = 'acknowledged'",
        `CREATE TABLE outbox_term (
          owner TEXT NOT NULL,
          shard BIGINT NOT NULL,
          activity TEXT NOT NULL,
          term TEXT NOT NULL,
          pending BIGINT NOT NULL,
          held BIGINT NOT NULL,
          acknowledged BIGINT NOT NULL,
          key_sum TEXT NOT NULL,
          pending_since_ms BIGINT,
          acked_at_ms BIGINT,
          conflicting BIGINT NOT NULL,
          conflicted_at_ms BIGINT,
          PRIMARY KEY (owner, shard, activity, term)
        )`,
        "CREATE INDEX outbox_term_pending ON outbox_term (owner, shard) WHERE pending > 0",
        "CREATE INDEX outbox_term_held ON outbox_term (owner, activity) WHERE held > 0",
        "CREATE INDEX outbox_term_conflicting ON outbox_term (owner, activity) WHERE conflicting > 0",
      ],
    },
    {
      name: "delivered_terms_by_age",
      statements: [
        `CREATE INDEX outbox_term_delivered ON outbox_term (owner, acked_at_ms DESC, shard, activity, term)
          WHERE pending = 0 AND held = 0`,
      ],
    },
  ],
};
