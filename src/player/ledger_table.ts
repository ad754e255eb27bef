/**
 * The ledger of players as it is read and forgotten: rows are written with the change that they tell of (player_table.ts)
 * and never changed. Also the kept keys, whose time is over by their own date. Functions over a transaction.
 */

import { packBody, unpackBody } from "#wire/body.ts";
import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";

export const LEDGER_PAGE_MAX = 200;
/** Encoded size of the rows of a page, of which one may be larger than the room that is left. */
export const LEDGER_PAGE_SIZE_MAX = 512 * 1024;
/** If the cluster file says nothing else. */
export const LEDGER_KEPT_MS = 180 * 24 * 3_600_000;
/** A change may be asked for again with its key for so long, if the cluster file says nothing else. */
export const CHANGE_KEY_KEPT_MS = 30 * 24 * 3_600_000;
/** As long as an inbox remembers its rewards: whoever sends one again meets the key. */
export const MAIL_KEY_KEPT_MS = 400 * 24 * 3_600_000;

/** How long a node keeps what it does not need to serve players. */
export interface PlayerDataKept {
  readonly ledgerKeptMs: number;
  readonly keyKeptMs: number;
}

export const PLAYER_DATA_KEPT: PlayerDataKept = { ledgerKeptMs: LEDGER_KEPT_MS, keyKeptMs: CHANGE_KEY_KEPT_MS };

export interface LedgerRecord {
  /** 1 is the player's first. */
  readonly number: number;
  /** Wall clock of the cluster. */
  readonly atMs: number;
  /** Of the player's data after the change; rows of one change have the same. */
  readonly version: number;
  readonly key: string;
  readonly reason: string;
  /** What `name` is: "item", "unique", "profile" or "capacity". */
  readonly subject: string;
  readonly name: string;
  /** Of a unique item; else empty. */
  readonly id: string;
  readonly before: number;
  readonly after: number;
  /** Of a field of the profile: `before` and `after`. Of a unique item: its data. */
  readonly values: unknown;
}

export interface LedgerPage {
  /** The newest first. */
  readonly rows: readonly LedgerRecord[];
  /** Give it as `before` for the next page; undefined at the end. */
  readonly next: number | undefined;
}

export interface LedgerQuery {
  readonly player: string;
  /** Rows with a smaller number. */
  readonly before?: number | undefined;
  /** At most LEDGER_PAGE_MAX. */
  readonly limit: number;
}

export async function ledgerOf(tx: Tx, { player, before, limit }: LedgerQuery): Promise<LedgerPage> {
  const found = await tx.all(
    "SELECT * FROM player_ledger WHERE player = ? AND number < ? ORDER BY number DESC LIMIT ?",
    [player, before ?? Number.MAX_SAFE_INTEGER, limit + 1],
  );
  const rows: LedgerRecord[] = [];
  let size = 0;
  for (const row of found) {
    const record = recordOf(row);
    size += packBody(record).length;
    if (rows.length === limit || (rows.length > 0 && size > LEDGER_PAGE_SIZE_MAX)) break;
    rows.push(record);
  }
  return { rows, next: found.length > rows.length ? rows.at(-1)?.number : undefined };
}

/** Deletes at most `limit` rows of the ledger that are older; answers how many. */
export async function forgetLedger(
  tx: Tx,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  const rows = await tx.all("SELECT player, number FROM player_ledger WHERE at_ms < ? ORDER BY at_ms LIMIT ?", [
    Math.trunc(beforeMs),
    limit,
  ]);
  for (const row of rows) {
    await tx.run("DELETE FROM player_ledger WHERE player = ? AND number = ?", [
      textOf(row, "player"),
      integerOf(row, "number"),
    ]);
  }
  return rows.length;
}

/** Deletes at most `limit` keys whose time is over; answers how many. */
export async function forgetKeys(
  tx: Tx,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<number> {
  const rows = await tx.all(
    `SELECT player, key FROM player_key WHERE expires_at_ms IS NOT NULL AND expires_at_ms < ?
     ORDER BY expires_at_ms LIMIT ?`,
    [Math.trunc(nowMs), limit],
  );
  for (const row of rows) {
    await tx.run("DELETE FROM player_key WHERE player = ? AND key = ?", [textOf(row, "player"), textOf(row, "key")]);
  }
  return rows.length;
}

/** Keys that are kept until they are settled, behind the last one of the page before. */
export async function unsettledKeys(
  tx: Tx,
  of: { readonly after?: { readonly player: string; readonly key: string } | undefined; readonly limit: number },
): Promise<readonly { readonly player: string; readonly key: string }[]> {
  const { player, key } = of.after ?? { player: "", key: "" };
  const rows = await tx.all(
    `SELECT player, key FROM player_key
     WHERE expires_at_ms IS NULL AND (player > ? OR (player = ? AND key > ?)) ORDER BY player, key LIMIT ?`,
    [player, player, key, of.limit],
  );
  return rows.map((row) => ({ player: textOf(row, "player"), key: textOf(row, "key") }));
}

/** From now on the key is kept until `expiresAtMs`. */
export async function settleKey(
  tx: Tx,
  of: { readonly player: string; readonly key: string; readonly expiresAtMs: number },
): Promise<void> {
  await tx.run("UPDATE player_key SET expires_at_ms = ? WHERE player = ? AND key = ? AND expires_at_ms IS NULL", [
    Math.trunc(of.expiresAtMs),
    of.player,
    of.key,
  ]);
}

function recordOf(row: Row): LedgerRecord {
  return {
    number: integerOf(row, "number"),
    atMs: integerOf(row, "at_ms"),
    version: integerOf(row, "version"),
    key: textOf(row, "key"),
    reason: textOf(row, "reason"),
    subject: textOf(row, "subject"),
    name: textOf(row, "name"),
    id: textOf(row, "id"),
    before: integerOf(row, "before_count"),
    after: integerOf(row, "after_count"),
    values: row["bytes"] === null ? null : unpackBody(bytesOf(row, "bytes")),
  };
}
