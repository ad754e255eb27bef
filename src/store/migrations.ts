/**
 * Migrations: the ordered statements that bring a database to the shape that this release expects. Each layer that
 * stores something has a set of its own; within a set the order is fixed for ever and entries are only appended.
 * All that is missing is applied in one transaction: a start that is cut short leaves the old shape whole.
 *
 * Refused: a database that has entries or sets which this release does not know (a newer one wrote it), and an
 * applied entry whose text has changed since. Sets of modules (`module.…`) may be unknown: the module is not loaded.
 */

import type { Digest } from "#base/digest.ts";
import { toHex } from "#base/digest.ts";
import { integerOf, textOf } from "./row.ts";
import type { Store, Tx } from "./store.ts";
import { StoreError } from "./store.ts";

export interface Migration {
  /** Unique in its set; never changed. */
  readonly name: string;
  /** One statement each, in the portable column types. Never changed once released. */
  readonly statements: readonly string[];
}

export interface MigrationSet {
  readonly name: string;
  readonly migrations: readonly Migration[];
}

const MODULE_PREFIX = "module.";
const ENCODER = new TextEncoder();

const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS kuafu_migration (
    set_name TEXT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    PRIMARY KEY (set_name, position)
  )`;

/** Answers the names of what was applied now, as `set/name`. Throws StoreError `newer_release` or `edited_migration`. */
export function migrate(store: Store, sets: readonly MigrationSet[], digest: Digest): Promise<readonly string[]> {
  return store.transaction(async (tx) => {
    await tx.run(CREATE_TABLE);
    await refuseUnknownSets(tx, sets);
    const applied: string[] = [];
    for (const set of sets) applied.push(...(await migrateSet(tx, set, digest)));
    return applied;
  });
}

async function refuseUnknownSets(tx: Tx, sets: readonly MigrationSet[]): Promise<void> {
  const known = new Set(sets.map((set) => set.name));
  for (const row of await tx.all("SELECT DISTINCT set_name FROM kuafu_migration ORDER BY set_name")) {
    const name = textOf(row, "set_name");
    if (known.has(name) || name.startsWith(MODULE_PREFIX)) continue;
    throw new StoreError(
      "newer_release",
      `Cannot use database: it has tables of "${name}", which this release does not know`,
    );
  }
}

async function migrateSet(tx: Tx, set: MigrationSet, digest: Digest): Promise<readonly string[]> {
  const rows = await tx.all(
    "SELECT position, name, checksum FROM kuafu_migration WHERE set_name = ? ORDER BY position",
    [set.name],
  );
  for (const [index, row] of rows.entries()) {
    const found = textOf(row, "name");
    const migration = set.migrations[index];
    if (migration === undefined) {
      throw new StoreError(
        "newer_release",
        `Cannot use database: it has migration "${set.name}/${found}", this release ends at ${set.migrations.length} of them`,
      );
    }
    const isSame =
      integerOf(row, "position") === index &&
      found === migration.name &&
      textOf(row, "checksum") === checksumOf(migration, digest);
    if (isSame) continue;
    throw new StoreError(
      "edited_migration",
      `Cannot use database: applied migration "${set.name}/${found}" differs from "${migration.name}" of this release`,
    );
  }
  const applied: string[] = [];
  for (const [index, migration] of set.migrations.entries()) {
    if (index < rows.length) continue;
    for (const statement of migration.statements) await tx.run(statement);
    await tx.run("INSERT INTO kuafu_migration (set_name, position, name, checksum) VALUES (?, ?, ?, ?)", [
      set.name,
      index,
      migration.name,
      checksumOf(migration, digest),
    ]);
    applied.push(`${set.name}/${migration.name}`);
  }
  return applied;
}

function checksumOf(migration: Migration, digest: Digest): string {
  return toHex(digest.sha256(ENCODER.encode(JSON.stringify([migration.name, ...migration.statements])))).slice(0, 32);
}
