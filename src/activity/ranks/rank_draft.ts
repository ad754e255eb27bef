/**
 * Changes of one ranking that are not committed yet, over the ranking as it is: reads see them, the ranking does not
 * until `apply`. What one report has changed can be undone by itself. Pure.
 */

import type { RankEntry } from "./rank_order.ts";
import { SUBJECT, compareEntries } from "./rank_order.ts";
import type { Ranking } from "./ranking.ts";
import { RANK_ENTRIES_MAX } from "./ranking.ts";
import { Refusal } from "../reports/refusal.ts";

export interface RankDraftOptions {
  readonly name: string;
  readonly base: Ranking;
  /** Default: RANK_ENTRIES_MAX. */
  readonly entriesMax?: number | undefined;
  /** A subject was refused since there are too many. */
  readonly full?: (() => void) | undefined;
}

/** Whose change it is. */
export interface RankBy {
  readonly atMs: number;
  /** 0: of no shard. */
  readonly shard: number;
  /** Whoever else is ranked by it keeps the shard that he has. Undefined: whoever is ranked. */
  readonly player?: string | undefined;
}

export class RankDraft {
  readonly #options: RankDraftOptions;
  readonly #changed = new Map<string, RankEntry>();
  /** What the report under way has replaced, the latest last. */
  readonly #undo: (readonly [string, RankEntry | undefined])[] = [];
  #added = 0;
  #sequence: number;
  /** The changed entries as they were and as they will be, each in order; undefined after a change. */
  #sorted: { readonly before: readonly RankEntry[]; readonly after: readonly RankEntry[] } | undefined;

  constructor(options: RankDraftOptions) {
    this.#options = options;
    this.#sequence = options.base.nextSequence;
  }

  get size(): number {
    return this.#options.base.size + this.#added;
  }

  get(subject: string): RankEntry | undefined {
    return this.#changed.get(subject) ?? this.#options.base.get(subject);
  }

  /**
   * The same score again changes nothing. Throws TypeError for a subject or a score that can't be one, Refusal for a
   * subject beyond the limit.
   */
  set(subject: string, score: number, by: RankBy): void {
    const { name, full, entriesMax = RANK_ENTRIES_MAX } = this.#options;
    if (typeof subject !== "string" || !SUBJECT.test(subject)) {
      throw new TypeError(`Cannot rank in ${name}: subject is ${quoted(subject)}, allowed is ${SUBJECT.source}`);
    }
    if (typeof score !== "number" || !Number.isFinite(score)) {
      throw new TypeError(`Cannot rank ${subject} in ${name}: score is ${quoted(score)}, allowed is a finite number`);
    }
    const before = this.get(subject);
    if (before !== undefined && before.score === score) return;
    const isNew = before === undefined;
    if (isNew && this.size >= entriesMax) {
      full?.();
      throw new Refusal(`the ranking ${name} is full: it has ${this.size} entries, limit is ${entriesMax}`);
    }
    this.#undo.push([subject, this.#changed.get(subject)]);
    const isOther = by.player !== undefined && by.player !== subject;
    const shard = by.shard === 0 || isOther ? (before?.shard ?? by.shard) : by.shard;
    // Adding zero makes one zero of the two that there are.
    this.#changed.set(subject, { subject, score: score + 0, atMs: by.atMs, sequence: this.#sequence, shard });
    this.#sequence += 1;
    this.#sorted = undefined;
    if (isNew) this.#added += 1;
  }

  add(subject: string, delta: number, by: RankBy): void {
    if (typeof delta !== "number" || !Number.isFinite(delta)) {
      const { name } = this.#options;
      throw new TypeError(`Cannot rank ${subject} in ${name}: ${quoted(delta)} to add, allowed is a finite number`);
    }
    this.set(subject, (this.get(subject)?.score ?? 0) + delta, by);
  }

  /** What was changed until now stays, whatever `undo` does later. */
  keep(): void {
    this.#undo.length = 0;
  }

  /** Back to the last `keep`. */
  undo(): void {
    for (let last = this.#undo.pop(); last !== undefined; last = this.#undo.pop()) {
      const [subject, entry] = last;
      if (entry !== undefined) this.#changed.set(subject, entry);
      else {
        this.#changed.delete(subject);
        if (this.#options.base.get(subject) === undefined) this.#added -= 1;
      }
      this.#sorted = undefined;
    }
  }

  /** The new entries, one per subject that was touched. */
  changed(): readonly RankEntry[] {
    return [...this.#changed.values()];
  }

  /** With the changes. Throws what the order throws. */
  placeOf(subject: string): number | undefined {
    const { base } = this.#options;
    const entry = this.get(subject);
    if (entry === undefined) return undefined;
    const { before, after } = this.#sort();
    return base.countBefore(entry) - this.#countBefore(before, entry) + this.#countBefore(after, entry) + 1;
  }

  /** All entries with the changes, in order. Throws what the order throws. */
  *entries(): Generator<RankEntry, void> {
    const { base } = this.#options;
    const { after } = this.#sort();
    let next = 0;
    for (const entry of base.entries()) {
      if (this.#changed.has(entry.subject)) continue;
      for (let change = after[next]; change !== undefined; change = after[next]) {
        if (compareEntries(base.order, change, entry) > 0) break;
        yield change;
        next += 1;
      }
      yield entry;
    }
    yield* after.slice(next);
  }

  /** Makes the changes in the ranking itself, once. Throws OrderFault: the ranking is to be read again then. */
  apply(): void {
    for (const entry of this.#changed.values()) this.#options.base.put(entry);
    this.#changed.clear();
    this.#undo.length = 0;
    this.#sorted = undefined;
    this.#added = 0;
  }

  #sort(): { readonly before: readonly RankEntry[]; readonly after: readonly RankEntry[] } {
    if (this.#sorted !== undefined) return this.#sorted;
    const { base } = this.#options;
    const byOrder = (a: RankEntry, b: RankEntry): number => compareEntries(base.order, a, b);
    const before = [...this.#changed.keys()].flatMap((subject) => base.get(subject) ?? []).toSorted(byOrder);
    this.#sorted = { before, after: this.changed().toSorted(byOrder) };
    return this.#sorted;
  }

  #countBefore(sorted: readonly RankEntry[], entry: RankEntry): number {
    const { order } = this.#options.base;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareEntries(order, sorted[middle] as RankEntry, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function quoted(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
}
