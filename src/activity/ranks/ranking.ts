/**
 * One ranking in memory: entries in their order, in buckets of at most BUCKET_SIZE_MAX, and an index by subject. A
 * place is found in O(log n) comparisons and a sum over the buckets; nothing but entries of its own is kept. Pure.
 *
 * Invariant: no bucket is empty; all entries, bucket after bucket, ascend; the index has exactly them.
 */

import type { RankEntry, RankOrder } from "./rank_order.ts";
import { OrderFault, compareEntries } from "./rank_order.ts";

/** Subjects of one ranking. A report that would add another one is refused. */
export const RANK_ENTRIES_MAX = 1_000_000;
const BUCKET_SIZE_MAX = 512;
/** Two neighbours that are no more than this together become one. */
const BUCKET_SIZE_LOW = BUCKET_SIZE_MAX / 4;

interface Position {
  readonly bucket: number;
  readonly index: number;
}

export class Ranking {
  readonly #order: RankOrder;
  readonly #bySubject = new Map<string, RankEntry>();
  #buckets: RankEntry[][] = [];
  #nextSequence = 1;

  /** In any order, one per subject. Throws OrderFault when the order can't sort them, and what the order throws. */
  constructor(order: RankOrder, entries: readonly RankEntry[] = []) {
    this.#order = order;
    const sorted = entries.toSorted((a, b) => compareEntries(order, a, b));
    for (const [index, entry] of sorted.entries()) {
      const before = sorted[index - 1];
      if (before !== undefined && compareEntries(order, before, entry) >= 0) throw contradiction(before, entry);
      this.#bySubject.set(entry.subject, entry);
      this.#nextSequence = Math.max(this.#nextSequence, entry.sequence + 1);
    }
    const size = BUCKET_SIZE_MAX / 2;
    for (let from = 0; from < sorted.length; from += size) this.#buckets.push(sorted.slice(from, from + size));
  }

  get size(): number {
    return this.#bySubject.size;
  }

  get order(): RankOrder {
    return this.#order;
  }

  /** For the next entry that is put. */
  get nextSequence(): number {
    return this.#nextSequence;
  }

  get(subject: string): RankEntry | undefined {
    return this.#bySubject.get(subject);
  }

  /** Inserts, or moves what is there of that subject. Throws as the constructor; then nothing has changed. */
  put(entry: RankEntry): void {
    const old = this.#bySubject.get(entry.subject);
    const from = old === undefined ? undefined : this.#find(old);
    const to = this.#lowerBound(entry);
    this.#insert(entry, to);
    this.#bySubject.set(entry.subject, entry);
    this.#nextSequence = Math.max(this.#nextSequence, entry.sequence + 1);
    let at = to.bucket;
    if (from !== undefined) {
      const isBehind = from.bucket === to.bucket && from.index >= to.index;
      (this.#buckets[from.bucket] as RankEntry[]).splice(from.index + (isBehind ? 1 : 0), 1);
      if (this.#shrink(from.bucket) && from.bucket < at) at -= 1;
    }
    this.#split(at);
  }

  /** How many are before it; it need not be here. */
  countBefore(entry: RankEntry): number {
    return this.#count(this.#lowerBound(entry));
  }

  /** 1 is the first. Throws OrderFault when the order contradicts itself about it. */
  placeOf(subject: string): number | undefined {
    const entry = this.#bySubject.get(subject);
    if (entry === undefined) return undefined;
    return this.#count(this.#find(entry)) + 1;
  }

  /** From place `offset` + 1 on. */
  slice(offset: number, count: number): readonly RankEntry[] {
    const out: RankEntry[] = [];
    let skipped = 0;
    for (const bucket of this.#buckets) {
      if (out.length >= count) break;
      if (skipped + bucket.length > offset) {
        const start = Math.max(0, offset - skipped);
        out.push(...bucket.slice(start, start + count - out.length));
      }
      skipped += bucket.length;
    }
    return out;
  }

  *entries(): Generator<RankEntry, void> {
    for (const bucket of this.#buckets) yield* bucket;
  }

  #count({ bucket, index }: Position): number {
    let count = index;
    for (let before = 0; before < bucket; before += 1) count += (this.#buckets[before] as RankEntry[]).length;
    return count;
  }

  #find(entry: RankEntry): Position {
    const position = this.#lowerBound(entry);
    const found = this.#buckets[position.bucket]?.[position.index];
    if (found !== entry) throw contradiction(entry, found);
    return position;
  }

  /** Of the first that is not before it. */
  #lowerBound(entry: RankEntry): Position {
    const buckets = this.#buckets;
    let low = 0;
    let high = buckets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const last = (buckets[middle] as RankEntry[]).at(-1) as RankEntry;
      if (compareEntries(this.#order, last, entry) < 0) low = middle + 1;
      else high = middle;
    }
    const bucket = Math.min(low, Math.max(0, buckets.length - 1));
    const entries = buckets[bucket] ?? [];
    let first = 0;
    let end = entries.length;
    while (first < end) {
      const middle = (first + end) >>> 1;
      if (compareEntries(this.#order, entries[middle] as RankEntry, entry) < 0) first = middle + 1;
      else end = middle;
    }
    return { bucket, index: first };
  }

  #insert(entry: RankEntry, { bucket, index }: Position): void {
    const entries = this.#buckets[bucket];
    if (entries === undefined) this.#buckets.push([entry]);
    else entries.splice(index, 0, entry);
  }

  #split(bucket: number): void {
    const entries = this.#buckets[bucket];
    if (entries === undefined || entries.length <= BUCKET_SIZE_MAX) return;
    this.#buckets.splice(bucket, 1, entries.slice(0, BUCKET_SIZE_MAX / 2), entries.slice(BUCKET_SIZE_MAX / 2));
  }

  /** True: the bucket is no more, and those behind it have moved up. */
  #shrink(bucket: number): boolean {
    const entries = this.#buckets[bucket] as RankEntry[];
    if (entries.length > BUCKET_SIZE_LOW) return false;
    const neighbour = this.#buckets[bucket - 1];
    if (entries.length > 0 && (neighbour === undefined || neighbour.length + entries.length > BUCKET_SIZE_LOW))
      return false;
    if (entries.length > 0) neighbour?.push(...entries);
    this.#buckets.splice(bucket, 1);
    return true;
  }
}

function contradiction(a: RankEntry, b: RankEntry | undefined): OrderFault {
  const other = b === undefined ? "nothing" : b.subject;
  return new OrderFault(`Cannot keep ${a.subject} in its place: the order contradicts itself, found ${other} there`);
}
