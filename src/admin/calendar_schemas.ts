/**
 * What may come in about the calendar. As in schemas.ts every message is ours and says what is allowed.
 */

import { scheduleSchema } from "#activity/schedule/schedule.ts";
import * as v from "valibot";
import { ShardText } from "./delivery_schemas.ts";
import { unknownField } from "./schemas.ts";

const mustBeText = "must be a text";
/** How far ahead a calendar looks. */
export const CALENDAR_DAYS_MAX = 366;
export const CALENDAR_DAYS_DEFAULT = 30;
const daysMessage = `must be 1 to ${CALENDAR_DAYS_MAX}`;
const DAYS = `Days to look ahead, 1 to ${CALENDAR_DAYS_MAX}; without it ${CALENDAR_DAYS_DEFAULT}`;

export const CalendarQuery = v.strictObject(
  {
    days: v.optional(
      v.pipe(
        v.string(mustBeText),
        v.check((text) => /^[1-9][0-9]{0,2}$/.test(text) && Number(text) <= CALENDAR_DAYS_MAX, daysMessage),
        v.metadata({ pattern: "^[1-9][0-9]{0,2}$", description: DAYS }),
      ),
    ),
    shard: v.optional(ShardText),
  },
  unknownField,
);

export const ScheduleDryRunBody = v.pipe(
  v.strictObject(
    {
      schedule: v.pipe(scheduleSchema, v.description("When terms are to be open")),
      days: v.exactOptional(
        v.pipe(
          v.number(daysMessage),
          v.integer(daysMessage),
          v.minValue(1, daysMessage),
          v.maxValue(CALENDAR_DAYS_MAX, daysMessage),
          v.description(DAYS),
        ),
      ),
    },
    unknownField,
  ),
  v.metadata({ ref: "ScheduleDryRun" }),
);
