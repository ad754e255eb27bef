/**
 * What rewards cost without Kuafu: the same rows in the same tables and batches with bare bun:sqlite and prepared
 * statements. No checks, no counts per term, no comparison.
 */

import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { INBOX_MIGRATIONS } from "#delivery/inbox_schema.ts";
import { BATCH_ROWS_MAX } from "#delivery/outbox_batch.ts";
import { OUTBOX_MIGRATIONS } from "#delivery/outbox_schema.ts";
import { packBody } from "#wire/body.ts";
import type { MigrationSet } from "#store/migrations.ts";
import type { Took } from "./rewards_bench.ts";
import { ISSUED_AT_ONCE, REWARDS, rewardsOf, SHARDS } from "./rewards_bench.ts";

const OWNER = "cross_center:1";

function open(path: string, set: MigrationSet): Database {
  const db = new Database(path, { create: true, strict: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  for (const { statements } of set.migrations) for (const statement of statements) db.run(statement);
  return db;
}

export function bareRewards(folder: string): Took {
  mkdirSync(folder, { recursive: true });
  const owner = open(join(folder, "owner.sqlite"), OUTBOX_MIGRATIONS);
  const centers = Array.from({ length: SHARDS }, (_, index) =>
    open(join(folder, `center_${index + 1}.sqlite`), INBOX_MIGRATIONS),
  );
  const startMs = performance.now();
  const insert = owner.prepare(
    "INSERT INTO outbox (owner, activity, term, group_name, ranking, player, tier, sequence, shard, state, mail, issued_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)",
  );
  for (let from = 0; from < REWARDS; from += ISSUED_AT_ONCE) {
    owner.run("BEGIN IMMEDIATE");
    for (const [index, { key, shard, mail }] of rewardsOf(from, ISSUED_AT_ONCE).entries()) {
      const { activity, term, group, ranking, player, tier } = key;
      const bytes = packBody(mail).slice();
      insert.run(OWNER, activity, term, group, ranking, player, tier, from + index + 1, shard, bytes, startMs);
    }
    owner.run("COMMIT");
  }
  const issuedMs = performance.now();
  const acknowledge = owner.prepare(
    "UPDATE outbox SET state = 'acknowledged', acked_at_ms = ? WHERE owner = ? AND shard = ? AND state = 'pending' AND sequence = ?",
  );
  const take = owner.prepare<Row, [string, number, number]>(
    "SELECT * FROM outbox WHERE owner = ? AND shard = ? AND state = 'pending' ORDER BY sequence LIMIT ?",
  );
  for (const [index, db] of centers.entries()) deliver({ owner, db, shard: index + 1, take, acknowledge });
  const endMs = performance.now();
  for (const db of [owner, ...centers]) db.close();
  return { issueMs: issuedMs - startMs, deliverMs: endMs - issuedMs };
}

interface Row {
  readonly activity: string;
  readonly term: string;
  readonly group_name: string;
  readonly ranking: string;
  readonly player: string;
  readonly tier: string;
  readonly sequence: number;
  readonly mail: Uint8Array;
}

function deliver(of: {
  readonly owner: Database;
  readonly db: Database;
  readonly shard: number;
  readonly take: { all(owner: string, shard: number, limit: number): Row[] };
  readonly acknowledge: { run(...values: (string | number)[]): unknown };
}): void {
  const { owner, db, shard, take, acknowledge } = of;
  const inbox = db.prepare(
    "INSERT INTO inbox (activity, term, group_name, ranking, player, tier, shard, applied_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
  );
  const mail = db.prepare("INSERT INTO mail (player, written_at_ms, id, bytes, expires_at_ms) VALUES (?, 1, ?, ?, 2)");
  for (;;) {
    const rows = take.all(OWNER, shard, BATCH_ROWS_MAX);
    if (rows.length === 0) return;
    db.run("BEGIN IMMEDIATE");
    for (const row of rows) {
      inbox.run(row.activity, row.term, row.group_name, row.ranking, row.player, row.tier, shard);
      mail.run(row.player, String(row.sequence).padStart(32, "0"), row.mail);
    }
    db.run("COMMIT");
    owner.run("BEGIN IMMEDIATE");
    for (const { sequence } of rows) acknowledge.run(1, OWNER, shard, sequence);
    owner.run("COMMIT");
  }
}
