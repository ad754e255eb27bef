/**
 * What the durable hooks of a center have done, as rows: one per module, term and phase, and since when this store
 * counts. Functions over a transaction.
 */

import type { MigrationSet } from "#store/migrations.ts";
import { integerOf, textOf } from "#store/row.ts";
import type { Tx } from "#store/store.ts";

/** A row that nobody has asked for in so long is dropped at a start. */
export const ONCE_KEPT_MS = 400 * 24 * 3600 * 1000;

export const ONCE_MIGRATIONS: MigrationSet = {
  name: "activity_once",
  migrations: [
    {
      name: "done_and_since",
      statements: [
        `CREATE TABLE activity_once (
          module TEXT NOT NULL,
          topic TEXT NOT NULL,
          term TEXT NOT NULL,
          phase TEXT NOT NULL,
          done_at_ms BIGINT NOT NULL,
          PRIMARY KEY (module, topic, term, phase)
        )`,
        "CREATE TABLE activity_once_since (id BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL)",
      ],
    },
  ],
};

export interface OnceKey {
  readonly module: string;
  /** Of the activity. */
  readonly topic: string;
  readonly term: string;
  readonly phase: string;
}

/** Since when this store counts; `nowMs` when it is new. Drops what is older than ONCE_KEPT_MS. */
export async function readOnce(
  tx: Tx,
  nowMs: number,
): Promise<{ readonly sinceMs: number; readonly done: readonly OnceKey[] }> {
  await tx.run("INSERT INTO activity_once_since (id, at_ms) VALUES (1, ?) ON CONFLICT (id) DO NOTHING", [nowMs]);
  const since = await tx.get("SELECT at_ms FROM activity_once_since WHERE id = 1");
  await tx.run("DELETE FROM activity_once WHERE done_at_ms < ?", [nowMs - ONCE_KEPT_MS]);
  const rows = await tx.all("SELECT module, topic, term, phase FROM activity_once ORDER BY module, topic, term, phase");
  return {
    sinceMs: since === undefined ? nowMs : integerOf(since, "at_ms"),
    done: rows.map((row) => ({
      module: textOf(row, "module"),
      topic: textOf(row, "topic"),
      term: textOf(row, "term"),
      phase: textOf(row, "phase"),
    })),
  };
}

export async function writeOnce(tx: Tx, { module, topic, term, phase }: OnceKey, atMs: number): Promise<void> {
  await tx.run(
    `INSERT INTO activity_once (module, topic, term, phase, done_at_ms) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (module, topic, term, phase) DO NOTHING`,
    [module, topic, term, phase, atMs],
  );
}
