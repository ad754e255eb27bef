/**
 * What may come in about rewards and mails. As in schemas.ts every message is ours and says what is allowed.
 */

import { DELIVERY_STATES } from "#delivery/delivery_contract.ts";
import { MAILS_PAGE_MAX } from "#delivery/mail_table.ts";
import {
  ITEM_COUNT_MAX,
  ITEMS_MAX,
  KEY_PART_LENGTH_MAX,
  PLAYER_LENGTH_MAX,
  TEXT_LENGTH_MAX,
  TITLE_LENGTH_MAX,
} from "#delivery/reward.ts";
import { AUDIT_TEXT_MAX } from "#store/audit_log.ts";
import { NUMBER_MAX } from "#wire/role.ts";
import * as v from "valibot";
import { ActivityId, NamedOwner, unknownField } from "./schemas.ts";

const mustBeText = "must be a text";
const shardMessage = `must be the number of a shard, 1 to ${NUMBER_MAX}`;
const limitMessage = `must be 1 to ${MAILS_PAGE_MAX}`;

const text = (lengthMax: number, lengthMin = 1) =>
  v.pipe(
    v.string(mustBeText),
    v.minLength(lengthMin, `must have ${lengthMin} to ${lengthMax} characters`),
    v.maxLength(lengthMax, `must have ${lengthMin} to ${lengthMax} characters`),
  );
const Part = text(KEY_PART_LENGTH_MAX);
const Player = text(PLAYER_LENGTH_MAX);

export const ShardText = v.pipe(
  v.string(mustBeText),
  v.check((found) => /^[1-9][0-9]{0,9}$/.test(found) && Number(found) <= NUMBER_MAX, shardMessage),
  v.metadata({ pattern: "^[1-9][0-9]{0,9}$", description: "Number of a shard" }),
);
const Shard = v.pipe(
  v.number(shardMessage),
  v.integer(shardMessage),
  v.minValue(1, shardMessage),
  v.maxValue(NUMBER_MAX, shardMessage),
);

const TimeMs = v.pipe(
  v.number("must be a number"),
  v.safeInteger("must be a whole number of milliseconds since 1970-01-01 UTC"),
  v.minValue(1, "must be at least 1"),
  v.description("Milliseconds since 1970-01-01 UTC"),
);

export const ShardPath = v.strictObject({ shard: ShardText }, unknownField);
export const MailQuery = v.strictObject(
  {
    player: Player,
    limit: v.optional(
      v.pipe(
        v.string(mustBeText),
        v.check((found) => /^[1-9][0-9]{0,2}$/.test(found) && Number(found) <= MAILS_PAGE_MAX, limitMessage),
        v.metadata({ pattern: "^[1-9][0-9]{0,2}$", description: `Mails of a page at most, 1 to ${MAILS_PAGE_MAX}` }),
      ),
    ),
    after: v.optional(
      v.pipe(
        v.string(mustBeText),
        v.regex(/^[0-9]{1,15}\.[0-9a-f]{32}$/, "must be `next` of the page before"),
        v.description("Only later mails: `next` of the page before"),
      ),
    ),
  },
  unknownField,
);

export const DeliveriesQuery = v.strictObject(
  {
    owner: v.optional(NamedOwner),
    activity: v.optional(ActivityId),
    term: v.optional(Part),
    shard: v.optional(ShardText),
    state: v.optional(
      v.pipe(
        v.picklist(DELIVERY_STATES, `must be one of ${DELIVERY_STATES.join(", ")}`),
        v.description("Only terms with such rewards; `held` also lists what is held, and why"),
      ),
    ),
  },
  unknownField,
);
export const DeliveryOwnerQuery = v.strictObject({ owner: v.optional(NamedOwner) }, unknownField);

const changeFields = {
  why: v.exactOptional(
    v.pipe(
      v.string(mustBeText),
      v.maxLength(AUDIT_TEXT_MAX, `must be at most ${AUDIT_TEXT_MAX} characters`),
      v.description("The reason, for the audit trail"),
    ),
  ),
  dryRun: v.exactOptional(
    v.pipe(v.boolean("must be true or false"), v.description("Says how many it would be, and changes nothing")),
  ),
};

export const ResendBody = v.pipe(
  v.strictObject(
    {
      activity: ActivityId,
      term: Part,
      shard: v.exactOptional(Shard),
      player: v.exactOptional(Player),
      ackedUntilMs: v.exactOptional(
        v.pipe(TimeMs, v.description("Only what was acknowledged until then; default: now. Of the answer before")),
      ),
      ...changeFields,
    },
    unknownField,
  ),
  v.metadata({ ref: "Resend" }),
);

const countMessage = `must be a whole number from 1 to ${ITEM_COUNT_MAX}`;
const MailBody = v.strictObject(
  {
    title: text(TITLE_LENGTH_MAX),
    text: text(TEXT_LENGTH_MAX, 0),
    items: v.pipe(
      v.array(
        v.strictObject(
          {
            item: Part,
            count: v.pipe(
              v.number(countMessage),
              v.safeInteger(countMessage),
              v.minValue(1, countMessage),
              v.maxValue(ITEM_COUNT_MAX, countMessage),
            ),
          },
          unknownField,
        ),
        "must be a list",
      ),
      v.maxLength(ITEMS_MAX, `must have at most ${ITEMS_MAX} items`),
    ),
    expiresAtMs: v.exactOptional(TimeMs),
  },
  unknownField,
);

export const ReleaseBody = v.pipe(
  v.strictObject(
    {
      activity: ActivityId,
      term: Part,
      group: Part,
      ranking: Part,
      tier: Part,
      player: v.exactOptional(v.pipe(Player, v.description("One recipient; without it all of that tier"))),
      mail: MailBody,
      ...changeFields,
    },
    unknownField,
  ),
  v.metadata({ ref: "Release" }),
);
