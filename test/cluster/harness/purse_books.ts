/**
 * The database of a shard whose processes have ended, read for what its players have: what the ledger says of every change,
 * and what there is. Judges nothing but what is wrong within a player's own rows.
 */

import { join } from "node:path";
import type { ChangeOutcome } from "#player/player_change.ts";
import { keptOutcome } from "#player/player_table.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import type { Acknowledged } from "./purse_player.ts";

export interface Books {
  /** The `user` node that had the player last. */
  readonly owner: string;
  readonly changes: readonly Acknowledged[];
  readonly version: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly swords: readonly string[];
  /** Kept keys, and the version that each was answered with. */
  readonly keys: Readonly<Record<string, number>>;
  /** What does not go together. */
  readonly faults: readonly string[];
}

interface OpenChange {
  readonly version: number;
  readonly key: string;
  readonly reason: string;
  readonly items: Record<string, number>;
  readonly made: string[];
  readonly taken: string[];
}

const KEY_PREFIX = "change:";

/** By player. */
export async function booksOf(folder: string, shard: number): Promise<ReadonlyMap<string, Books>> {
  const path = join(folder, "data", `shard-${shard}`, "players.sqlite");
  const store = openSqliteStore({ path, clock: bunClock });
  try {
    return await store.transaction(async (tx) => {
      const books = new Map<string, Books>();
      for (const row of await tx.all("SELECT * FROM player ORDER BY player")) {
        books.set(textOf(row, "player"), await bookOf(tx, row));
      }
      return books;
    });
  } finally {
    await store.close();
  }
}

async function bookOf(tx: Tx, row: Row): Promise<Books> {
  const player = textOf(row, "player");
  const faults: string[] = [];
  const counts = new Map<string, number>();
  const swords = new Set<string>();
  const changes = new Map<number, OpenChange>();
  const lines = await tx.all("SELECT * FROM player_ledger WHERE player = ? ORDER BY number", [player]);
  for (const [index, line] of lines.entries()) {
    const number = integerOf(line, "number");
    if (number !== index + 1) faults.push(`row ${number} of the ledger stands at place ${index + 1}`);
    enter(line, { counts, swords, changes, faults });
  }
  if (integerOf(row, "ledger_number") !== lines.length) faults.push(`the ledger has ${lines.length} rows`);
  const items = await tx.all("SELECT item, count FROM player_item WHERE player = ? ORDER BY item", [player]);
  const there = Object.fromEntries(items.map((item) => [textOf(item, "item"), integerOf(item, "count")]));
  const summed = Object.fromEntries(
    [...counts].filter(([, count]) => count !== 0).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  if (JSON.stringify(there) !== JSON.stringify(summed)) faults.push(`items by the ledger: ${JSON.stringify(summed)}`);
  const uniques = await tx.all("SELECT id FROM player_unique WHERE player = ? ORDER BY id", [player]);
  const owned = uniques.map((unique) => textOf(unique, "id"));
  if (owned.join() !== [...swords].toSorted().join()) faults.push(`swords by the ledger: ${[...swords].join()}`);
  const kept = await tx.all("SELECT key FROM player_key WHERE player = ? ORDER BY key", [player]);
  const keys: Record<string, number> = {};
  for (const { key } of kept.map((each) => ({ key: textOf(each, "key") }))) {
    keys[key.slice(KEY_PREFIX.length)] = versionOf((await keptOutcome(tx, { player, key }))?.outcome);
  }
  const version = integerOf(row, "version");
  const owner = textOf(row, "owner");
  return { owner, changes: [...changes.values()].map(closed), version, counts: there, swords: owned, keys, faults };
}

/** A row of the ledger into the change that it belongs to. */
function enter(
  line: Row,
  books: {
    readonly counts: Map<string, number>;
    readonly swords: Set<string>;
    readonly changes: Map<number, OpenChange>;
    readonly faults: string[];
  },
): void {
  const { counts, swords, changes, faults } = books;
  const version = integerOf(line, "version");
  const key = textOf(line, "key").slice(KEY_PREFIX.length);
  const reason = textOf(line, "reason");
  const name = textOf(line, "name");
  const id = textOf(line, "id");
  const before = integerOf(line, "before_count");
  const after = integerOf(line, "after_count");
  const change = changes.get(version) ?? { version, key, reason, items: {}, made: [], taken: [] };
  changes.set(version, change);
  if (change.key !== key) faults.push(`version ${version} is of ${change.key} and of ${key}`);
  change.items[name] = (change.items[name] ?? 0) + after - before;
  if (id === "") {
    if ((counts.get(name) ?? 0) !== before) faults.push(`${key} found ${before} of ${name}`);
    counts.set(name, after);
  } else if (after === 1) {
    if (swords.has(id)) faults.push(`${key} made ${id}, which was there`);
    swords.add(id);
    change.made.push(id);
  } else {
    if (!swords.delete(id)) faults.push(`${key} took ${id}, which was not there`);
    change.taken.push(id);
  }
}

function versionOf(outcome: ChangeOutcome | undefined): number {
  return outcome?.kind === "ok" ? outcome.version : Number.NaN;
}

function closed(change: OpenChange): Acknowledged {
  const reason = change.reason === "purse.gift" ? "purse.gift" : "purse.change";
  return { ...change, reason };
}
