/**
 * What a lane does with the outbox: takes the oldest that waits for some shards, and writes down what their center
 * answered. Functions over a transaction; between the two there is a call, and nothing here knows of it.
 */

import type { Digest } from "#base/digest.ts";
import { bytesOf, integerOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import { hashOfKey } from "./key_sum.ts";
import { heldText, keyOf } from "./outbox_table.ts";
import { TermChanges } from "./outbox_terms.ts";
import type { RewardKey } from "./reward.ts";

/** Rewards in one frame, and in one transaction at both ends. */
export const BATCH_ROWS_MAX = 500;
/** Encoded size of the mails of a batch, of which one may be larger than the room that is left: below 1 MiB with all keys. */
export const BATCH_MAILS_SIZE_MAX = 512 * 1024;

export interface PendingReward {
  readonly sequence: number;
  readonly shard: number;
  readonly key: RewardKey;
  readonly mail: Uint8Array;
}

export interface Batch {
  /** Oldest first. */
  readonly rows: readonly PendingReward[];
  /** Others wait behind these. */
  readonly more: boolean;
}

/** The oldest of these shards, as many as go into one frame. */
export async function takeBatch(tx: Tx, owner: string, shards: readonly number[]): Promise<Batch> {
  const found: Row[] = [];
  for (const shard of shards) {
    const rows = await tx.all(
      `SELECT sequence, shard, activity, term, group_name, ranking, player, tier, mail FROM outbox
       WHERE owner = ? AND shard = ? AND state = 'pending' ORDER BY sequence LIMIT ?`,
      [owner, shard, BATCH_ROWS_MAX + 1],
    );
    found.push(...rows);
  }
  if (shards.length > 1) found.sort((a, b) => integerOf(a, "sequence") - integerOf(b, "sequence"));
  const rows: PendingReward[] = [];
  let size = 0;
  for (const row of found) {
    const mail = bytesOf(row, "mail");
    if (rows.length === BATCH_ROWS_MAX || (rows.length > 0 && size + mail.length > BATCH_MAILS_SIZE_MAX)) break;
    size += mail.length;
    rows.push({ sequence: integerOf(row, "sequence"), shard: integerOf(row, "shard"), key: keyOf(row), mail });
  }
  return { rows, more: rows.length < found.length };
}

export interface BatchAnswer {
  /** Sequence numbers of what the inbox has now. */
  readonly acknowledged: readonly number[];
  /** Of what it will never take as it is. */
  readonly refused: readonly { readonly sequence: number; readonly reason: string }[];
}

export interface BatchDone {
  readonly acknowledged: number;
  readonly held: number;
}

/** What the answer says of rows that were not in the batch, or are no longer pending, is not believed. */
export async function writeAnswer(
  tx: Tx,
  owner: string,
  options: {
    readonly sent: readonly PendingReward[];
    readonly answer: BatchAnswer;
    readonly atMs: number;
    readonly digest: Digest;
  },
): Promise<BatchDone> {
  const { sent, answer, digest } = options;
  const atMs = Math.trunc(options.atMs);
  const bySequence = new Map(sent.map((row) => [row.sequence, row]));
  const changes = new TermChanges();
  const done = { acknowledged: 0, held: 0 };
  for (const sequence of answer.acknowledged) {
    const row = bySequence.get(sequence);
    if (row === undefined) continue;
    const { changes: changed } = await tx.run(ACKNOWLEDGE, [atMs, owner, row.shard, sequence]);
    if (changed !== 1) continue;
    done.acknowledged += 1;
    const keySum = hashOfKey(digest, row.key).part;
    changes.add(termOf(row), { pending: -1, acknowledged: 1, keySum });
  }
  for (const { sequence, reason } of answer.refused) {
    const row = bySequence.get(sequence);
    if (row === undefined) continue;
    const { changes: changed } = await tx.run(HOLD, [heldText(reason), owner, row.shard, sequence]);
    if (changed !== 1) continue;
    done.held += 1;
    changes.add(termOf(row), { pending: -1, held: 1 });
  }
  await changes.write(tx, owner, atMs);
  return done;
}

const ACKNOWLEDGE = `UPDATE outbox SET state = 'acknowledged', acked_at_ms = ?
  WHERE owner = ? AND shard = ? AND state = 'pending' AND sequence = ?`;
const HOLD = `UPDATE outbox SET state = 'held', held_why = ?
  WHERE owner = ? AND shard = ? AND state = 'pending' AND sequence = ?`;

function termOf({ shard, key }: PendingReward): { shard: number; activity: string; term: string } {
  return { shard, activity: key.activity, term: key.term };
}

/** Shards that something is pending for. */
export async function pendingShards(tx: Tx, owner: string): Promise<readonly number[]> {
  const rows = await tx.all("SELECT DISTINCT shard FROM outbox_term WHERE owner = ? AND pending > 0 ORDER BY shard", [
    owner,
  ]);
  return rows.map((row) => integerOf(row, "shard"));
}

/** Shards that anything is known of. Walks all terms: for a start. */
export async function allShards(tx: Tx, owner: string): Promise<readonly number[]> {
  const rows = await tx.all("SELECT DISTINCT shard FROM outbox_term WHERE owner = ? ORDER BY shard", [owner]);
  return rows.map((row) => integerOf(row, "shard"));
}
