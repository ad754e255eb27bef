/**
 * What a cross_center has heard of shards, as rows: one per shard and gateway that spoke of it. Functions over a
 * transaction; the node that owns the store is the only one that writes, and hears everything again when it can.
 */

import type { MigrationSet } from "#store/migrations.ts";
import { integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import { parseNodeId } from "#wire/role.ts";
import type { Claim, ClaimChange } from "./shard_claims.ts";

export const SHARD_FACT_MIGRATIONS: MigrationSet = {
  name: "shard_fact",
  migrations: [
    {
      name: "facts_by_source",
      statements: [
        `CREATE TABLE shard_fact (
          shard BIGINT NOT NULL,
          source TEXT NOT NULL,
          is_own BIGINT NOT NULL,
          opened_at_ms BIGINT,
          time_zone TEXT,
          merged_into BIGINT,
          since_ms BIGINT NOT NULL,
          heard_at_ms BIGINT NOT NULL,
          PRIMARY KEY (shard, source)
        )`,
      ],
    },
    { name: "merged_at", statements: ["ALTER TABLE shard_fact ADD COLUMN merged_at_ms BIGINT"] },
  ],
};

/** Throws StoreError `corrupt` for a row that can't be read. */
export async function readClaims(tx: Tx): Promise<readonly Claim[]> {
  const rows = await tx.all("SELECT * FROM shard_fact ORDER BY shard, source");
  return rows.map((row) => ({
    facts: {
      shard: integerOf(row, "shard"),
      openedAtMs: isNull(row, "opened_at_ms") ? undefined : integerOf(row, "opened_at_ms"),
      timeZone: isNull(row, "time_zone") ? undefined : textOf(row, "time_zone"),
      mergedInto: isNull(row, "merged_into") ? undefined : integerOf(row, "merged_into"),
      mergedAtMs: isNull(row, "merged_at_ms") ? undefined : integerOf(row, "merged_at_ms"),
    },
    source: sourceOf(row),
    isOwn: integerOf(row, "is_own") === 1,
    sinceMs: integerOf(row, "since_ms"),
    heardAtMs: integerOf(row, "heard_at_ms"),
  }));
}

/** Not what was only confirmed: a row's `heard_at_ms` is that of its last change. */
export async function writeChange(tx: Tx, { written, erased }: ClaimChange): Promise<void> {
  for (const { facts, source } of [...erased, ...written]) {
    await tx.run("DELETE FROM shard_fact WHERE shard = ? AND source = ?", [facts.shard, source]);
  }
  for (const { facts, source, isOwn, sinceMs, heardAtMs } of written) {
    await tx.run(
      `INSERT INTO shard_fact
         (shard, source, is_own, opened_at_ms, time_zone, merged_into, merged_at_ms, since_ms, heard_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        facts.shard,
        source,
        isOwn ? 1 : 0,
        facts.openedAtMs ?? null,
        facts.timeZone ?? null,
        facts.mergedInto ?? null,
        facts.mergedAtMs ?? null,
        sinceMs,
        heardAtMs,
      ],
    );
  }
}

function isNull(row: Row, column: string): boolean {
  return row[column] === null;
}

function sourceOf(row: Row): NodeId {
  const text = textOf(row, "source");
  if (parseNodeId(text) !== undefined) return text as NodeId;
  throw new StoreError("corrupt", `Cannot read column source: found "${text}", it should be the id of a node`);
}
