/**
 * Calls about rewards: what a `cross_center` asks of the `center` of a shard, what that asks of it, and what the admin
 * API asks of both. Every one may be repeated: an inbox compares keys.
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";
import { BATCH_ROWS_MAX } from "./outbox_batch.ts";
import { MAILS_PAGE_MAX } from "./mail_table.ts";
import { homeShardSchema, mailSchema, playerSchema, rewardKeySchema } from "./reward.ts";

/** Terms in one question. */
export const TERMS_ASKED_MAX = 500;
/** Terms and shards that one answer about deliveries lists; and kinds of held rewards. */
export const DELIVERIES_MAX = 500;
/** Rewards that one request replays or releases. */
export const REPLAYED_MAX = 20_000;

const { activity, term, group, ranking, tier } = rewardKeySchema.entries;
const sequence = v.pipe(v.number(), v.safeInteger());
const termOfShard = v.strictObject({ shard: homeShardSchema, activity, term });
const terms = v.pipe(v.array(termOfShard), v.maxLength(TERMS_ASKED_MAX));
const sum = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const optionalNumber = v.optional(v.number(), () => undefined);
const optionalText = v.optional(v.string(), () => undefined);

const mailRecord = v.object({
  ...mailSchema.entries,
  id: v.string(),
  player: v.string(),
  writtenAtMs: v.number(),
  claimedAtMs: optionalNumber,
});

export const DELIVERY_STATES = ["pending", "held", "acknowledged"] as const;
export const LANE_STATES = ["idle", "due", "sending", "backing_off", "unreachable"] as const;

const changed = v.variant("kind", [
  v.object({ kind: v.literal("ok"), count: v.number(), more: v.boolean(), ackedUntilMs: optionalNumber }),
  v.object({ kind: v.literal("not_found"), detail: v.string() }),
  v.object({ kind: v.literal("conflict"), detail: v.string(), allowed: v.array(v.string()) }),
]);

export const DeliveryContract = contract("delivery", {
  /** Served by `center`. Rows are looked at one by one: what is wrong with one is that one's matter. */
  deliver: {
    id: 80,
    idempotent: true,
    request: v.strictObject({ rows: v.pipe(v.array(v.looseObject({ sequence })), v.maxLength(BATCH_ROWS_MAX)) }),
    reply: v.object({
      acknowledged: v.pipe(v.array(sequence), v.maxLength(BATCH_ROWS_MAX)),
      refused: v.pipe(v.array(v.object({ sequence, reason: v.string() })), v.maxLength(BATCH_ROWS_MAX)),
      applied: v.number(),
    }),
  },
  /** Served by `center`: count and sum of the keys that it has, in the order of the question. */
  compare: {
    id: 81,
    idempotent: true,
    request: v.strictObject({ terms }),
    reply: v.object({
      terms: v.pipe(v.array(v.object({ applied: v.number(), keySum: sum })), v.maxLength(TERMS_ASKED_MAX)),
    }),
  },
  /** Served by `cross_center`: which of these terms its outbox still has, in the order of the question. */
  kept: {
    id: 82,
    idempotent: true,
    request: v.strictObject({ terms }),
    reply: v.object({ kept: v.pipe(v.array(v.boolean()), v.maxLength(TERMS_ASKED_MAX)) }),
  },
  /** Served by `center`: the mails of one player, oldest first. */
  mails: {
    id: 83,
    idempotent: true,
    request: v.strictObject({
      player: playerSchema,
      after: v.optional(v.string()),
      limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAILS_PAGE_MAX)),
    }),
    reply: v.object({
      mails: v.array(mailRecord),
      next: optionalText,
    }),
  },
  /** Served by `center`. */
  mail: {
    id: 87,
    idempotent: true,
    request: v.strictObject({ player: playerSchema, id: v.pipe(v.string(), v.maxLength(32)) }),
    reply: v.object({ mail: v.optional(mailRecord, () => undefined) }),
  },
  /** Served by `center`: what is in it is in the bag. */
  claimed: {
    id: 88,
    idempotent: true,
    request: v.strictObject({ player: playerSchema, id: v.pipe(v.string(), v.maxLength(32)) }),
    reply: v.strictObject({}),
  },
  /** Served by `cross_center`: how far the rewards are, the longest pending first, and why they are not further. */
  deliveries: {
    id: 84,
    idempotent: true,
    request: v.strictObject({
      activity: v.optional(activity),
      term: v.optional(term),
      shard: v.optional(homeShardSchema),
      state: v.optional(v.picklist(DELIVERY_STATES)),
    }),
    reply: v.object({
      pending: v.number(),
      held: v.number(),
      pendingSinceMs: optionalNumber,
      /** At most DELIVERIES_MAX of them are listed. */
      more: v.boolean(),
      deliveries: v.array(
        v.object({
          shard: v.number(),
          activity: v.string(),
          term: v.string(),
          pending: v.number(),
          held: v.number(),
          acknowledged: v.number(),
          conflicting: v.number(),
          pendingSinceMs: optionalNumber,
          ackedAtMs: optionalNumber,
          /** Where the shard lives now, and how it is with its center. */
          home: v.number(),
          lane: v.picklist(LANE_STATES),
          attempt: v.number(),
          retryAtMs: optionalNumber,
          why: optionalText,
        }),
      ),
      /** Only when held ones were asked for. */
      heldRewards: v.array(
        v.object({
          activity: v.string(),
          term: v.string(),
          group: v.string(),
          ranking: v.string(),
          tier: v.string(),
          count: v.number(),
          player: v.string(),
          why: v.string(),
        }),
      ),
    }),
  },
  /** Served by `cross_center`: what was acknowledged is sent once more. */
  resend: {
    id: 85,
    idempotent: true,
    request: v.strictObject({
      activity,
      term,
      shard: v.optional(homeShardSchema),
      player: v.optional(playerSchema),
      /** To go on where the answer before said that there is more; default: now. */
      ackedUntilMs: v.optional(v.number()),
      dryRun: v.optional(v.boolean()),
    }),
    reply: changed,
  },
  /** Served by `cross_center`: what is held gets this mail. */
  release: {
    id: 86,
    idempotent: true,
    request: v.strictObject({
      activity,
      term,
      group,
      ranking,
      tier,
      player: v.optional(playerSchema),
      mail: mailSchema,
      dryRun: v.optional(v.boolean()),
    }),
    reply: changed,
  },
});
