/**
 * Calls about players' data: what other nodes ask of the `user` node of a player, and what that asks of its shard's center.
 * `unavailable`: nothing was done, and it may be asked again.
 */

import * as v from "valibot";
import { playerSchema } from "#delivery/reward.ts";
import { contract } from "#rpc/contract.ts";
import { LEDGER_PAGE_MAX } from "./ledger_table.ts";
import { changeOutcomeSchema, claimOutcomeSchema, playerChangeSchema } from "./player_change.ts";

const count = v.number();
const optionalNumber = v.optional(v.number(), () => undefined);
const mail = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const storeId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

export const UNAVAILABLE_CODES = ["deadline", "fenced", "overloaded", "closed", "refused", "store"] as const;

export const unavailableSchema = v.object({
  kind: v.literal("unavailable"),
  code: v.picklist(UNAVAILABLE_CODES),
  detail: v.string(),
});

export const viewSchema = v.object({
  player: v.string(),
  version: count,
  profile: v.record(v.string(), v.unknown()),
  bag: v.object({
    capacity: count,
    used: count,
    items: v.array(v.object({ item: v.string(), count })),
    uniques: v.array(v.object({ id: v.string(), item: v.string(), data: v.unknown() })),
  }),
});

export const ledgerPageSchema = v.object({
  rows: v.array(
    v.object({
      number: count,
      atMs: count,
      version: count,
      key: v.string(),
      reason: v.string(),
      subject: v.string(),
      name: v.string(),
      id: v.string(),
      before: count,
      after: count,
      values: v.unknown(),
    }),
  ),
  next: optionalNumber,
});

export const PlayerDataContract = contract("player_data", {
  /** Served by `user`. */
  read: {
    id: 55,
    idempotent: true,
    request: v.strictObject({ player: playerSchema }),
    reply: v.variant("kind", [v.object({ kind: v.literal("view"), view: viewSchema }), unavailableSchema]),
  },
  /** Served by `user`. Done once, however often it is asked. */
  change: {
    id: 56,
    idempotent: true,
    request: v.strictObject({ player: playerSchema, change: playerChangeSchema }),
    reply: v.variant("kind", [
      changeOutcomeSchema,
      /** It can't be a change: a fault of whoever asks. Nothing was done. */
      v.object({ kind: v.literal("invalid"), detail: v.string() }),
      unavailableSchema,
    ]),
  },
  /** Served by `user`: the newest rows first. */
  ledger: {
    id: 57,
    idempotent: true,
    request: v.strictObject({
      player: playerSchema,
      before: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
      limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LEDGER_PAGE_MAX)),
    }),
    reply: v.variant("kind", [v.object({ kind: v.literal("page"), page: ledgerPageSchema }), unavailableSchema]),
  },
  /** Served by `user`: takes what is in a mail into the bag. Done once, however often it is asked. */
  claim: {
    id: 58,
    idempotent: true,
    request: v.strictObject({ player: playerSchema, mail }),
    reply: v.variant("kind", [claimOutcomeSchema, unavailableSchema]),
  },
  /** Served by `user`: any of the shard's. Reads what is on the disk, and takes nobody over. */
  look: {
    id: 60,
    idempotent: true,
    request: v.strictObject({ player: playerSchema }),
    reply: v.variant("kind", [
      v.object({
        kind: v.literal("look"),
        view: viewSchema,
        /** Undefined: nobody has ever known the player. */
        known: v.optional(
          v.object({ owner: v.string(), epoch: count, createdAtMs: count, changedAtMs: count }),
          () => undefined,
        ),
      }),
      unavailableSchema,
    ]),
  },
  /** Served by `center`: the store of player data that this shard has. The first that asks is it. */
  pin: {
    id: 59,
    idempotent: true,
    request: v.strictObject({ store: storeId }),
    reply: v.strictObject({ store: storeId }),
  },
});
