/**
 * A reward: what one player gets for one place in one ranking, as the mail that brings it. Its key is what makes it
 * arrive once: whoever issues, sends or applies it compares keys, never contents. Pure: types, limits, and the bytes of
 * a mail. Knows nothing of how it travels.
 */

import * as v from "valibot";
import { BodyError, packBody, unpackBody } from "#wire/body.ts";
import { NUMBER_MAX } from "#wire/role.ts";

/** Characters of each part of a key but the player. */
export const KEY_PART_LENGTH_MAX = 64;
export const PLAYER_LENGTH_MAX = 128;
export const TITLE_LENGTH_MAX = 128;
export const TEXT_LENGTH_MAX = 4096;
export const ITEMS_MAX = 64;
export const ITEM_COUNT_MAX = 1_000_000_000_000;
/** Encoded size of one mail: a batch has room for many. */
export const MAIL_SIZE_MAX = 32 * 1024;

export interface RewardKey {
  readonly activity: string;
  readonly term: string;
  /** The group of shards that met. */
  readonly group: string;
  readonly ranking: string;
  readonly player: string;
  /** The row of the reward table: one player may be in several tiers of one ranking. */
  readonly tier: string;
}

export interface MailItem {
  readonly item: string;
  readonly count: number;
}

export interface Mail {
  readonly title: string;
  readonly text: string;
  readonly items: readonly MailItem[];
  /** In the time of the cluster. Undefined: it stays until it is taken. */
  readonly expiresAtMs?: number | undefined;
}

export interface Reward {
  readonly key: RewardKey;
  /** Where the player was at home when it was issued. Where that is now is asked when it is sent. */
  readonly shard: number;
  /** Undefined: the reward table has no row for this recipient. It is held until an operator gives one. */
  readonly mail: Mail | undefined;
}

const part = v.pipe(v.string(), v.minLength(1), v.maxLength(KEY_PART_LENGTH_MAX));
export const playerSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(PLAYER_LENGTH_MAX));

export const rewardKeySchema = v.strictObject({
  activity: part,
  term: part,
  group: part,
  ranking: part,
  player: playerSchema,
  tier: part,
});

export const homeShardSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(NUMBER_MAX));

export const mailSchema = v.strictObject({
  title: v.pipe(v.string(), v.minLength(1), v.maxLength(TITLE_LENGTH_MAX)),
  text: v.pipe(v.string(), v.maxLength(TEXT_LENGTH_MAX)),
  items: v.pipe(
    v.array(
      v.strictObject({
        item: part,
        count: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(ITEM_COUNT_MAX)),
      }),
    ),
    v.maxLength(ITEMS_MAX),
  ),
  expiresAtMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), () => undefined),
});

export type CheckedMail =
  | { readonly kind: "ok"; readonly mail: Mail; readonly bytes: Uint8Array }
  | { readonly kind: "bad"; readonly detail: string };

/** The mail with its bytes, which are equal for equal mails and are nobody else's. */
export function checkMail(input: unknown): CheckedMail {
  const parsed = v.safeParse(mailSchema, input);
  if (!parsed.success) return { kind: "bad", detail: detailOf(parsed.issues[0]) };
  const mail = plain(parsed.output);
  return sized(mail, packBody(mail).slice());
}

/** The mail in these bytes, checked as if it were new. */
export function readMail(bytes: Uint8Array): CheckedMail {
  let value: unknown;
  try {
    value = unpackBody(bytes);
  } catch (error) {
    if (error instanceof BodyError) return { kind: "bad", detail: error.message };
    throw error;
  }
  const parsed = v.safeParse(mailSchema, value);
  return parsed.success ? sized(plain(parsed.output), bytes) : { kind: "bad", detail: detailOf(parsed.issues[0]) };
}

/** Its properties in one order, whoever made it. */
function plain({ title, text, items, expiresAtMs }: v.InferOutput<typeof mailSchema>): Mail {
  return { title, text, items: items.map(({ item, count }) => ({ item, count })), expiresAtMs };
}

function sized(mail: Mail, bytes: Uint8Array): CheckedMail {
  if (bytes.length <= MAIL_SIZE_MAX) return { kind: "ok", mail, bytes };
  return { kind: "bad", detail: `found a mail of ${bytes.length} bytes, allowed are ${MAIL_SIZE_MAX}` };
}

/** What is wrong with a key, or undefined. */
export function faultOfKey(key: RewardKey): string | undefined {
  const parsed = v.safeParse(rewardKeySchema, key);
  return parsed.success ? undefined : detailOf(parsed.issues[0]);
}

function detailOf(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? "mail"}: ${issue.message}`;
}
