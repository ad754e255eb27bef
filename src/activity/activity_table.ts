/**
 * The owner's rows: its epoch, and the last word of each of its topics. Functions over a transaction; every write
 * checks that the row is as the caller knew it, so that two processes on one database can't overwrite each other.
 */

import type { MigrationSet } from "#store/migrations.ts";
import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { Version } from "#wire/sync_message.ts";
import type { ActivityContent } from "./content.ts";
import { decodeContent } from "./content.ts";

/** A topic's last word as it is stored and published. */
export interface HeldBase {
  readonly id: string;
  readonly version: Version;
  readonly bytes: Uint8Array;
  /** Wall clock of when the content or the tombstone came to be; a new version of the same bytes keeps it. */
  readonly changedAtMs: number;
}

export type Held = HeldBase &
  ({ readonly kind: "live"; readonly content: ActivityContent } | { readonly kind: "tombstone" });

export const ACTIVITY_MIGRATIONS: MigrationSet = {
  name: "activity",
  migrations: [
    {
      name: "owner_and_topics",
      statements: [
        "CREATE TABLE activity_owner (owner TEXT PRIMARY KEY, epoch BIGINT NOT NULL)",
        `CREATE TABLE activity (
          owner TEXT NOT NULL,
          id TEXT NOT NULL,
          epoch BIGINT NOT NULL,
          revision BIGINT NOT NULL,
          hash TEXT NOT NULL,
          tombstone BIGINT NOT NULL,
          bytes BYTEA NOT NULL,
          changed_at_ms BIGINT NOT NULL,
          PRIMARY KEY (owner, id)
        )`,
      ],
    },
    {
      name: "term_states_and_verb_keys",
      statements: [
        `CREATE TABLE activity_term (
          owner TEXT NOT NULL,
          activity TEXT NOT NULL,
          term TEXT NOT NULL,
          state BYTEA NOT NULL,
          PRIMARY KEY (owner, activity, term)
        )`,
        `CREATE TABLE activity_verb (
          owner TEXT NOT NULL,
          verb_key TEXT NOT NULL,
          request TEXT NOT NULL,
          answer BYTEA NOT NULL,
          at_ms BIGINT NOT NULL,
          PRIMARY KEY (owner, verb_key)
        )`,
      ],
    },
    {
      name: "reports_rankings_and_settlements",
      statements: [
        `CREATE TABLE activity_term_data (
          owner TEXT NOT NULL,
          term TEXT NOT NULL,
          activity TEXT NOT NULL,
          PRIMARY KEY (owner, term)
        )`,
        `CREATE TABLE activity_report (
          owner TEXT NOT NULL,
          term TEXT NOT NULL,
          report_key TEXT NOT NULL,
          player TEXT NOT NULL,
          answer BYTEA NOT NULL,
          PRIMARY KEY (owner, term, report_key)
        )`,
        `CREATE TABLE activity_join (
          owner TEXT NOT NULL,
          term TEXT NOT NULL,
          player TEXT NOT NULL,
          shard BIGINT NOT NULL,
          answer BYTEA NOT NULL,
          PRIMARY KEY (owner, term, player)
        )`,
        `CREATE TABLE activity_rank (
          owner TEXT NOT NULL,
          term TEXT NOT NULL,
          group_name TEXT NOT NULL,
          ranking TEXT NOT NULL,
          subject TEXT NOT NULL,
          score DOUBLE PRECISION NOT NULL,
          at_ms BIGINT NOT NULL,
          sequence BIGINT NOT NULL,
          shard BIGINT NOT NULL,
          PRIMARY KEY (owner, term, group_name, ranking, subject)
        )`,
        `CREATE TABLE activity_settlement (
          owner TEXT NOT NULL,
          term TEXT NOT NULL,
          group_name TEXT NOT NULL,
          ranking TEXT NOT NULL,
          digest TEXT NOT NULL,
          entries BIGINT NOT NULL,
          rewarded BIGINT NOT NULL,
          at_ms BIGINT NOT NULL,
          PRIMARY KEY (owner, term, group_name, ranking)
        )`,
      ],
    },
    {
      name: "deleted_members",
      statements: [
        `CREATE TABLE activity_deleted_member (
          owner TEXT NOT NULL,
          id TEXT NOT NULL,
          at_ms BIGINT NOT NULL,
          PRIMARY KEY (owner, id)
        )`,
      ],
    },
  ],
};

/** 0 for an owner that has never started. */
export async function readEpoch(tx: Tx, owner: NodeId): Promise<number> {
  const row = await tx.get("SELECT epoch FROM activity_owner WHERE owner = ?", [owner]);
  return row === undefined ? 0 : integerOf(row, "epoch");
}

/** Throws StoreError `fenced` unless the epoch still is `from`. */
export async function raiseEpoch(
  tx: Tx,
  owner: NodeId,
  epoch: { readonly from: number; readonly to: number },
): Promise<void> {
  const { changes } =
    epoch.from === 0
      ? await tx.run("INSERT INTO activity_owner (epoch, owner) VALUES (?, ?) ON CONFLICT (owner) DO NOTHING", [
          epoch.to,
          owner,
        ])
      : await tx.run("UPDATE activity_owner SET epoch = ? WHERE owner = ? AND epoch = ?", [
          epoch.to,
          owner,
          epoch.from,
        ]);
  if (changes !== 1) throw fenced(owner, "its epoch has changed");
}

/** Throws StoreError `fenced` unless the epoch still is `epoch`. */
export async function checkEpoch(tx: Tx, owner: NodeId, epoch: number): Promise<void> {
  const found = await readEpoch(tx, owner);
  if (found !== epoch) throw fenced(owner, `its epoch is ${found}, this process took ${epoch}`);
}

/** All rows of the owner, by id. Throws StoreError `corrupt` for one that can't be read. */
export async function readAll(tx: Tx, owner: NodeId): Promise<readonly Held[]> {
  const rows = await tx.all("SELECT * FROM activity WHERE owner = ? ORDER BY id", [owner]);
  return rows.map((row) => {
    const id = textOf(row, "id");
    const base: HeldBase = {
      id,
      version: { epoch: integerOf(row, "epoch"), revision: integerOf(row, "revision"), hash: textOf(row, "hash") },
      bytes: bytesOf(row, "bytes"),
      changedAtMs: integerOf(row, "changed_at_ms"),
    };
    if (integerOf(row, "tombstone") === 1) return { ...base, kind: "tombstone" };
    const decoded = decodeContent(base.bytes, id);
    if (decoded.kind === "bad") throw new StoreError("corrupt", `Cannot read activity ${id}: ${decoded.detail}`);
    return { ...base, kind: "live", content: decoded.content };
  });
}

/** Throws StoreError `fenced` unless the row still is at the version `from`, or is absent when that is undefined. */
export async function write(
  tx: Tx,
  owner: NodeId,
  change: { readonly from: Version | undefined; readonly to: Held },
): Promise<void> {
  const { from, to } = change;
  const values = [
    to.version.epoch,
    to.version.revision,
    to.version.hash,
    to.kind === "tombstone" ? 1 : 0,
    to.bytes,
    Math.trunc(to.changedAtMs),
    owner,
    to.id,
  ];
  const { changes } =
    from === undefined
      ? await tx.run(
          `INSERT INTO activity (epoch, revision, hash, tombstone, bytes, changed_at_ms, owner, id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, id) DO NOTHING`,
          values,
        )
      : await tx.run(
          `UPDATE activity SET epoch = ?, revision = ?, hash = ?, tombstone = ?, bytes = ?, changed_at_ms = ?
           WHERE owner = ? AND id = ? AND epoch = ? AND revision = ?`,
          [...values, from.epoch, from.revision],
        );
  if (changes !== 1) throw fenced(owner, `activity ${to.id} has changed`);
}

export async function erase(tx: Tx, owner: NodeId, held: Held): Promise<void> {
  const { epoch, revision } = held.version;
  const { changes } = await tx.run("DELETE FROM activity WHERE owner = ? AND id = ? AND epoch = ? AND revision = ?", [
    owner,
    held.id,
    epoch,
    revision,
  ]);
  if (changes !== 1) throw fenced(owner, `activity ${held.id} has changed`);
}

function fenced(owner: NodeId, found: string): StoreError {
  return new StoreError("fenced", `Cannot save activities of ${owner}: another process writes them (${found})`);
}
