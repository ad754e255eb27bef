/**
 * Settled rankings of a term on its owner: what each was frozen as, and how far its rewards have been issued. Functions
 * over a transaction.
 */

import { integerOf, textOf } from "#store/row.ts";
import type { Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { RankingOf } from "./rank_table.ts";
import type { TermOf } from "../reports/report_table.ts";

export interface SettledRanking {
  readonly group: string;
  readonly ranking: string;
  /** SHA-256 of its lines, as hex. */
  readonly digest: string;
  readonly entries: number;
  /** Places from the first on whose rewards were issued. */
  readonly rewarded: number;
}

/** By group and ranking. */
export async function readSettled(tx: Tx, of: TermOf): Promise<readonly SettledRanking[]> {
  const rows = await tx.all(
    `SELECT group_name, ranking, digest, entries, rewarded FROM activity_settlement
     WHERE owner = ? AND term = ? ORDER BY group_name, ranking`,
    [of.owner, of.term],
  );
  return rows.map((row) => ({
    group: textOf(row, "group_name"),
    ranking: textOf(row, "ranking"),
    digest: textOf(row, "digest"),
    entries: integerOf(row, "entries"),
    rewarded: integerOf(row, "rewarded"),
  }));
}

/** Of a ranking that was settled before nothing changes. */
export async function writeSettled(tx: Tx, of: TermOf, settled: SettledRanking, atMs: number): Promise<void> {
  await tx.run(
    `INSERT INTO activity_settlement (owner, term, group_name, ranking, digest, entries, rewarded, at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, term, group_name, ranking) DO NOTHING`,
    [
      of.owner,
      of.term,
      settled.group,
      settled.ranking,
      settled.digest,
      settled.entries,
      settled.rewarded,
      Math.trunc(atMs),
    ],
  );
}

/** Throws StoreError `fenced` unless the rewards were issued up to `from`. */
export async function moveRewarded(
  tx: Tx,
  of: RankingOf,
  move: { readonly from: number; readonly to: number },
): Promise<void> {
  const { changes } = await tx.run(
    `UPDATE activity_settlement SET rewarded = ?
     WHERE owner = ? AND term = ? AND group_name = ? AND ranking = ? AND rewarded = ?`,
    [move.to, of.owner, of.term, of.group, of.ranking, move.from],
  );
  if (changes === 1) return;
  throw new StoreError("fenced", `Cannot issue rewards of term ${of.term}: another process has issued them meanwhile`);
}
