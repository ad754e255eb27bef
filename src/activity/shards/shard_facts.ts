/**
 * What a shard's own entry in its config says of it: when it opened, where its day begins, and whether it lives on in
 * another shard. Every fact but the number may be missing: then that is what is known.
 */

import * as v from "valibot";
import { NUMBER_MAX } from "#wire/role.ts";

/** Shards that a cluster may have. */
export const SHARDS_MAX = 4096;
/** Of a time zone's name; the longest in use has 32. */
export const ZONE_LENGTH_MAX = 64;

export interface ShardFacts {
  readonly shard: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly openedAtMs: number | undefined;
  /** IANA name. Without one its days are those of UTC. */
  readonly timeZone: string | undefined;
  /** The shard that it was merged into, which may have been merged itself since. */
  readonly mergedInto: number | undefined;
  /** When others were last merged into it, or it into another. Milliseconds since 1970-01-01 UTC. */
  readonly mergedAtMs: number | undefined;
}

/** Milliseconds: the last day that a Date can say, and before 1970 the first. */
const TIME_MAX_MS = 8_640_000_000_000_000;

const NUMBER = `must be the number of a shard, 1 to ${NUMBER_MAX}`;

export const shardNumberSchema = v.pipe(
  v.number(NUMBER),
  v.integer(NUMBER),
  v.minValue(1, NUMBER),
  v.maxValue(NUMBER_MAX, NUMBER),
);

const TIME = `must be a whole number of milliseconds since 1970-01-01 UTC, at most ${TIME_MAX_MS}`;
export const instantSchema = v.pipe(
  v.number(TIME),
  v.safeInteger(TIME),
  v.minValue(-TIME_MAX_MS, TIME),
  v.maxValue(TIME_MAX_MS, TIME),
);

export const shardFactsSchema = v.strictObject({
  shard: shardNumberSchema,
  openedAtMs: v.optional(instantSchema, () => undefined),
  timeZone: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(ZONE_LENGTH_MAX)), () => undefined),
  mergedInto: v.optional(shardNumberSchema, () => undefined),
  mergedAtMs: v.optional(instantSchema, () => undefined),
});

/** A shard of which nothing else is known. */
export function bareFacts(shard: number): ShardFacts {
  return { shard, openedAtMs: undefined, timeZone: undefined, mergedInto: undefined, mergedAtMs: undefined };
}

/** It says more than that there is such a shard. */
export function saysSomething({ shard: _, ...facts }: ShardFacts): boolean {
  return Object.values(facts).some((fact) => fact !== undefined);
}

export function equalFacts(a: ShardFacts, b: ShardFacts): boolean {
  return (
    a.shard === b.shard &&
    a.openedAtMs === b.openedAtMs &&
    a.timeZone === b.timeZone &&
    a.mergedInto === b.mergedInto &&
    a.mergedAtMs === b.mergedAtMs
  );
}

/** "opened 2026-11-01T02:00:00.000Z, Asia/Shanghai, merged into 3", or "nothing". */
export function factsText({ openedAtMs, timeZone, mergedInto, mergedAtMs }: ShardFacts): string {
  const parts = [
    openedAtMs === undefined ? undefined : `opened ${instantText(openedAtMs)}`,
    timeZone,
    mergedInto === undefined ? undefined : `merged into ${mergedInto}`,
    mergedAtMs === undefined ? undefined : `merged ${instantText(mergedAtMs)}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function instantText(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? `${atMs} ms` : date.toISOString();
}
