/**
 * How an outbox stands, for alarms, metrics and the admin API. Functions over a transaction; reads only, and counts
 * alone but for the held rewards, which an operator has to name.
 */

import { integerOf, textOf } from "#store/row.ts";
import type { Row, SqlValue, Tx } from "#store/store.ts";
import type { TermCounts } from "./outbox_terms.ts";
import { countsOf } from "./outbox_terms.ts";
import type { RewardKey } from "./reward.ts";

export type DeliveryState = "pending" | "held" | "acknowledged";

export interface Standing {
  readonly pending: number;
  readonly held: number;
  /** Since when the one that waits longest has waited. */
  readonly pendingSinceMs: number | undefined;
}

/** Of all shards and activities. Walks the terms of which something is pending or held. */
export async function readStanding(tx: Tx, owner: string): Promise<Standing> {
  const pending = await tx.get(
    `SELECT CAST(COALESCE(SUM(pending), 0) AS BIGINT) AS count, MIN(pending_since_ms) AS since_ms FROM outbox_term
     WHERE owner = ? AND pending > 0`,
    [owner],
  );
  const held = await tx.get(
    "SELECT CAST(COALESCE(SUM(held), 0) AS BIGINT) AS count FROM outbox_term WHERE owner = ? AND held > 0",
    [owner],
  );
  return {
    pending: pending === undefined ? 0 : integerOf(pending, "count"),
    held: held === undefined ? 0 : integerOf(held, "count"),
    pendingSinceMs: pending === undefined || pending["since_ms"] === null ? undefined : integerOf(pending, "since_ms"),
  };
}

export interface ActivityTrouble {
  readonly activity: string;
  readonly count: number;
}

/** Held rewards by activity. */
export async function heldByActivity(tx: Tx, owner: string): Promise<readonly ActivityTrouble[]> {
  const rows = await tx.all(
    `SELECT activity, CAST(SUM(held) AS BIGINT) AS count FROM outbox_term WHERE owner = ? AND held > 0
     GROUP BY activity ORDER BY activity`,
    [owner],
  );
  return rows.map(troubleOf);
}

/** Rewards that were issued again with other contents since then, by activity. */
export async function conflictsByActivity(tx: Tx, owner: string, sinceMs: number): Promise<readonly ActivityTrouble[]> {
  const rows = await tx.all(
    `SELECT activity, CAST(SUM(conflicting) AS BIGINT) AS count FROM outbox_term
     WHERE owner = ? AND conflicting > 0 AND conflicted_at_ms >= ? GROUP BY activity ORDER BY activity`,
    [owner, Math.trunc(sinceMs)],
  );
  return rows.map(troubleOf);
}

export interface TermFilter {
  readonly activity?: string | undefined;
  readonly term?: string | undefined;
  readonly shard?: number | undefined;
  readonly state?: DeliveryState | undefined;
}

/** At most `limit` terms: those with something pending first, the longest of them in front. */
export async function readTerms(
  tx: Tx,
  owner: string,
  { filter, limit }: { readonly filter: TermFilter; readonly limit: number },
): Promise<readonly TermCounts[]> {
  const { sql, values } = clauseOf(owner, filter);
  const state = filter.state === undefined ? "" : ` AND ${filter.state} > 0`;
  const found: TermCounts[] = [];
  for (const { where, order } of STANDINGS) {
    if (found.length === limit) break;
    const rows = await tx.all(
      `SELECT * FROM outbox_term WHERE ${sql}${state} AND ${where} ORDER BY ${order}, shard, activity, term LIMIT ?`,
      [...values, limit - found.length],
    );
    found.push(...rows.map(countsOf));
  }
  return found;
}

/** Each has an index of its own, so that the many that are delivered cost nothing when others are asked for. */
const STANDINGS = [
  { where: "pending > 0", order: "pending_since_ms" },
  { where: "pending = 0 AND held > 0", order: "acked_at_ms DESC" },
  { where: "pending = 0 AND held = 0", order: "acked_at_ms DESC" },
] as const;

/** The counts of one term, shard after shard, a page of them. */
export async function termByShard(
  tx: Tx,
  owner: string,
  page: {
    readonly activity: string;
    readonly term: string;
    /** Shards with higher numbers. */
    readonly after: number;
    readonly limit: number;
  },
): Promise<readonly TermCounts[]> {
  const rows = await tx.all(
    "SELECT * FROM outbox_term WHERE owner = ? AND shard > ? AND activity = ? AND term = ? ORDER BY shard LIMIT ?",
    [owner, page.after, page.activity, page.term, page.limit],
  );
  return rows.map(countsOf);
}

export interface HeldRewards extends Omit<RewardKey, "player"> {
  readonly count: number;
  /** One of them. */
  readonly player: string;
  /** Why that one is held. */
  readonly why: string;
}

/** The held rewards by what `release` takes, at most `limit` kinds. */
export async function readHeld(
  tx: Tx,
  owner: string,
  { filter, limit }: { readonly filter: TermFilter; readonly limit: number },
): Promise<readonly HeldRewards[]> {
  const { sql, values } = clauseOf(owner, filter);
  const rows = await tx.all(
    `SELECT activity, term, group_name, ranking, tier, COUNT(*) AS count, MIN(player) AS player, MIN(held_why) AS why
     FROM outbox WHERE ${sql} AND state = 'held'
     GROUP BY activity, term, group_name, ranking, tier ORDER BY activity, term, group_name, ranking, tier LIMIT ?`,
    [...values, limit],
  );
  return rows.map((row) => ({
    activity: textOf(row, "activity"),
    term: textOf(row, "term"),
    group: textOf(row, "group_name"),
    ranking: textOf(row, "ranking"),
    tier: textOf(row, "tier"),
    count: integerOf(row, "count"),
    player: textOf(row, "player"),
    why: textOf(row, "why"),
  }));
}

function clauseOf(owner: string, filter: TermFilter): { readonly sql: string; readonly values: readonly SqlValue[] } {
  const wanted: readonly (readonly [string, SqlValue | undefined])[] = [
    ["owner", owner],
    ["activity", filter.activity],
    ["term", filter.term],
    ["shard", filter.shard],
  ];
  const given = wanted.flatMap(([column, value]) => (value === undefined ? [] : [[column, value] as const]));
  return { sql: given.map(([column]) => `${column} = ?`).join(" AND "), values: given.map(([, value]) => value) };
}

function troubleOf(row: Row): ActivityTrouble {
  return { activity: textOf(row, "activity"), count: integerOf(row, "count") };
}
