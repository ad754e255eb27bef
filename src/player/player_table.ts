/**
 * A player's data as rows. Functions over a transaction.
 *
 * A node takes a player over with `takeOver`, which gives it an epoch that nobody had before. Whatever it writes later it
 * writes with that epoch and the version that it knows: when another node has taken over meanwhile, nothing is written,
 * and the answer is `fenced`. There is no other way to write a player's rows.
 */

import { packBody, unpackBody } from "#wire/body.ts";
import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import * as v from "valibot";
import type { ChangePlan, LedgerLine } from "./change_plan.ts";
import type { ChangeOutcome } from "./player_change.ts";
import { changeOutcomeSchema } from "./player_change.ts";
import type { PlayerRecord, Profile, UniqueItem } from "./player_record.ts";
import { BAG_CAPACITY } from "./player_record.ts";

const EMPTY_PROFILE = packBody({}).slice();
const profileSchema = v.record(v.string(), v.unknown());

/** The player's data, whose owner this node is from now on. A player whom nobody knew gets an empty bag. */
export async function takeOver(
  tx: Tx,
  of: { readonly player: string; readonly owner: string; readonly atMs: number },
): Promise<PlayerRecord> {
  const { player, owner } = of;
  const atMs = Math.trunc(of.atMs);
  await tx.run(
    `INSERT INTO player (player, epoch, version, owner, capacity, profile, ledger_number, created_at_ms, changed_at_ms)
     VALUES (?, 1, 0, ?, ?, ?, 0, ?, ?)
     ON CONFLICT (player) DO UPDATE SET epoch = player.epoch + 1, owner = excluded.owner`,
    [player, owner, BAG_CAPACITY, EMPTY_PROFILE, atMs, atMs],
  );
  const record = await readPlayer(tx, player);
  if (record === undefined) throw new StoreError("corrupt", `Cannot take over ${player}: its row is not there`);
  return record;
}

export async function readPlayer(tx: Tx, player: string): Promise<PlayerRecord | undefined> {
  const row = await tx.get("SELECT * FROM player WHERE player = ?", [player]);
  if (row === undefined) return undefined;
  const counts = new Map<string, number>();
  for (const item of await tx.all("SELECT item, count FROM player_item WHERE player = ? ORDER BY item", [player])) {
    counts.set(textOf(item, "item"), integerOf(item, "count"));
  }
  const uniques = new Map<string, UniqueItem>();
  for (const unique of await tx.all("SELECT id, item, bytes FROM player_unique WHERE player = ? ORDER BY id", [
    player,
  ])) {
    const id = textOf(unique, "id");
    uniques.set(id, { id, item: textOf(unique, "item"), data: unpackBody(bytesOf(unique, "bytes")) ?? null });
  }
  return {
    player,
    epoch: integerOf(row, "epoch"),
    version: integerOf(row, "version"),
    profile: profileOf(player, bytesOf(row, "profile")),
    capacity: integerOf(row, "capacity"),
    ...{ counts, uniques },
    ledgerNumber: integerOf(row, "ledger_number"),
  };
}

/** How a player is kept. */
export interface KnownPlayer {
  /** The node that has taken the player over last. */
  readonly owner: string;
  readonly epoch: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

export async function lookAt(
  tx: Tx,
  player: string,
): Promise<{ readonly record: PlayerRecord; readonly known: KnownPlayer } | undefined> {
  const record = await readPlayer(tx, player);
  const row = await tx.get("SELECT owner, created_at_ms, changed_at_ms FROM player WHERE player = ?", [player]);
  if (record === undefined || row === undefined) return undefined;
  const known = {
    ...{ owner: textOf(row, "owner"), epoch: record.epoch },
    createdAtMs: integerOf(row, "created_at_ms"),
    changedAtMs: integerOf(row, "changed_at_ms"),
  };
  return { record, known };
}

/** Of whom there are no rows. */
export function unknownPlayer(player: string): PlayerRecord {
  return {
    ...{ player, epoch: 0, version: 0, profile: {}, capacity: BAG_CAPACITY, ledgerNumber: 0 },
    counts: new Map(),
    uniques: new Map(),
  };
}

function profileOf(player: string, bytes: Uint8Array): Profile {
  const parsed = v.safeParse(profileSchema, unpackBody(bytes));
  if (parsed.success) return parsed.output;
  throw new StoreError("corrupt", `Cannot read profile of ${player}: it is no object`);
}

/** Is this record still the truth, and this node's to change? */
export async function isOwned(tx: Tx, { player, epoch, version }: PlayerRecord): Promise<boolean> {
  const row = await tx.get("SELECT epoch, version FROM player WHERE player = ?", [player]);
  return row !== undefined && integerOf(row, "epoch") === epoch && integerOf(row, "version") === version;
}

/** Writes what a change has come to. False: another node has taken the player over, and nothing was written. */
export async function savePlan(
  tx: Tx,
  plan: ChangePlan,
  by: {
    readonly old: PlayerRecord;
    readonly key: string;
    readonly reason: string;
    readonly atMs: number;
  },
): Promise<boolean> {
  const { record, counts, made, taken, lines } = plan;
  const { old } = by;
  const atMs = Math.trunc(by.atMs);
  const { player } = record;
  const { changes } = await tx.run(
    `UPDATE player SET version = ?, capacity = ?, profile = ?, ledger_number = ?, changed_at_ms = ?
     WHERE player = ? AND epoch = ? AND version = ?`,
    [
      ...[record.version, record.capacity, packBody(record.profile), record.ledgerNumber, atMs],
      ...[player, old.epoch, old.version],
    ],
  );
  if (changes === 0) return false;
  for (const { item, count } of counts) {
    if (count === 0) await tx.run("DELETE FROM player_item WHERE player = ? AND item = ?", [player, item]);
    else {
      await tx.run(
        `INSERT INTO player_item (player, item, count) VALUES (?, ?, ?)
         ON CONFLICT (player, item) DO UPDATE SET count = excluded.count`,
        [player, item, count],
      );
    }
  }
  for (const { id } of taken) await tx.run("DELETE FROM player_unique WHERE player = ? AND id = ?", [player, id]);
  for (const { id, item, data } of made) {
    await tx.run("INSERT INTO player_unique (player, id, item, bytes) VALUES (?, ?, ?, ?)", [
      ...[player, id, item],
      packBody(data),
    ]);
  }
  let number = old.ledgerNumber;
  for (const line of lines) {
    number += 1;
    await writeLine(tx, line, { player, number, atMs, version: record.version, key: by.key, reason: by.reason });
  }
  return true;
}

async function writeLine(
  tx: Tx,
  { subject, name, id, before, after, values }: LedgerLine,
  of: {
    readonly player: string;
    readonly number: number;
    readonly atMs: number;
    readonly version: number;
    readonly key: string;
    readonly reason: string;
  },
): Promise<void> {
  await tx.run(
    `INSERT INTO player_ledger
       (player, number, at_ms, version, key, reason, subject, name, id, before_count, after_count, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[of.player, of.number, of.atMs, of.version, of.key, of.reason, subject, name, id, before, after],
      values === undefined ? null : packBody(values),
    ],
  );
}

/** What the change of this key has come to, with why it was made. */
export async function keptOutcome(
  tx: Tx,
  of: { readonly player: string; readonly key: string },
): Promise<{ readonly reason: string; readonly outcome: ChangeOutcome } | undefined> {
  const row = await tx.get("SELECT reason, bytes FROM player_key WHERE player = ? AND key = ?", [of.player, of.key]);
  if (row === undefined) return undefined;
  const parsed = v.safeParse(changeOutcomeSchema, unpackBody(bytesOf(row, "bytes")));
  if (!parsed.success) throw new StoreError("corrupt", `Cannot read outcome of ${of.key} of ${of.player}`);
  return { reason: textOf(row, "reason"), outcome: parsed.output };
}

/** `expiresAtMs` undefined: it is kept until `settleKey`. */
export async function keepOutcome(
  tx: Tx,
  of: {
    readonly player: string;
    readonly key: string;
    readonly reason: string;
    readonly outcome: ChangeOutcome;
    readonly expiresAtMs: number | undefined;
  },
): Promise<void> {
  await tx.run("INSERT INTO player_key (player, key, reason, bytes, expires_at_ms) VALUES (?, ?, ?, ?, ?)", [
    ...[of.player, of.key, of.reason],
    packBody(of.outcome),
    of.expiresAtMs === undefined ? null : Math.trunc(of.expiresAtMs),
  ]);
}
