/**
 * What may come in about players' data. As in schemas.ts every message is ours and says what is allowed.
 */

import { ITEM_COUNT_MAX } from "#delivery/reward.ts";
import { ITEM_LENGTH_MAX } from "#player/item_kinds.ts";
import { LEDGER_PAGE_MAX } from "#player/ledger_table.ts";
import { CHANGE_ITEMS_MAX } from "#player/player_change.ts";
import { BAG_CAPACITY_MAX } from "#player/player_record.ts";
import { AUDIT_TEXT_MAX } from "#store/audit_log.ts";
import * as v from "valibot";
import { ShardText } from "./delivery_schemas.ts";
import { ADMIN_KEY_LENGTH_MAX } from "./port_player_data.ts";
import { faultOfPlainJson } from "./plain_json.ts";
import { Shard } from "./player_schemas.ts";
import { pathOfKeys, unknownField } from "./schemas.ts";

/** Rows of a page of the ledger where the query does not say. */
export const LEDGER_PAGE = 50;

const mustBeText = "must be a text";
const limitMessage = `must be 1 to ${LEDGER_PAGE_MAX}`;
const itemMessage = `must have 1 to ${ITEM_LENGTH_MAX} characters`;
const keyMessage = `must have 1 to ${ADMIN_KEY_LENGTH_MAX} characters`;
const whyMessage = `must have 1 to ${AUDIT_TEXT_MAX} characters`;
const countMessage = `must be a whole number from -${ITEM_COUNT_MAX} to ${ITEM_COUNT_MAX}, but not 0`;
const capacityMessage = `must be a whole number from -${BAG_CAPACITY_MAX} to ${BAG_CAPACITY_MAX}`;
const versionMessage = "must be a version, 0 or more";

export const PlayerDataQuery = v.strictObject({ shard: v.optional(ShardText) }, unknownField);

export const PlayerLedgerQuery = v.strictObject(
  {
    shard: v.optional(ShardText),
    before: v.optional(
      v.pipe(
        v.string(mustBeText),
        v.regex(/^[1-9][0-9]{0,14}$/, "must be the number of a row, 1 or more"),
        v.description("Only rows with a lower number: `next` of the page before"),
      ),
    ),
    limit: v.optional(
      v.pipe(
        v.string(mustBeText),
        v.check((found) => /^[1-9][0-9]{0,2}$/.test(found) && Number(found) <= LEDGER_PAGE_MAX, limitMessage),
        v.metadata({
          pattern: "^[1-9][0-9]{0,2}$",
          description: `Rows of a page at most, 1 to ${LEDGER_PAGE_MAX}; without it ${LEDGER_PAGE}`,
        }),
      ),
    ),
  },
  unknownField,
);

const PlainJson = v.pipe(
  v.unknown(),
  v.rawCheck(({ dataset, addIssue }) => {
    const fault = faultOfPlainJson(dataset.value);
    if (fault !== undefined) addIssue({ message: fault.message, ...pathOfKeys(fault.path) });
  }),
);

const ItemName = v.pipe(v.string(mustBeText), v.minLength(1, itemMessage), v.maxLength(ITEM_LENGTH_MAX, itemMessage));
const ItemChangeBody = v.union(
  [
    v.strictObject(
      {
        item: ItemName,
        count: v.pipe(
          v.number(countMessage),
          v.safeInteger(countMessage),
          v.minValue(-ITEM_COUNT_MAX, countMessage),
          v.maxValue(ITEM_COUNT_MAX, countMessage),
          v.check((count) => count !== 0, countMessage),
          v.description("So many more; negative: fewer"),
        ),
        data: v.exactOptional(v.pipe(PlainJson, v.description("Of each unique item that is made"))),
      },
      unknownField,
    ),
    v.strictObject(
      {
        take: v.pipe(
          v.string(mustBeText),
          v.regex(/^[0-9a-f]{32}$/, "must be the id of a unique item, 32 of 0-9 and a-f"),
          v.description("The unique item of this id is taken away"),
        ),
      },
      unknownField,
    ),
  ],
  "must have item and count, and data where it is wanted; or take alone",
);

export const PlayerChangeBody = v.pipe(
  v.strictObject(
    {
      shard: v.pipe(Shard, v.description("The one that has the player")),
      key: v.pipe(
        v.string(mustBeText),
        v.minLength(1, keyMessage),
        v.maxLength(ADMIN_KEY_LENGTH_MAX, keyMessage),
        v.description("Of this change alone, like the number of a ticket: the same again does nothing"),
      ),
      items: v.exactOptional(
        v.pipe(
          v.array(ItemChangeBody, "must be a list"),
          v.maxLength(CHANGE_ITEMS_MAX, `must have at most ${CHANGE_ITEMS_MAX} entries`),
        ),
      ),
      profile: v.exactOptional(
        v.pipe(
          v.record(
            v.pipe(
              ItemName,
              v.check((name) => !/^\$(?!\$)/.test(name), "is not allowed: $ at its beginning is written $$"),
            ),
            PlainJson,
            "must be a JSON object",
          ),
          v.description("Fields that get this value; null takes one away"),
        ),
      ),
      capacity: v.exactOptional(
        v.pipe(
          v.number(capacityMessage),
          v.integer(capacityMessage),
          v.minValue(-BAG_CAPACITY_MAX, capacityMessage),
          v.maxValue(BAG_CAPACITY_MAX, capacityMessage),
          v.description("Places of the bag more, or fewer"),
        ),
      ),
      ifVersion: v.exactOptional(
        v.pipe(
          v.number(versionMessage),
          v.safeInteger(versionMessage),
          v.minValue(0, versionMessage),
          v.description("Only if the player's data still has the version that you have seen"),
        ),
      ),
      why: v.pipe(
        v.string(mustBeText),
        v.minLength(1, whyMessage),
        v.maxLength(AUDIT_TEXT_MAX, whyMessage),
        v.description("The reason, for the audit trail"),
      ),
    },
    unknownField,
  ),
  v.check(
    ({ items = [], profile = {}, capacity = 0 }) => items.length + Object.keys(profile).length > 0 || capacity !== 0,
    "must change something: items, profile or capacity",
  ),
  v.metadata({ ref: "PlayerChange" }),
);
