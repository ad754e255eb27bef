/**
 * Groups by age. Pure.
 *
 *   1. A shard is in the band that its age falls into.
 *   2. Folding, from the youngest band to the oldest: a band with fewer shards than the least size joins the next older
 *      one that has any; what is left over at the old end joins the groups before it. Bands without shards are nothing.
 *   3. Cutting: what was folded together is put into the order of opening time, then number, and cut into parts whose
 *      sizes differ by one at most: as many as bring them nearest to the target without one below the least size.
 *
 * So with 1 <= leastSize <= targetSize every group has less than twice the target, and none is below the least size
 * unless it is the only one.
 */

import type { BandsRule } from "./groups_rule.ts";
import { shardDayOf } from "../shards/shard_day.ts";
import type { ShardFacts } from "../shards/shard_facts.ts";

export interface Group {
  readonly name: string;
  /** By number. */
  readonly shards: readonly number[];
}

export interface Ungrouped {
  readonly shard: number;
  /** In words, to follow "shard 3 has no group: ". */
  readonly reason: string;
}

/** Bands that form groups together: those from `first` to `last`. */
interface Run {
  readonly first: number;
  last: number;
  readonly shards: ShardFacts[];
}

export function divideByBands(
  rule: BandsRule,
  living: readonly ShardFacts[],
  atMs: number,
): { readonly groups: readonly Group[]; readonly ungrouped: readonly Ungrouped[] } {
  const ungrouped: Ungrouped[] = [];
  const inBands: ShardFacts[][] = rule.bands.map(() => []);
  for (const facts of living) {
    const age = shardDayOf(facts, atMs);
    if (age.kind === "unknown") {
      ungrouped.push({ shard: facts.shard, reason: age.reason });
      continue;
    }
    const band = rule.bands.findIndex(({ fromDay, toDay = Infinity }) => age.day >= fromDay && age.day <= toDay);
    const found = inBands[band];
    if (found === undefined) ungrouped.push({ shard: facts.shard, reason: outside(age.day) });
    else found.push(facts);
  }
  return { groups: fold(inBands, rule.leastSize).flatMap((run) => cut(run, rule)), ungrouped };
}

function outside(day: number): string {
  if (day < 1) return `it has not opened: its first day is in ${1 - day} days`;
  return `it is in its day ${day}, which is in no band of the rule`;
}

function fold(inBands: readonly (readonly ShardFacts[])[], leastSize: number): Run[] {
  const runs: Run[] = [];
  let small: Run | undefined;
  for (const [index, shards] of inBands.entries()) {
    if (shards.length === 0) continue;
    const run: Run = { first: small?.first ?? index, last: index, shards: [...(small?.shards ?? []), ...shards] };
    small = run.shards.length < leastSize ? run : undefined;
    if (small === undefined) runs.push(run);
  }
  if (small === undefined) return runs;
  const before = runs.at(-1);
  if (before === undefined) return [small];
  before.last = small.last;
  before.shards.push(...small.shards);
  return runs;
}

function cut(run: Run, rule: BandsRule): Group[] {
  const ordered = run.shards.toSorted((a, b) => (a.openedAtMs ?? 0) - (b.openedAtMs ?? 0) || a.shard - b.shard);
  const name = `days-${rule.bands[run.first]?.fromDay}-${rule.bands[run.last]?.toDay ?? "up"}`;
  const parts = partCount(ordered.length, rule);
  const size = Math.floor(ordered.length / parts);
  const larger = ordered.length % parts;
  return Array.from({ length: parts }, (_, part) => {
    const from = part * size + Math.min(part, larger);
    const shards = ordered.slice(from, from + size + (part < larger ? 1 : 0)).map(({ shard }) => shard);
    return {
      name: parts === 1 ? name : `${name}-part-${part + 1}`,
      shards: shards.toSorted((a, b) => a - b),
    };
  });
}

function partCount(count: number, { targetSize, leastSize }: BandsRule): number {
  return Math.max(1, Math.min(Math.round(count / targetSize), Math.floor(count / leastSize)));
}
