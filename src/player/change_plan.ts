/**
 * What a change does to a player's data: pure. Answers the data after it with the rows that it writes, or why nothing of
 * it can be done. Keys are not looked at here, nor whether this node owns the player.
 */

import { packBody } from "#wire/body.ts";
import type { ItemKinds } from "./item_kinds.ts";
import { ITEM_LENGTH_MAX } from "./item_kinds.ts";
import type { ItemCount, PlayerChange, Refused } from "./player_change.ts";
import { ChangeFault } from "./change_fault.ts";
import { MADE_MAX, PROFILE_FIELDS_MAX } from "./player_change.ts";
import type { PlayerRecord, PlayerView, Profile, UniqueItem } from "./player_record.ts";
import {
  BAG_CAPACITY_MAX,
  COUNT_MAX,
  ITEM_NAMES_SIZE_MAX,
  ITEMS_OWNED_MAX,
  PROFILE_SIZE_MAX,
  UNIQUES_SIZE_MAX,
  UNIQUE_SIZE_MAX,
} from "./player_record.ts";

/** One row of the ledger. `before` and `after`: how much there was of it; of a field of the profile 1 when it was there. */
export interface LedgerLine {
  readonly subject: "item" | "unique" | "profile" | "capacity";
  /** The item, or the field. */
  readonly name: string;
  /** Of a unique item; else empty. */
  readonly id: string;
  readonly before: number;
  readonly after: number;
  /** Of a field: its values. Of a unique item: its data. */
  readonly values?: { readonly before?: unknown; readonly after?: unknown };
}

export interface ChangePlan {
  readonly kind: "ok";
  readonly record: PlayerRecord;
  readonly lines: readonly LedgerLine[];
  /** As they are afterwards; 0: it is gone. */
  readonly counts: readonly ItemCount[];
  readonly made: readonly UniqueItem[];
  readonly taken: readonly UniqueItem[];
  readonly items: readonly ItemCount[];
}

export interface PlanOptions {
  readonly kinds: ItemKinds;
  /** Another one with each call. */
  readonly nextId: () => string;
}

export function planChange(
  record: PlayerRecord,
  change: PlayerChange,
  { kinds, nextId }: PlanOptions,
): ChangePlan | Refused {
  if (change.ifVersion !== undefined && change.ifVersion !== record.version) {
    return { kind: "stale", version: record.version };
  }
  const sums = new Map<string, number>();
  const made: UniqueItem[] = [];
  const taken: UniqueItem[] = [];
  const uniques = new Map(record.uniques);
  for (const entry of change.items ?? []) {
    if ("take" in entry) {
      const found = uniques.get(entry.take);
      if (found === undefined) return { kind: "no_item", id: entry.take };
      uniques.delete(entry.take);
      taken.push(found);
    } else if (kinds.of(entry.item).kind === "unique" && !(entry.count < 0 && record.counts.has(entry.item))) {
      if (entry.count < 0) {
        throw new ChangeFault(`Cannot take ${-entry.count} of ${entry.item}: unique items are taken by their id`);
      }
      if (made.length + entry.count > MADE_MAX) {
        return { kind: "too_much", detail: `more than ${MADE_MAX} unique items in one change` };
      }
      const data = entry.data ?? null;
      if (packBody(data).length > UNIQUE_SIZE_MAX) {
        return { kind: "too_much", detail: `data of ${entry.item} has more than ${UNIQUE_SIZE_MAX} bytes` };
      }
      for (let count = 0; count < entry.count; count += 1) made.push({ id: nextId(), item: entry.item, data });
    } else {
      // Of a unique item too, as long as there are some that were stacked before it was declared.
      sums.set(entry.item, (sums.get(entry.item) ?? 0) + entry.count);
    }
  }
  for (const unique of made) uniques.set(unique.id, unique);

  const counts = new Map(record.counts);
  const changed: ItemCount[] = [];
  const lines: LedgerLine[] = [];
  for (const [item, sum] of sums) {
    if (sum === 0) continue;
    const before = record.counts.get(item) ?? 0;
    const after = before + sum;
    if (after < 0) return { kind: "short", item, found: before, wanted: -sum };
    if (after > COUNT_MAX) return { kind: "too_much", detail: `more than ${COUNT_MAX} of ${item}` };
    if (after === 0) counts.delete(item);
    else counts.set(item, after);
    changed.push({ item, count: after });
    lines.push({ subject: "item", name: item, id: "", before, after });
  }
  for (const { id, item, data } of taken) {
    lines.push({ subject: "unique", name: item, id, before: 1, after: 0, values: { before: data } });
  }
  for (const { id, item, data } of made) {
    lines.push({ subject: "unique", name: item, id, before: 0, after: 1, values: { after: data } });
  }

  const profile = planProfile(record.profile, change.profile ?? {}, lines);
  const capacity = Math.max(0, record.capacity + (change.capacity ?? 0));
  if (capacity !== record.capacity) {
    lines.push({ subject: "capacity", name: "", id: "", before: record.capacity, after: capacity });
  }
  const next: PlayerRecord = {
    ...record,
    version: record.version + 1,
    ledgerNumber: record.ledgerNumber + lines.length,
    ...{ profile, capacity, counts, uniques },
  };
  const refused = beyondLimits(record, next, kinds);
  if (refused !== undefined) return refused;
  return { kind: "ok", record: next, lines, counts: changed, made, taken, items: netItems(lines) };
}

/** Adds what changes to the lines. */
function planProfile(old: Profile, fields: Profile, lines: LedgerLine[]): Profile {
  const next: Record<string, unknown> = { ...old };
  for (const [name, value] of Object.entries(fields)) {
    const before = Object.hasOwn(old, name) ? old[name] : undefined;
    if (value === null || value === undefined) {
      if (before === undefined) continue;
      delete next[name];
      lines.push({ subject: "profile", name, id: "", before: 1, after: 0, values: { before } });
    } else {
      next[name] = value;
      const had = before === undefined ? 0 : 1;
      lines.push({ subject: "profile", name, id: "", before: had, after: 1, values: { before, after: value } });
    }
  }
  return next;
}

/** What has grown must stay within the limits; what is beyond them already may become less. */
function beyondLimits(old: PlayerRecord, next: PlayerRecord, kinds: ItemKinds): Refused | undefined {
  const places = usedPlaces(next, kinds);
  if (places > next.capacity && places > usedPlaces(old, kinds)) {
    return { kind: "full", places, capacity: next.capacity };
  }
  const beyond = (what: string, limit: number, of: (record: PlayerRecord) => number): string | undefined => {
    const found = of(next);
    return found > limit && found > of(old) ? `${what}: ${found}, limit is ${limit}` : undefined;
  };
  const fieldsOf = ({ profile }: PlayerRecord): number => Object.keys(profile).length;
  const detail =
    beyond("places of the bag", BAG_CAPACITY_MAX, ({ capacity }) => capacity) ??
    beyond("different items", ITEMS_OWNED_MAX, ({ counts }) => counts.size) ??
    (next.counts.size > old.counts.size
      ? beyond("bytes of items' names", ITEM_NAMES_SIZE_MAX, namesSize)
      : undefined) ??
    (next.profile === old.profile ? undefined : beyond("fields of the profile", PROFILE_FIELDS_MAX, fieldsOf)) ??
    (next.profile === old.profile
      ? undefined
      : beyond("bytes of the profile", PROFILE_SIZE_MAX, ({ profile }) => packBody(profile).length)) ??
    (next.uniques === old.uniques ? undefined : beyond("bytes of unique items", UNIQUES_SIZE_MAX, uniquesSize));
  return detail === undefined ? undefined : { kind: "too_much", detail };
}

function namesSize({ counts }: PlayerRecord): number {
  // A name has at most three bytes for each of its units: most bags need no exact look.
  if (counts.size * ITEM_LENGTH_MAX * 3 <= ITEM_NAMES_SIZE_MAX) return 0;
  return packBody([...counts.keys()]).length;
}

function uniquesSize({ uniques }: PlayerRecord): number {
  let size = 0;
  for (const unique of uniques.values()) size += packBody(unique).length;
  return size;
}

export function usedPlaces({ counts, uniques }: PlayerRecord, kinds: ItemKinds): number {
  let places = uniques.size;
  for (const [item, count] of counts) places += kinds.places(item, count);
  return places;
}

function netItems(lines: readonly LedgerLine[]): ItemCount[] {
  const sums = new Map<string, number>();
  for (const { subject, name, before, after } of lines) {
    if (subject === "item" || subject === "unique") sums.set(name, (sums.get(name) ?? 0) + after - before);
  }
  return [...sums].map(([item, count]) => ({ item, count }));
}

export function viewOf(record: PlayerRecord, kinds: ItemKinds): PlayerView {
  const { player, version, profile, capacity, counts, uniques } = record;
  const items = [...counts].map(([item, count]) => ({ item, count }));
  return {
    ...{ player, version, profile },
    bag: {
      ...{ capacity, used: usedPlaces(record, kinds) },
      items: items.toSorted((a, b) => (a.item < b.item ? -1 : 1)),
      uniques: [...uniques.values()],
    },
  };
}
