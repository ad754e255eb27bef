/**
 * Rewards that go a second time, or go at last: acknowledged ones become pending again, because an operator asks for it
 * or because the shard has lost them; held ones get the mail that they lacked. None of it can double anything: the
 * inbox compares keys. Functions over a transaction, each for a bounded number of rows; call again while there are more.
 */

import { assert } from "#base/assert.ts";
import type { Digest } from "#base/digest.ts";
import { integerOf } from "#store/row.ts";
import type { SqlValue, Tx } from "#store/store.ts";
import { hashOfKey } from "./key_sum.ts";
import { keyOf, partsOf } from "./outbox_table.ts";
import type { TermCounts } from "./outbox_terms.ts";
import { countsOf, TermChanges } from "./outbox_terms.ts";

/** Rows that one transaction sends again, releases or forgets. */
export const CHANGED_ROWS_MAX = 1_000;
/** Acknowledged rewards stay so long after the last one of their term and shard. */
export const ACKED_KEPT_MS = 30 * 24 * 3_600_000;

/** Which rewards: what is left out may be anything. */
export interface RewardFilter {
  readonly activity: string;
  readonly term: string;
  readonly shard?: number | undefined;
  readonly player?: string | undefined;
  readonly group?: string | undefined;
  readonly ranking?: string | undefined;
  readonly tier?: string | undefined;
  /** Acknowledged until then: what is acknowledged while a replay goes on is not replayed once more. */
  readonly ackedUntilMs?: number | undefined;
}

function clauseOf(owner: string, filter: RewardFilter): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const wanted: readonly (readonly [string, SqlValue | undefined])[] = [
    ["owner", owner],
    ["activity", filter.activity],
    ["term", filter.term],
    ["shard", filter.shard],
    ["group_name", filter.group],
    ["ranking", filter.ranking],
    ["player", filter.player],
    ["tier", filter.tier],
  ];
  const given = wanted.flatMap(([column, value]) => (value === undefined ? [] : [{ sql: `${column} = ?`, value }]));
  const { ackedUntilMs } = filter;
  if (ackedUntilMs !== undefined) given.push({ sql: "acked_at_ms <= ?", value: Math.trunc(ackedUntilMs) });
  return { sql: given.map(({ sql }) => sql).join(" AND "), values: given.map(({ value }) => value) };
}

export async function countRewards(
  tx: Tx,
  owner: string,
  { filter, state }: { readonly filter: RewardFilter; readonly state: "acknowledged" | "held" },
): Promise<number> {
  const { sql, values } = clauseOf(owner, filter);
  const row = await tx.get(`SELECT COUNT(*) AS count FROM outbox WHERE ${sql} AND state = '${state}'`, values);
  return row === undefined ? 0 : integerOf(row, "count");
}

/** Makes up to CHANGED_ROWS_MAX acknowledged rewards pending; answers how many. */
export async function sendAgain(
  tx: Tx,
  owner: string,
  { filter, atMs, digest }: { readonly filter: RewardFilter; readonly atMs: number; readonly digest: Digest },
): Promise<number> {
  const { sql, values } = clauseOf(owner, filter);
  const rows = await tx.all(`${SELECT_KEYS} WHERE ${sql} AND state = 'acknowledged' LIMIT ${CHANGED_ROWS_MAX}`, values);
  const changes = new TermChanges();
  for (const row of rows) {
    const key = keyOf(row);
    const { changes: changed } = await tx.run(
      `UPDATE outbox SET state = 'pending', acked_at_ms = NULL WHERE ${BY_KEY} AND state = 'acknowledged'`,
      [owner, ...partsOf(key)],
    );
    assert(changed === 1, "a row that was just read is there");
    const of = { shard: integerOf(row, "shard"), activity: key.activity, term: key.term };
    changes.add(of, { acknowledged: -1, pending: 1, keySum: -hashOfKey(digest, key).part });
  }
  await changes.write(tx, owner, Math.trunc(atMs));
  return rows.length;
}

/** Gives up to CHANGED_ROWS_MAX held rewards this mail, and makes them pending; answers how many. */
export async function releaseHeld(
  tx: Tx,
  owner: string,
  { filter, mail, atMs }: { readonly filter: RewardFilter; readonly mail: Uint8Array; readonly atMs: number },
): Promise<number> {
  const { sql, values } = clauseOf(owner, filter);
  const rows = await tx.all(`${SELECT_KEYS} WHERE ${sql} AND state = 'held' LIMIT ${CHANGED_ROWS_MAX}`, values);
  const changes = new TermChanges();
  for (const row of rows) {
    const key = keyOf(row);
    const { changes: changed } = await tx.run(
      `UPDATE outbox SET state = 'pending', mail = ?, held_why = NULL WHERE ${BY_KEY} AND state = 'held'`,
      [mail, owner, ...partsOf(key)],
    );
    assert(changed === 1, "a row that was just read is there");
    const of = { shard: integerOf(row, "shard"), activity: key.activity, term: key.term };
    changes.add(of, { held: -1, pending: 1 });
  }
  await changes.write(tx, owner, Math.trunc(atMs));
  return rows.length;
}

/**
 * Deletes up to CHANGED_ROWS_MAX rewards of one term and shard of which all were acknowledged, the last one more than
 * ACKED_KEPT_MS ago; their counts go with the last of them. False: there is no such term any more.
 */
export async function forgetOld(tx: Tx, owner: string, nowMs: number): Promise<boolean> {
  const found = await tx.get(
    `SELECT shard, activity, term FROM outbox_term
     WHERE owner = ? AND pending = 0 AND held = 0 AND acked_at_ms < ? ORDER BY acked_at_ms LIMIT 1`,
    [owner, Math.trunc(nowMs) - ACKED_KEPT_MS],
  );
  if (found === undefined) return false;
  const term = [owner, found["shard"] ?? null, found["activity"] ?? null, found["term"] ?? null];
  const rows = await tx.all(
    `${SELECT_KEYS} WHERE owner = ? AND shard = ? AND activity = ? AND term = ? AND state = 'acknowledged'
     LIMIT ${CHANGED_ROWS_MAX}`,
    term,
  );
  for (const row of rows) await tx.run(`DELETE FROM outbox WHERE ${BY_KEY}`, [owner, ...partsOf(keyOf(row))]);
  if (rows.length < CHANGED_ROWS_MAX) {
    await tx.run("DELETE FROM outbox_term WHERE owner = ? AND shard = ? AND activity = ? AND term = ?", term);
  }
  return true;
}

/** Its rewards are complete: none was forgotten yet. */
export function isKept({ ackedAtMs }: TermCounts, nowMs: number): boolean {
  return ackedAtMs !== undefined && ackedAtMs >= Math.trunc(nowMs) - ACKED_KEPT_MS;
}

/** What was acknowledged for a shard, by term, a page of them; with those of which something is pending. */
export async function acknowledgedTerms(
  tx: Tx,
  owner: string,
  page: {
    readonly shard: number;
    readonly after: { readonly activity: string; readonly term: string };
    readonly limit: number;
  },
): Promise<readonly TermCounts[]> {
  const { shard, after, limit } = page;
  const rows = await tx.all(
    `SELECT * FROM outbox_term
     WHERE owner = ? AND shard = ? AND (activity > ? OR (activity = ? AND term > ?)) AND acknowledged > 0
     ORDER BY activity, term LIMIT ?`,
    [owner, shard, after.activity, after.activity, after.term, limit],
  );
  return rows.map(countsOf);
}

const SELECT_KEYS = "SELECT shard, activity, term, group_name, ranking, player, tier FROM outbox";
const BY_KEY = "owner = ? AND activity = ? AND term = ? AND group_name = ? AND ranking = ? AND player = ? AND tier = ?";
