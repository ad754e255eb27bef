/**
 * Entries of rankings on the owner of their term, one row per (term, group, ranking, subject), and the note that a term
 * has data at all, by which it is found again when it is to be dropped. Functions over a transaction.
 */

import { integerOf, numberOf, textOf } from "#store/row.ts";
import type { SqlValue, Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { RankEntry } from "./rank_order.ts";
import type { TermOf } from "../reports/report_table.ts";
import { SqlBatch } from "../sql_batch.ts";

/** Rows that one statement takes of a term whose data go. */
export const DROPPED_PER_COMMIT = 10_000;

const UPSERT_ENTRIES = new SqlBatch(
  "INSERT INTO activity_rank (owner, term, group_name, ranking, subject, score, at_ms, sequence, shard)",
  9,
  `ON CONFLICT (owner, term, group_name, ranking, subject) DO UPDATE SET
     score = excluded.score, at_ms = excluded.at_ms, sequence = excluded.sequence, shard = excluded.shard`,
);

export interface RankingOf extends TermOf {
  readonly group: string;
  readonly ranking: string;
}

export interface StoredEntries {
  readonly group: string;
  readonly ranking: string;
  readonly entries: readonly RankEntry[];
}

/** All rankings of a term that have entries; these in no order. */
export async function readRankings(tx: Tx, of: TermOf): Promise<readonly StoredEntries[]> {
  const names = await tx.all("SELECT DISTINCT group_name, ranking FROM activity_rank WHERE owner = ? AND term = ?", [
    of.owner,
    of.term,
  ]);
  const out: StoredEntries[] = [];
  for (const name of names) {
    const group = textOf(name, "group_name");
    const ranking = textOf(name, "ranking");
    const rows = await tx.all(
      `SELECT subject, score, at_ms, sequence, shard FROM activity_rank
       WHERE owner = ? AND term = ? AND group_name = ? AND ranking = ?`,
      [of.owner, of.term, group, ranking],
    );
    const entries = rows.map((row) => ({
      subject: textOf(row, "subject"),
      score: numberOf(row, "score"),
      atMs: integerOf(row, "at_ms"),
      sequence: integerOf(row, "sequence"),
      shard: integerOf(row, "shard"),
    }));
    out.push({ group, ranking, entries });
  }
  return out;
}

export async function writeEntries(tx: Tx, of: RankingOf, entries: readonly RankEntry[]): Promise<void> {
  const rows = entries.map(({ subject, score, atMs, sequence, shard }): SqlValue[] => [
    of.owner,
    of.term,
    of.group,
    of.ranking,
    subject,
    score,
    atMs,
    sequence,
    shard,
  ]);
  await UPSERT_ENTRIES.run(tx, rows);
}

/** To be written before a term's first row. */
export async function noteTerm(tx: Tx, of: TermOf, activity: string): Promise<void> {
  await tx.run(
    `INSERT INTO activity_term_data (owner, term, activity) VALUES (?, ?, ?) ON CONFLICT (owner, term) DO NOTHING`,
    [of.owner, of.term, activity],
  );
}

/** Terms that have data, with their activities. */
export async function readTerms(
  tx: Tx,
  owner: NodeId,
): Promise<readonly { readonly term: string; readonly activity: string }[]> {
  const rows = await tx.all("SELECT term, activity FROM activity_term_data WHERE owner = ? ORDER BY term", [owner]);
  return rows.map((row) => ({ term: textOf(row, "term"), activity: textOf(row, "activity") }));
}

/** At most DROPPED_PER_COMMIT rows of each table. True: nothing of the term is left. */
export async function dropTerm(tx: Tx, of: TermOf): Promise<boolean> {
  const where = "owner = ? AND term = ?";
  const key = [of.owner, of.term];
  let dropped = 0;
  for (const [table, column] of [
    ["activity_report", "report_key"],
    ["activity_join", "player"],
  ] as const) {
    const some = `SELECT ${column} FROM ${table} WHERE ${where} ORDER BY ${column} LIMIT ${DROPPED_PER_COMMIT}`;
    const { changes } = await tx.run(`DELETE FROM ${table} WHERE ${where} AND ${column} IN (${some})`, [
      ...key,
      ...key,
    ]);
    dropped = Math.max(dropped, changes);
  }
  const names = await tx.get(`SELECT group_name, ranking FROM activity_rank WHERE ${where} LIMIT 1`, key);
  if (names !== undefined) {
    const ranking = [...key, textOf(names, "group_name"), textOf(names, "ranking")];
    const within = `${where} AND group_name = ? AND ranking = ?`;
    const some = `SELECT subject FROM activity_rank WHERE ${within} ORDER BY subject LIMIT ${DROPPED_PER_COMMIT}`;
    await tx.run(`DELETE FROM activity_rank WHERE ${within} AND subject IN (${some})`, [...ranking, ...ranking]);
    return false;
  }
  if (dropped === DROPPED_PER_COMMIT) return false;
  await tx.run(`DELETE FROM activity_settlement WHERE ${where}`, key);
  await tx.run(`DELETE FROM activity_term_data WHERE ${where}`, key);
  return true;
}
