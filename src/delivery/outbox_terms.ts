/**
 * How many rewards of a term one shard has got and has not got: a row per owner, shard and term, kept in the transaction
 * that changes the rewards themselves. Functions over a transaction. Counts only: which rewards they are, the outbox knows.
 */

import { integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import { KEY_SUM_NONE, addToSum } from "./key_sum.ts";

/** Which term, of which shard: the one that was home when the rewards were issued. */
export interface TermOfShard {
  readonly shard: number;
  readonly activity: string;
  readonly term: string;
}

export interface TermCounts extends TermOfShard {
  readonly pending: number;
  readonly held: number;
  readonly acknowledged: number;
  /** Of the keys of what is acknowledged. */
  readonly keySum: string;
  /** Since when something has been pending all the time. */
  readonly pendingSinceMs: number | undefined;
  /** When a reward was acknowledged last. */
  readonly ackedAtMs: number | undefined;
  /** Rewards that were issued again with other contents; the first ones stand. */
  readonly conflicting: number;
  readonly conflictedAtMs: number | undefined;
}

/** What is added; left out is nothing. */
export interface TermChange {
  readonly pending?: number;
  readonly held?: number;
  readonly acknowledged?: number;
  readonly keySum?: bigint;
  readonly conflicting?: number;
}

export async function readTerm(tx: Tx, owner: string, of: TermOfShard): Promise<TermCounts> {
  const row = await tx.get("SELECT * FROM outbox_term WHERE owner = ? AND shard = ? AND activity = ? AND term = ?", [
    owner,
    of.shard,
    of.activity,
    of.term,
  ]);
  return row === undefined ? noneOf(of) : countsOf(row);
}

/** Answers the counts as they are now. */
export async function changeTerm(
  tx: Tx,
  owner: string,
  { of, by, atMs }: { readonly of: TermOfShard; readonly by: TermChange; readonly atMs: number },
): Promise<TermCounts> {
  const old = await readTerm(tx, owner, of);
  const pending = old.pending + (by.pending ?? 0);
  const now: TermCounts = {
    shard: of.shard,
    activity: of.activity,
    term: of.term,
    pending,
    held: old.held + (by.held ?? 0),
    acknowledged: old.acknowledged + (by.acknowledged ?? 0),
    keySum: addToSum(old.keySum, by.keySum ?? 0n),
    pendingSinceMs: pending === 0 ? undefined : (old.pendingSinceMs ?? atMs),
    ackedAtMs: (by.acknowledged ?? 0) > 0 ? atMs : old.ackedAtMs,
    conflicting: old.conflicting + (by.conflicting ?? 0),
    conflictedAtMs: (by.conflicting ?? 0) > 0 ? atMs : old.conflictedAtMs,
  };
  await writeTerm(tx, owner, now);
  return now;
}

async function writeTerm(tx: Tx, owner: string, now: TermCounts): Promise<void> {
  await tx.run(
    `INSERT INTO outbox_term (owner, shard, activity, term, pending, held, acknowledged, key_sum, pending_since_ms,
       acked_at_ms, conflicting, conflicted_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (owner, shard, activity, term) DO UPDATE SET pending = excluded.pending, held = excluded.held,
       acknowledged = excluded.acknowledged, key_sum = excluded.key_sum, pending_since_ms = excluded.pending_since_ms,
       acked_at_ms = excluded.acked_at_ms, conflicting = excluded.conflicting,
       conflicted_at_ms = excluded.conflicted_at_ms`,
    [
      owner,
      now.shard,
      now.activity,
      now.term,
      now.pending,
      now.held,
      now.acknowledged,
      now.keySum,
      now.pendingSinceMs ?? null,
      now.ackedAtMs ?? null,
      now.conflicting,
      now.conflictedAtMs ?? null,
    ],
  );
}

export function countsOf(row: Row): TermCounts {
  return {
    shard: integerOf(row, "shard"),
    activity: textOf(row, "activity"),
    term: textOf(row, "term"),
    pending: integerOf(row, "pending"),
    held: integerOf(row, "held"),
    acknowledged: integerOf(row, "acknowledged"),
    keySum: textOf(row, "key_sum"),
    pendingSinceMs: optionalInteger(row, "pending_since_ms"),
    ackedAtMs: optionalInteger(row, "acked_at_ms"),
    conflicting: integerOf(row, "conflicting"),
    conflictedAtMs: optionalInteger(row, "conflicted_at_ms"),
  };
}

function noneOf({ shard, activity, term }: TermOfShard): TermCounts {
  return {
    shard,
    activity,
    term,
    pending: 0,
    held: 0,
    acknowledged: 0,
    keySum: KEY_SUM_NONE,
    pendingSinceMs: undefined,
    ackedAtMs: undefined,
    conflicting: 0,
    conflictedAtMs: undefined,
  };
}

function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integerOf(row, column);
}

/** Changes that belong together, by term: each is written once however many rewards there are. */
export class TermChanges {
  readonly #byTerm = new Map<string, { readonly of: TermOfShard; by: Required<TermChange> }>();

  add(of: TermOfShard, by: TermChange): void {
    const name = `${of.shard}/${of.activity}/${of.term}`;
    const { by: old } = this.#byTerm.get(name) ?? { by: NOTHING };
    this.#byTerm.set(name, {
      of,
      by: {
        pending: old.pending + (by.pending ?? 0),
        held: old.held + (by.held ?? 0),
        acknowledged: old.acknowledged + (by.acknowledged ?? 0),
        keySum: old.keySum + (by.keySum ?? 0n),
        conflicting: old.conflicting + (by.conflicting ?? 0),
      },
    });
  }

  async write(tx: Tx, owner: string, atMs: number): Promise<void> {
    for (const { of, by } of this.#byTerm.values()) await changeTerm(tx, owner, { of, by, atMs });
  }
}

const NOTHING: Required<TermChange> = { pending: 0, held: 0, acknowledged: 0, keySum: 0n, conflicting: 0 };
