/**
 * A shard's mails as rows: written once, read by the page, forgotten some time after they have expired. Functions over a
 * transaction. Whether a mail may be written at all is decided elsewhere; that what is in it was claimed is written down
 * here for those who look, and decided by the key that the bag keeps.
 */

import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { Mail } from "./reward.ts";
import { readMail } from "./reward.ts";

export const MAILS_PAGE_MAX = 200;
/** Encoded size of the mails of a page, of which one may be larger than the room that is left: below 1 MiB with all else. */
export const MAILS_PAGE_SIZE_MAX = 512 * 1024;
/** An expired mail can be looked at for so long. */
export const EXPIRED_KEPT_MS = 30 * 24 * 3_600_000;

export interface MailRecord extends Mail {
  /** 32 hex digits, unique wherever mails are. */
  readonly id: string;
  readonly player: string;
  /** In the time of the cluster. */
  readonly writtenAtMs: number;
  /** Since then its items are in the bag. Undefined: they are still to be taken. */
  readonly claimedAtMs: number | undefined;
}

export async function writeMail(
  tx: Tx,
  mail: {
    readonly id: string;
    readonly player: string;
    readonly bytes: Uint8Array;
    readonly expiresAtMs: number | undefined;
    readonly atMs: number;
  },
): Promise<void> {
  await tx.run("INSERT INTO mail (player, written_at_ms, id, bytes, expires_at_ms) VALUES (?, ?, ?, ?, ?)", [
    mail.player,
    mail.atMs,
    mail.id,
    mail.bytes,
    mail.expiresAtMs ?? null,
  ]);
}

export interface MailPage {
  /** Oldest first. */
  readonly mails: readonly MailRecord[];
  /** Give it as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
}

/** Throws StoreError `corrupt` for a mail that can't be read. An `after` that no page has answered begins anywhere. */
export async function mailsOf(
  tx: Tx,
  query: { readonly player: string; readonly after?: string | undefined; readonly limit: number },
): Promise<MailPage> {
  const [atMs, id] = cursorOf(query.after);
  const rows = await tx.all(
    `SELECT player, written_at_ms, id, bytes, claimed_at_ms FROM mail
     WHERE player = ? AND (written_at_ms > ? OR (written_at_ms = ? AND id > ?))
     ORDER BY written_at_ms, id LIMIT ?`,
    [query.player, atMs, atMs, id, query.limit + 1],
  );
  const mails: MailRecord[] = [];
  let size = 0;
  for (const row of rows) {
    const bytes = bytesOf(row, "bytes");
    if (mails.length === query.limit || (mails.length > 0 && size + bytes.length > MAILS_PAGE_SIZE_MAX)) break;
    size += bytes.length;
    mails.push(recordOf(row));
  }
  const last = mails.at(-1);
  return { mails, next: rows.length > mails.length && last !== undefined ? cursorText(last) : undefined };
}

/** Throws StoreError `corrupt` for a mail that can't be read. */
export async function mailById(
  tx: Tx,
  of: { readonly player: string; readonly id: string },
): Promise<MailRecord | undefined> {
  const row = await tx.get(
    "SELECT player, written_at_ms, id, bytes, claimed_at_ms FROM mail WHERE player = ? AND id = ?",
    [of.player, of.id],
  );
  return row === undefined ? undefined : recordOf(row);
}

/** The first time counts. A claimed mail is forgotten as one that has expired then. */
export async function markClaimed(
  tx: Tx,
  of: { readonly player: string; readonly id: string; readonly atMs: number },
): Promise<void> {
  const atMs = Math.trunc(of.atMs);
  await tx.run(
    "UPDATE mail SET claimed_at_ms = ?, expires_at_ms = ? WHERE player = ? AND id = ? AND claimed_at_ms IS NULL",
    [atMs, atMs, of.player, of.id],
  );
}

function recordOf(row: Row): MailRecord {
  const id = textOf(row, "id");
  const found = readMail(bytesOf(row, "bytes"));
  if (found.kind === "bad") throw new StoreError("corrupt", `Cannot read mail ${id}: ${found.detail}`);
  return {
    ...{ id, player: textOf(row, "player"), writtenAtMs: integerOf(row, "written_at_ms") },
    claimedAtMs: row["claimed_at_ms"] === null ? undefined : integerOf(row, "claimed_at_ms"),
    ...found.mail,
  };
}

/** Deletes at most `limit` mails that expired before; answers how many. */
export async function forgetExpired(
  tx: Tx,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> {
  const rows = await tx.all(
    `SELECT player, written_at_ms, id FROM mail WHERE expires_at_ms IS NOT NULL AND expires_at_ms < ?
     ORDER BY expires_at_ms LIMIT ?`,
    [Math.trunc(beforeMs), limit],
  );
  for (const row of rows) {
    await tx.run("DELETE FROM mail WHERE player = ? AND written_at_ms = ? AND id = ?", [
      textOf(row, "player"),
      integerOf(row, "written_at_ms"),
      textOf(row, "id"),
    ]);
  }
  return rows.length;
}

function cursorText({ writtenAtMs, id }: MailRecord): string {
  return `${writtenAtMs}.${id}`;
}

function cursorOf(text: string | undefined): readonly [number, string] {
  const match = /^([0-9]{1,15})\.([0-9a-f]{1,32})$/.exec(text ?? "");
  return match === null ? [-1, ""] : [Number(match[1]), match[2] ?? ""];
}
