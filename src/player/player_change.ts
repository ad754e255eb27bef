/**
 * A change of a player's data, as it is asked for, and what came of it: types, schemas and limits. All of a change holds,
 * or nothing of it.
 */

import * as v from "valibot";
import { ITEM_COUNT_MAX, playerSchema } from "#delivery/reward.ts";
import { packBody, unpackBody } from "#wire/body.ts";
import { ITEM_LENGTH_MAX } from "./item_kinds.ts";
import { BAG_CAPACITY_MAX } from "./player_record.ts";

export const CHANGE_KEY_LENGTH_MAX = 128;
export const CHANGE_ITEMS_MAX = 128;
export const PROFILE_FIELDS_MAX = 64;
/** Unique items that one change makes. */
export const MADE_MAX = 200;
export const REASON = /^[a-z][a-z0-9_.]{0,63}$/;

const item = v.pipe(v.string(), v.minLength(1), v.maxLength(ITEM_LENGTH_MAX));
const nonZero = v.check((count: number) => count !== 0, "must not be 0");
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
/** Readers of records leave these out, so that they could not be kept. */
const NO_FIELDS = ["__proto__", "constructor", "prototype"];
const uniqueId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

export const itemChangeSchema = v.union([
  v.strictObject({
    item,
    count: v.pipe(v.number(), v.safeInteger(), v.minValue(-ITEM_COUNT_MAX), v.maxValue(ITEM_COUNT_MAX), nonZero),
    data: v.optional(v.unknown()),
  }),
  v.strictObject({ take: uniqueId }),
]);

export const playerChangeSchema = v.strictObject({
  key: v.pipe(v.string(), v.minLength(1), v.maxLength(CHANGE_KEY_LENGTH_MAX)),
  reason: v.pipe(v.string(), v.regex(REASON)),
  items: v.optional(v.pipe(v.array(itemChangeSchema), v.maxLength(CHANGE_ITEMS_MAX))),
  profile: v.optional(
    v.pipe(
      v.custom<Record<string, unknown>>(
        (value) => isObject(value) && !NO_FIELDS.some((name) => Object.hasOwn(value, name)),
        `must be an object, without the fields ${NO_FIELDS.join(", ")}`,
      ),
      v.record(v.pipe(v.string(), v.minLength(1), v.maxLength(ITEM_LENGTH_MAX)), v.unknown()),
    ),
  ),
  capacity: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-BAG_CAPACITY_MAX), v.maxValue(BAG_CAPACITY_MAX))),
  ifVersion: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
});

export type ItemChange =
  /** `count` of it more, or fewer when it is negative. `data`: of each unique item that is made. */
  | { readonly item: string; readonly count: number; readonly data?: unknown }
  /** The unique item of this id is taken away. */
  | { readonly take: string };

export interface PlayerChange {
  /**
   * Of this change alone: another one with this key does nothing, and answers as the first did, whatever else it says.
   * Kept for CHANGE_KEY_KEPT_MS.
   */
  readonly key: string;
  /** [a-z][a-z0-9_.]*: what the ledger says. */
  readonly reason: string;
  readonly items?: readonly ItemChange[] | undefined;
  /** Fields that get this value; null takes one away. */
  readonly profile?: Readonly<Record<string, unknown>> | undefined;
  /** Places of the bag more or fewer. */
  readonly capacity?: number | undefined;
  /** Only if nothing has changed since a view of this version. */
  readonly ifVersion?: number | undefined;
}

export interface ItemCount {
  readonly item: string;
  readonly count: number;
}

export type Refused =
  /** There is less of it than is to be taken. */
  | { readonly kind: "short"; readonly item: string; readonly found: number; readonly wanted: number }
  /** The player has no unique item of this id. */
  | { readonly kind: "no_item"; readonly id: string }
  /** More places than the bag has. */
  | { readonly kind: "full"; readonly places: number; readonly capacity: number }
  /** Beyond one of the limits of player_record.ts. */
  | { readonly kind: "too_much"; readonly detail: string }
  /** The key was used for another reason. */
  | { readonly kind: "conflict"; readonly detail: string }
  /** `ifVersion` is no more. */
  | { readonly kind: "stale"; readonly version: number };

export type ChangeOutcome =
  | {
      readonly kind: "ok";
      /** Of the player's data, when it was done. */
      readonly version: number;
      /** It was done before. */
      readonly repeated: boolean;
      /** What it came to, by name; negative is less. Of a repeated one: what it came to when it was done. */
      readonly items: readonly ItemCount[];
      /** The unique items that it made. */
      readonly made: readonly { readonly id: string; readonly item: string }[];
    }
  | Refused;

const refusedSchemas = [
  v.object({ kind: v.literal("short"), item: v.string(), found: v.number(), wanted: v.number() }),
  v.object({ kind: v.literal("no_item"), id: v.string() }),
  v.object({ kind: v.literal("full"), places: v.number(), capacity: v.number() }),
  v.object({ kind: v.literal("too_much"), detail: v.string() }),
  v.object({ kind: v.literal("conflict"), detail: v.string() }),
  v.object({ kind: v.literal("stale"), version: v.number() }),
] as const;

const okSchema = v.object({
  kind: v.literal("ok"),
  version: v.number(),
  repeated: v.boolean(),
  items: v.array(v.object({ item: v.string(), count: v.number() })),
  made: v.array(v.object({ id: v.string(), item: v.string() })),
});

export const changeOutcomeSchema = v.variant("kind", [okSchema, ...refusedSchemas]);

/** Of a mail whose items are taken into the bag. */
export type ClaimOutcome =
  | ChangeOutcome
  /** The player has no such mail. */
  | { readonly kind: "no_mail" }
  | { readonly kind: "expired" };

export const claimOutcomeSchema = v.variant("kind", [
  okSchema,
  ...refusedSchemas,
  v.object({ kind: v.literal("no_mail") }),
  v.object({ kind: v.literal("expired") }),
]);

/**
 * The change as it is now, which shares nothing with what was given. Throws TypeError, and BodyError for data that is not
 * plain: a change that can't be one is a fault of the module that asks for it.
 */
export function ownChange(player: string, change: PlayerChange): PlayerChange {
  if (!v.is(playerSchema, player)) throw new TypeError("Cannot change data: no player can have such a name");
  const parsed = v.safeParse(playerChangeSchema, unpackBody(packBody(change)));
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TypeError(`Cannot change data of ${player}: ${v.getDotPath(issue) ?? "change"}: ${issue.message}`);
}
