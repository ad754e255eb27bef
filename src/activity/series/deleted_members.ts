/**
 * Members of series that somebody has deleted, on their owner: they are not made again. A tombstone does not say it: what
 * a series takes away itself, since nobody waits for that opening any more, comes back when somebody does. Functions over
 * a transaction.
 */

import { textOf } from "#store/row.ts";
import type { Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import { WINDOW_MAX_MS } from "../schedule/schedule.ts";
import { SERIES_AHEAD_MS } from "./shard_series.ts";

/** Longer than any window that a member was made for. */
export const DELETED_KEPT_MS = 2 * (SERIES_AHEAD_MS + WINDOW_MAX_MS);

/** In the transaction that leaves its tombstone. */
export async function noteDeleted(
  tx: Tx,
  owner: NodeId,
  member: { readonly id: string; readonly atMs: number },
): Promise<void> {
  await tx.run(
    `INSERT INTO activity_deleted_member (owner, id, at_ms) VALUES (?, ?, ?)
     ON CONFLICT (owner, id) DO UPDATE SET at_ms = excluded.at_ms`,
    [owner, member.id, Math.trunc(member.atMs)],
  );
}

export async function readDeleted(tx: Tx, owner: NodeId): Promise<ReadonlySet<string>> {
  const rows = await tx.all("SELECT id FROM activity_deleted_member WHERE owner = ?", [owner]);
  return new Set(rows.map((row) => textOf(row, "id")));
}

export async function dropOldDeleted(tx: Tx, owner: NodeId, nowMs: number): Promise<void> {
  await tx.run("DELETE FROM activity_deleted_member WHERE owner = ? AND at_ms < ?", [
    owner,
    Math.trunc(nowMs - DELETED_KEPT_MS),
  ]);
}
