/**
 * Reward tables by place, as the kinds that come with the runtime have them in their config: which places are in which
 * tier, and the mail of each tier. A tier without a mail is not a fault of the config: its recipients are held back,
 * with an alarm, until an operator gives them one. Places after the last tier get nothing.
 */

import { v } from "kuafu";

const TIERS_MAX = 64;
/** Also what a reward's key may have; and no property that every object has. */
const TIER = /^(?!(?:__proto__|constructor)$)[a-z0-9_-]{1,64}$/;
const TIER_TEXT = "must be 1 to 64 of a-z, 0-9, _ and -, and neither __proto__ nor constructor";
const COUNT_MAX = 1_000_000_000;

const place = v.pipe(
  v.number("must be a place"),
  v.integer("must be a place, a whole number"),
  v.minValue(1, "must be at least 1: the first place"),
);
const tierName = v.pipe(v.string(TIER_TEXT), v.regex(TIER, TIER_TEXT));
const mail = v.strictObject({
  title: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  text: v.optional(v.pipe(v.string(), v.maxLength(2048)), ""),
  items: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          item: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
          count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(COUNT_MAX)),
        }),
      ),
      v.maxLength(32),
    ),
    [],
  ),
});

/** In the order of places, each beginning after the one before ends. */
export const tiersSchema = v.pipe(
  v.array(v.strictObject({ tier: tierName, toPlace: place })),
  v.maxLength(TIERS_MAX, `must be at most ${TIERS_MAX} tiers`),
  v.check(
    (tiers) => tiers.every(({ toPlace }, index) => index === 0 || toPlace > (tiers[index - 1]?.toPlace ?? 0)),
    "must be in the order of toPlace, each tier once",
  ),
  v.check((tiers) => new Set(tiers.map(({ tier }) => tier)).size === tiers.length, "must name each tier once"),
);

/** By tier. */
export const mailsSchema = v.record(tierName, mail);

export type Tiers = v.InferOutput<typeof tiersSchema>;
export type Mails = v.InferOutput<typeof mailsSchema>;

/** What the place gets: a tier with its mail, or without one where the table has none. Undefined: nothing. */
export function rewardOfPlace(
  table: { readonly tiers: Tiers; readonly mails: Mails },
  at: number,
): { readonly tier: string; readonly mail: Mails[string] | undefined } | undefined {
  const found = table.tiers.find(({ toPlace }) => at <= toPlace);
  return found === undefined ? undefined : { tier: found.tier, mail: table.mails[found.tier] };
}
