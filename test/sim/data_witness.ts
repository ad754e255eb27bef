/**
 * Looks at every transaction of the disk that a shard's players are on, before it commits: a player's rows change by one
 * change at a time, under the epoch of the node that writes them, and the ledger says of each what it was before and what
 * it is after. Keeps what is committed, to compare others with it.
 */

import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import { unpackBody } from "#wire/body.ts";
import type { Watcher } from "./crash_points.ts";
import type { Ledger } from "./ledger.ts";

const CAPACITY = 200;

/** A player as it is on the disk. */
export interface WitnessedPlayer {
  readonly epoch: number;
  /** The process that has taken this epoch. */
  readonly life: string;
  readonly version: number;
  readonly ledgerNumber: number;
  readonly counts: ReadonlyMap<string, number>;
  /** By id: which item. */
  readonly uniques: ReadonlyMap<string, string>;
  readonly keys: ReadonlySet<string>;
}

const NOBODY: WitnessedPlayer = {
  ...{ epoch: 0, life: "nobody", version: 0, ledgerNumber: 0 },
  ...{ counts: new Map(), uniques: new Map(), keys: new Set() },
};

export class DataWitness {
  readonly #ledger: Ledger;
  readonly #players = new Map<string, WitnessedPlayer>();
  readonly #nowMs: () => number;
  /** By player and version: what is in the bag, since when. */
  readonly #bags = new Map<string, { readonly bag: string; readonly atMs: number }>();

  constructor(ledger: Ledger, nowMs: () => number) {
    this.#ledger = ledger;
    this.#nowMs = nowMs;
  }

  player(name: string): WitnessedPlayer {
    return this.#players.get(name) ?? NOBODY;
  }

  /** Undefined: there was no such version. */
  bagAt(player: string, version: number): string | undefined {
    return version === 0 ? bagText([], []) : this.#bags.get(`${player} ${version}`)?.bag;
  }

  /** When this version was committed; undefined: it was not. */
  committedAtMs(player: string, version: number): number | undefined {
    return this.#bags.get(`${player} ${version}`)?.atMs;
  }

  watcher(life: string): Watcher {
    return async (tx, tables) => {
      if (![...tables].some((table) => table.startsWith("player"))) return () => undefined;
      const found: (readonly [string, WitnessedPlayer])[] = [];
      for (const row of await tx.all("SELECT player, epoch, version, ledger_number, capacity FROM player")) {
        const next = await this.#look(tx, row, life);
        if (next !== undefined) found.push([textOf(row, "player"), next]);
      }
      return () => {
        for (const [name, next] of found) {
          this.#ledger.note(life, `has committed ${name}: epoch ${next.epoch}, version ${next.version}`);
          this.#players.set(name, next);
          const uniques = [...next.uniques].map(([id, item]) => ({ id, item }));
          const items = [...next.counts].map(([item, count]) => ({ item, count }));
          const key = `${name} ${next.version}`;
          if (!this.#bags.has(key)) this.#bags.set(key, { bag: bagText(items, uniques), atMs: this.#nowMs() });
        }
      };
    };
  }

  /** What the player is after this transaction; undefined: as before. */
  async #look(tx: Tx, row: Row, life: string): Promise<WitnessedPlayer | undefined> {
    const name = textOf(row, "player");
    const before = this.player(name);
    const [epoch, version, number] = [
      integerOf(row, "epoch"),
      integerOf(row, "version"),
      integerOf(row, "ledger_number"),
    ];
    const isTaken = epoch !== before.epoch;
    const isChanged = version !== before.version;
    const wrong = (text: string): void => this.#ledger.violation(`${life} commits for ${name}: ${text}`);
    if (!isTaken && !isChanged) {
      if (number !== before.ledgerNumber) wrong(`rows of the ledger without a version, up to ${number}`);
      return undefined;
    }
    if (isTaken) {
      this.#ledger.count(before === NOBODY ? "players made" : "take-overs");
      if (epoch !== before.epoch + 1) wrong(`epoch ${epoch} after ${before.epoch}`);
      if (isChanged) wrong(`epoch ${epoch} and version ${version} at once`);
      return { ...before, epoch, life };
    }
    this.#ledger.count("changes committed");
    if (before.life !== life) wrong(`version ${version} under epoch ${epoch}, which ${before.life} has taken`);
    if (version !== before.version + 1) wrong(`version ${version} after ${before.version}`);
    if (integerOf(row, "capacity") !== CAPACITY) wrong("another capacity");
    return await this.#changed(tx, { name, before, version, number, wrong });
  }

  async #changed(
    tx: Tx,
    of: {
      readonly name: string;
      readonly before: WitnessedPlayer;
      readonly version: number;
      readonly number: number;
      readonly wrong: (text: string) => void;
    },
  ): Promise<WitnessedPlayer> {
    const { name, before, version, wrong } = of;
    const counts = new Map(before.counts);
    const uniques = new Map(before.uniques);
    const keys = new Set(before.keys);
    const sql = "SELECT * FROM player_ledger WHERE player = ? AND number > ? ORDER BY number";
    let number = before.ledgerNumber;
    const used = new Set<string>();
    for (const line of await tx.all(sql, [name, before.ledgerNumber])) {
      number += 1;
      if (integerOf(line, "number") !== number) wrong(`row ${integerOf(line, "number")} of the ledger, not ${number}`);
      if (integerOf(line, "version") !== version) wrong(`a row of version ${integerOf(line, "version")}`);
      used.add(textOf(line, "key"));
      apply(line, { counts, uniques, wrong });
    }
    if (number !== of.number || number === before.ledgerNumber)
      wrong(`row ${number} is its last, it says ${of.number}`);
    const [key] = used;
    if (used.size !== 1 || key === undefined) wrong(`${used.size} keys in one version`);
    else if (keys.has(key)) wrong(`a change of key ${key} again`);
    else keys.add(key);
    const kept = (await tx.all("SELECT key FROM player_key WHERE player = ?", [name])).map((row) => textOf(row, "key"));
    if (!sameTexts(kept, [...keys])) wrong(`it keeps the keys ${kept.toSorted().join()}`);
    const bag = await readBag(tx, name);
    const wanted = bagText(
      [...counts].map(([item, count]) => ({ item, count })),
      [...uniques].map(([id, item]) => ({ id, item })),
    );
    if (bag !== wanted) wrong(`its bag is ${bag}, by its ledger it is ${wanted}`);
    return { ...before, version, ledgerNumber: number, counts, uniques, keys };
  }
}

/** A row of the ledger on top of what was. */
function apply(
  line: Row,
  to: { readonly counts: Map<string, number>; readonly uniques: Map<string, string>; wrong(text: string): void },
): void {
  const [subject, item, id] = [textOf(line, "subject"), textOf(line, "name"), textOf(line, "id")];
  const [before, after] = [integerOf(line, "before_count"), integerOf(line, "after_count")];
  if (subject === "unique") {
    const was = to.uniques.has(id) ? 1 : 0;
    if (was !== before || after === before) to.wrong(`unique ${id} goes from ${before} to ${after}, it was ${was}`);
    if (after === 1) to.uniques.set(id, item);
    else to.uniques.delete(id);
    return;
  }
  const was = to.counts.get(item) ?? 0;
  if (was !== before) to.wrong(`${item} goes from ${before} to ${after}, it was ${was}`);
  if (after === 0) to.counts.delete(item);
  else to.counts.set(item, after);
}

/** A bag as one text, whoever tells of it. */
export function bagText(
  items: readonly { readonly item: string; readonly count: number }[],
  uniques: readonly { readonly id: string; readonly item: string }[],
): string {
  const all = [
    ...items.map(({ item, count }) => `${item} ${count}`),
    ...uniques.map(({ id, item }) => `${item} ${id}`),
  ];
  return all.toSorted().join(", ");
}

export async function readBag(tx: Tx, player: string): Promise<string> {
  const items = await tx.all("SELECT item, count FROM player_item WHERE player = ?", [player]);
  const uniques = await tx.all("SELECT id, item, bytes FROM player_unique WHERE player = ?", [player]);
  return bagText(
    items.map((row) => ({ item: textOf(row, "item"), count: integerOf(row, "count") })),
    uniques.map((row) => {
      // It can be read.
      unpackBody(bytesOf(row, "bytes"));
      return { id: textOf(row, "id"), item: textOf(row, "item") };
    }),
  );
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.toSorted().join("\n") === b.toSorted().join("\n");
}
