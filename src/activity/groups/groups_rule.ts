/**
 * The rule by which shards are divided into groups, as data: what it may say, and the schema at the door. Whether it
 * fits the shards that there are is for groups_check.ts; what comes of it, for groups.ts.
 */

import * as v from "valibot";
import { unknownField } from "../unknown_field.ts";
import { SHARDS_MAX, shardNumberSchema } from "../shards/shard_facts.ts";

/** No group is ever larger. */
export const GROUP_SIZE_MAX = SHARDS_MAX;
/** A group that a band is cut into has less than twice its target. */
export const TARGET_SIZE_MAX = GROUP_SIZE_MAX / 2;
export const LISTS_MAX = 1024;
export const BANDS_MAX = 64;
/** A hundred years. */
export const BAND_DAY_MAX = 36_525;

/** Age in days: 1 is the opening day. Without `toDay` it has no end. */
export interface Band {
  readonly fromDay: number;
  readonly toDay?: number;
}

export interface ShardList {
  readonly name: string;
  readonly shards: readonly number[];
}

export type GroupRule =
  | { readonly kind: "all" }
  | {
      readonly kind: "lists";
      readonly groups: readonly ShardList[];
      /** What the shards of no list are: without a group, which is said loudly, or not meant at all. Default: ungrouped. */
      readonly rest?: "ungrouped" | "out";
    }
  | {
      readonly kind: "bands";
      /** From young to old, each beginning on the day after the one before ends. */
      readonly bands: readonly Band[];
      /** Shards that a group is to have. */
      readonly targetSize: number;
      /** A group with fewer is folded into a neighbour, where there is one. */
      readonly leastSize: number;
    };

export type BandsRule = GroupRule & { readonly kind: "bands" };
export type ListsRule = GroupRule & { readonly kind: "lists" };

const NAME = "must be 1 to 64 of a-z, 0-9, _ and -, and neither __proto__ nor constructor";
const SIZE = `must be a whole number from 1 to ${TARGET_SIZE_MAX}`;
const DAY = `must be a whole number of days from 1 to ${BAND_DAY_MAX}; 1 is the opening day`;
const LISTS = `must be a list of at most ${LISTS_MAX} groups, each with name and shards`;
const SHARDS = `must be a list of at most ${GROUP_SIZE_MAX} numbers of shards`;
const BANDS = `must be a list of at most ${BANDS_MAX} bands, each with fromDay and toDay`;

const size = v.pipe(v.number(SIZE), v.integer(SIZE), v.minValue(1, SIZE), v.maxValue(TARGET_SIZE_MAX, SIZE));
const day = v.pipe(v.number(DAY), v.integer(DAY), v.minValue(1, DAY), v.maxValue(BAND_DAY_MAX, DAY));
/** Kinds use it as a key of plain objects: nothing may be there before they have put it there. */
const name = v.pipe(v.string(NAME), v.regex(/^(?!(?:__proto__|constructor)$)[a-z0-9_-]{1,64}$/, NAME));

export const groupRuleSchema: v.GenericSchema<GroupRule> = v.variant(
  "kind",
  [
    v.strictObject({ kind: v.literal("all") }, unknownField),
    v.strictObject(
      {
        kind: v.literal("lists"),
        groups: v.pipe(
          v.array(
            v.strictObject(
              {
                name,
                shards: v.pipe(v.array(shardNumberSchema, SHARDS), v.maxLength(GROUP_SIZE_MAX, SHARDS)),
              },
              unknownField,
            ),
            LISTS,
          ),
          v.maxLength(LISTS_MAX, LISTS),
        ),
        rest: v.exactOptional(v.picklist(["ungrouped", "out"], "must be ungrouped or out")),
      },
      unknownField,
    ),
    v.strictObject(
      {
        kind: v.literal("bands"),
        bands: v.pipe(
          v.array(v.strictObject({ fromDay: day, toDay: v.exactOptional(day) }, unknownField), BANDS),
          v.maxLength(BANDS_MAX, BANDS),
        ),
        targetSize: size,
        leastSize: size,
      },
      unknownField,
    ),
  ],
  (issue) => (issue.expected === "Object" ? "must be a rule, an object with kind" : "must be all, lists or bands"),
);
