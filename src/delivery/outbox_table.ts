/**
 * The outbox as rows: rewards that wait to be sent, wait for an operator, or were acknowledged. Functions over a
 * transaction, so that rewards are issued in the very transaction that settles a ranking. Sends nothing: whoever has
 * committed calls `wake()` of the sender.
 *
 *   issued -> pending -> acknowledged        forgotten with its term, ACKED_KEPT_MS after the last one of it
 *          -> held -> pending                an operator gave the mail
 *             pending -> held                the shard refused it
 *   acknowledged -> pending                  replayed, or the shard has lost it
 */

import { assert } from "#base/assert.ts";
import { equalBytes } from "#base/digest.ts";
import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import { TermChanges } from "./outbox_terms.ts";
import type { Reward, RewardKey } from "./reward.ts";
import { checkMail, faultOfKey } from "./reward.ts";

/** Rewards that one call issues: more belong in several transactions, or the store stands still for all others. */
export const ISSUED_AT_ONCE_MAX = 10_000;
const HELD_WHY_LENGTH_MAX = 256;
export const HELD_NO_ROW = "the reward table has no row for it";

export interface IssueRequest {
  /** Node id of the cross_center that owns the activity. */
  readonly owner: string;
  /** At most ISSUED_AT_ONCE_MAX. */
  readonly rewards: readonly Reward[];
  /** In the time of the cluster. */
  readonly atMs: number;
}

export interface Issued {
  /** New, and pending. */
  readonly issued: number;
  /** New, and held: without a mail, or with one that no shard would take. */
  readonly held: number;
  /** Issued before, the same. */
  readonly known: number;
  /** Issued before with another mail: the first one stands. */
  readonly conflicting: number;
}

/**
 * Writes the rewards down, each key once, in the caller's transaction; after its commit the caller wakes the sender.
 * Throws RangeError for a key that can't be one, which is a bug of whoever made it, and StoreError.
 */
export async function issueRewards(tx: Tx, { owner, rewards, atMs }: IssueRequest): Promise<Issued> {
  assert(rewards.length <= ISSUED_AT_ONCE_MAX, `at most ${ISSUED_AT_ONCE_MAX} rewards at once`);
  const counts = { issued: 0, held: 0, known: 0, conflicting: 0 };
  const changes = new TermChanges();
  const now = Math.trunc(atMs);
  let sequence = await takeSequences(tx, owner, rewards.length);
  for (const reward of rewards) {
    const row = rowOf(reward);
    const { changes: inserted } = await tx.run(INSERT, [
      owner,
      ...partsOf(reward.key),
      sequence,
      reward.shard,
      row.state,
      row.mail,
      row.heldWhy,
      now,
    ]);
    sequence += 1;
    const of = { shard: reward.shard, activity: reward.key.activity, term: reward.key.term };
    if (inserted === 1) {
      if (row.state === "held") counts.held += 1;
      else counts.issued += 1;
      changes.add(of, row.state === "held" ? { held: 1 } : { pending: 1 });
      continue;
    }
    const first = await readMail(tx, owner, reward.key);
    if (row.mail === null || (first !== undefined && equalBytes(first, row.mail))) {
      counts.known += 1;
      continue;
    }
    counts.conflicting += 1;
    changes.add(of, { conflicting: 1 });
  }
  await changes.write(tx, owner, now);
  return counts;
}

const INSERT = `INSERT INTO outbox (owner, activity, term, group_name, ranking, player, tier, sequence, shard, state, mail,
    held_why, issued_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (owner, activity, term, group_name, ranking, player, tier) DO NOTHING`;

function rowOf({ key, shard, mail }: Reward): {
  readonly state: "pending" | "held";
  readonly mail: Uint8Array | null;
  readonly heldWhy: string | null;
} {
  const fault = faultOfKey(key);
  if (fault !== undefined) throw new RangeError(`Cannot issue reward: ${fault}`);
  if (!Number.isSafeInteger(shard) || shard < 1) {
    throw new RangeError(`Cannot issue reward of ${key.player}: shard is ${shard}, allowed is 1 and up`);
  }
  if (mail === undefined) return { state: "held", mail: null, heldWhy: HELD_NO_ROW };
  const checked = checkMail(mail);
  if (checked.kind === "ok") return { state: "pending", mail: checked.bytes, heldWhy: null };
  return { state: "held", mail: null, heldWhy: heldText(checked.detail) };
}

/** The first of `count` numbers that nobody else gets. */
async function takeSequences(tx: Tx, owner: string, count: number): Promise<number> {
  const row = await tx.get("SELECT next_sequence FROM outbox_owner WHERE owner = ?", [owner]);
  const first = row === undefined ? 1 : integerOf(row, "next_sequence");
  await tx.run(
    `INSERT INTO outbox_owner (owner, next_sequence) VALUES (?, ?)
     ON CONFLICT (owner) DO UPDATE SET next_sequence = excluded.next_sequence`,
    [owner, first + count],
  );
  return first;
}

async function readMail(tx: Tx, owner: string, key: RewardKey): Promise<Uint8Array | undefined> {
  const row = await tx.get(
    `SELECT mail FROM outbox WHERE owner = ? AND activity = ? AND term = ? AND group_name = ? AND ranking = ?
       AND player = ? AND tier = ?`,
    [owner, ...partsOf(key)],
  );
  return row === undefined || row["mail"] === null ? undefined : bytesOf(row, "mail");
}

/** In the order of the table's columns. */
export function partsOf({ activity, term, group, ranking, player, tier }: RewardKey): readonly string[] {
  return [activity, term, group, ranking, player, tier];
}

export function keyOf(row: Row): RewardKey {
  return {
    activity: textOf(row, "activity"),
    term: textOf(row, "term"),
    group: textOf(row, "group_name"),
    ranking: textOf(row, "ranking"),
    player: textOf(row, "player"),
    tier: textOf(row, "tier"),
  };
}

export function heldText(why: string): string {
  return why.length <= HELD_WHY_LENGTH_MAX ? why : `${why.slice(0, HELD_WHY_LENGTH_MAX - 1)}…`;
}
