/**
 * Reports and joins that were taken, with their answers, on the owner of their term: written in the transaction of what
 * they have changed. Functions over a transaction.
 */

import { BodyError, packBody, unpackBody } from "#wire/body.ts";
import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Row, SqlValue, Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import { SqlBatch, inChunks } from "../sql_batch.ts";
import type { ReportOutcome } from "./report_outcome.ts";

/** Encoded size of one answer that is kept. */
export const ANSWER_SIZE_MAX = 16 * 1024;

export interface TermOf {
  readonly owner: NodeId;
  readonly term: string;
}

export interface TakenReport {
  readonly key: string;
  readonly player: string;
  readonly answer: ReportOutcome;
}

export interface TakenJoin {
  readonly player: string;
  readonly shard: number;
  readonly answer: ReportOutcome;
}

const INSERT_REPORTS = new SqlBatch("INSERT INTO activity_report (owner, term, report_key, player, answer)", 5);
const INSERT_JOINS = new SqlBatch("INSERT INTO activity_join (owner, term, player, shard, answer)", 5);

/** Those of these keys that were taken, by key. */
export async function readReports(
  tx: Tx,
  of: TermOf,
  keys: readonly string[],
): Promise<ReadonlyMap<string, TakenReport>> {
  const found = new Map<string, TakenReport>();
  for (const { marks, values } of inChunks(keys)) {
    const sql = `SELECT report_key, player, answer FROM activity_report WHERE owner = ? AND term = ? AND report_key IN (${marks})`;
    for (const row of await tx.all(sql, [of.owner, of.term, ...values])) {
      const key = textOf(row, "report_key");
      found.set(key, { key, player: textOf(row, "player"), answer: answerOf(row, key) });
    }
  }
  return found;
}

/** Throws RangeError for an answer above ANSWER_SIZE_MAX, BodyError for one that is no plain data. */
export async function writeReports(tx: Tx, of: TermOf, taken: readonly TakenReport[]): Promise<void> {
  const rows = taken.map(({ key, player, answer }): SqlValue[] => [of.owner, of.term, key, player, bytesIn(answer)]);
  await INSERT_REPORTS.run(tx, rows);
}

export async function readJoins(
  tx: Tx,
  of: TermOf,
  players: readonly string[],
): Promise<ReadonlyMap<string, TakenJoin>> {
  const found = new Map<string, TakenJoin>();
  for (const { marks, values } of inChunks(players)) {
    const sql = `SELECT player, shard, answer FROM activity_join WHERE owner = ? AND term = ? AND player IN (${marks})`;
    for (const row of await tx.all(sql, [of.owner, of.term, ...values])) {
      const player = textOf(row, "player");
      found.set(player, { player, shard: integerOf(row, "shard"), answer: answerOf(row, player) });
    }
  }
  return found;
}

/** Throws as `writeReports`. */
export async function writeJoins(tx: Tx, of: TermOf, taken: readonly TakenJoin[]): Promise<void> {
  const rows = taken.map(({ player, shard, answer }): SqlValue[] => [
    of.owner,
    of.term,
    player,
    shard,
    bytesIn(answer),
  ]);
  await INSERT_JOINS.run(tx, rows);
}

function bytesIn(answer: ReportOutcome): Uint8Array {
  const bytes = packBody(answer).slice();
  if (bytes.length <= ANSWER_SIZE_MAX) return bytes;
  throw new RangeError(`Cannot keep answer: ${bytes.length} bytes, limit is ${ANSWER_SIZE_MAX}`);
}

function answerOf(row: Row, key: string): ReportOutcome {
  try {
    return unpackBody(bytesOf(row, "answer")) as ReportOutcome;
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new StoreError("corrupt", `Cannot read the answer to ${key}: ${error.message}`);
  }
}
