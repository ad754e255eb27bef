/**
 * The inbox as rows: the key of every reward that this shard has got. A key is applied once: the row and the mail that
 * it brings are written in one transaction, or neither is. Functions over a transaction.
 *
 * A key has to be remembered for longer than anybody may send it again. So it is forgotten with its term, and only when
 * both hold: nothing of that term was applied for INBOX_KEPT_MS, and its owner has said that it has forgotten the term.
 */

import * as v from "valibot";
import type { Digest } from "#base/digest.ts";
import { integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import { KEY_SUM_NONE, addToSum, hashOfKey } from "./key_sum.ts";
import { writeMail } from "./mail_table.ts";
import type { TermOfShard } from "./outbox_terms.ts";
import { homeShardSchema, readMail, rewardKeySchema } from "./reward.ts";

/** Longer than an owner keeps what was acknowledged, and than any backup of it that is still of use. */
export const INBOX_KEPT_MS = 400 * 24 * 3_600_000;
/** Rows that one transaction forgets. */
export const FORGOTTEN_ROWS_MAX = 1_000;

/** One reward as it comes over the wire. */
export interface InboxRow {
  readonly sequence: number;
  readonly [name: string]: unknown;
}

export interface Applied {
  /** Sequence numbers of the rows whose keys the inbox has now, whether they came before or not. */
  readonly acknowledged: readonly number[];
  readonly refused: readonly { readonly sequence: number; readonly reason: string }[];
  /** Of the acknowledged ones, those that are new. */
  readonly applied: number;
}

const rowSchema = v.strictObject({
  ...rewardKeySchema.entries,
  sequence: v.number(),
  shard: homeShardSchema,
  mail: v.instance(Uint8Array),
});

export interface AppliedTerm extends TermOfShard {
  /** Node id of the cross_center that has sent it last. */
  readonly owner: string;
  readonly applied: number;
  readonly keySum: string;
  readonly appliedAtMs: number;
}

/** Rows that can't be what they are to be are refused one by one; the others are applied. */
export async function applyRewards(
  tx: Tx,
  options: {
    readonly owner: string;
    readonly rows: readonly InboxRow[];
    readonly atMs: number;
    readonly digest: Digest;
  },
): Promise<Applied> {
  const { owner, rows, digest } = options;
  const atMs = Math.trunc(options.atMs);
  const acknowledged: number[] = [];
  const refused: { sequence: number; reason: string }[] = [];
  const terms = new Map<string, { readonly of: TermOfShard; applied: number; sum: bigint }>();
  let applied = 0;
  for (const row of rows) {
    const { sequence } = row;
    const parsed = v.safeParse(rowSchema, row);
    if (!parsed.success) {
      refused.push({ sequence, reason: issueOf(parsed.issues[0]) });
      continue;
    }
    const mail = readMail(parsed.output.mail);
    if (mail.kind === "bad") {
      refused.push({ sequence, reason: `mail: ${mail.detail}` });
      continue;
    }
    acknowledged.push(sequence);
    const { activity, term, group, ranking, player, tier, shard } = parsed.output;
    const { changes } = await tx.run(
      `INSERT INTO inbox (activity, term, group_name, ranking, player, tier, shard, applied_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (activity, term, group_name, ranking, player, tier) DO NOTHING`,
      [activity, term, group, ranking, player, tier, shard, atMs],
    );
    if (changes === 0) continue;
    applied += 1;
    const { part, mailId } = hashOfKey(digest, parsed.output);
    const { expiresAtMs } = mail.mail;
    await writeMail(tx, { id: mailId, player, bytes: mail.bytes, expiresAtMs, atMs });
    const name = `${shard}/${activity}/${term}`;
    const sums = terms.get(name) ?? { of: { shard, activity, term }, applied: 0, sum: 0n };
    sums.applied += 1;
    sums.sum += part;
    terms.set(name, sums);
  }
  for (const { of, applied: count, sum } of terms.values()) {
    const old = await appliedTerm(tx, of);
    await writeTerm(tx, {
      ...of,
      owner,
      applied: (old?.applied ?? 0) + count,
      keySum: addToSum(old?.keySum ?? KEY_SUM_NONE, sum),
      appliedAtMs: atMs,
    });
  }
  return { acknowledged, refused, applied };
}

export async function appliedTerm(tx: Tx, of: TermOfShard): Promise<AppliedTerm | undefined> {
  const row = await tx.get("SELECT * FROM inbox_term WHERE shard = ? AND activity = ? AND term = ?", [
    of.shard,
    of.activity,
    of.term,
  ]);
  return row === undefined ? undefined : termOf(row);
}

/** Who has sent anything. Walks all terms. */
export async function owners(tx: Tx): Promise<readonly string[]> {
  const rows = await tx.all("SELECT DISTINCT owner FROM inbox_term ORDER BY owner");
  return rows.map((row) => textOf(row, "owner"));
}

/** The terms of an owner that are old enough to be forgotten, the oldest first. */
export async function oldTerms(
  tx: Tx,
  { owner, nowMs, limit }: { readonly owner: string; readonly nowMs: number; readonly limit: number },
): Promise<readonly AppliedTerm[]> {
  const rows = await tx.all(
    "SELECT * FROM inbox_term WHERE owner = ? AND applied_at_ms < ? ORDER BY applied_at_ms LIMIT ?",
    [owner, Math.trunc(nowMs) - INBOX_KEPT_MS, limit],
  );
  return rows.map(termOf);
}

/** Deletes up to FORGOTTEN_ROWS_MAX keys of the term, and the term with the last of them. False: nothing is left. */
export async function forgetTerm(tx: Tx, { shard, activity, term }: TermOfShard): Promise<boolean> {
  const rows = await tx.all(
    `SELECT group_name, ranking, player, tier FROM inbox WHERE activity = ? AND term = ? AND shard = ? LIMIT ?`,
    [activity, term, shard, FORGOTTEN_ROWS_MAX],
  );
  for (const row of rows) {
    await tx.run(
      "DELETE FROM inbox WHERE activity = ? AND term = ? AND group_name = ? AND ranking = ? AND player = ? AND tier = ?",
      [activity, term, textOf(row, "group_name"), textOf(row, "ranking"), textOf(row, "player"), textOf(row, "tier")],
    );
  }
  if (rows.length === FORGOTTEN_ROWS_MAX) return true;
  await tx.run("DELETE FROM inbox_term WHERE shard = ? AND activity = ? AND term = ?", [shard, activity, term]);
  return false;
}

async function writeTerm(tx: Tx, now: AppliedTerm): Promise<void> {
  await tx.run(
    `INSERT INTO inbox_term (shard, activity, term, owner, applied, key_sum, applied_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (shard, activity, term) DO UPDATE SET owner = excluded.owner, applied = excluded.applied,
       key_sum = excluded.key_sum, applied_at_ms = excluded.applied_at_ms`,
    [now.shard, now.activity, now.term, now.owner, now.applied, now.keySum, now.appliedAtMs],
  );
}

function termOf(row: Row): AppliedTerm {
  return {
    shard: integerOf(row, "shard"),
    activity: textOf(row, "activity"),
    term: textOf(row, "term"),
    owner: textOf(row, "owner"),
    applied: integerOf(row, "applied"),
    keySum: textOf(row, "key_sum"),
    appliedAtMs: integerOf(row, "applied_at_ms"),
  };
}

function issueOf(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? "row"}: ${issue.message}`;
}
