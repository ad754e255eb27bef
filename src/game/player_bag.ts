/**
 * What a player may do with its own data in every game: look at it, read its mails, take what is in one, and throw things
 * away. How things come into the bag is a game's own matter.
 */

import type { Module } from "kuafu";
import { ChangeFault, contract, module, v } from "kuafu";

/** As of one item of any change. */
const DISCARDED_MAX = 1_000_000_000_000;

const count = v.number();
const text = v.string();
const mailId = v.pipe(text, v.regex(/^[0-9a-f]{32}$/));
const items = v.array(v.object({ item: text, count }));

const refusals = [
  v.object({ kind: v.literal("short"), item: text, found: count, wanted: count }),
  v.object({ kind: v.literal("no_item"), id: text }),
  v.object({ kind: v.literal("full"), places: count, capacity: count }),
  v.object({ kind: v.literal("too_much"), detail: text }),
  v.object({ kind: v.literal("conflict"), detail: text }),
  v.object({ kind: v.literal("stale"), version: count }),
] as const;
/** `repeated`: it was done before, under the same key. */
const done = v.object({
  ...{ kind: v.literal("ok"), version: count, repeated: v.boolean(), items },
  made: v.array(v.object({ id: text, item: text })),
});

export const PlayerBag = contract("player_bag", {
  look: {
    id: 1100,
    players: "user",
    idempotent: true,
    request: v.strictObject({}),
    reply: v.object({
      player: text,
      version: count,
      profile: v.record(text, v.unknown()),
      bag: v.object({
        ...{ capacity: count, used: count, items },
        uniques: v.array(v.object({ id: text, item: text, data: v.unknown() })),
      }),
    }),
  },
  /** Throws things away. `key`: of this wish alone; the same again does nothing more. */
  discard: {
    id: 1101,
    players: "user",
    idempotent: true,
    request: v.strictObject({
      key: v.pipe(text, v.regex(/^[A-Za-z0-9-]{1,36}$/)),
      what: v.union([
        v.strictObject({
          item: v.pipe(text, v.minLength(1), v.maxLength(64)),
          count: v.pipe(count, v.safeInteger(), v.minValue(1), v.maxValue(DISCARDED_MAX)),
        }),
        v.strictObject({ id: v.pipe(text, v.regex(/^[0-9a-f]{32}$/)) }),
      ]),
    }),
    reply: v.variant("kind", [done, ...refusals]),
  },
  /** The oldest first. */
  mails: {
    id: 1102,
    players: "user",
    idempotent: true,
    request: v.strictObject({ after: v.optional(v.pipe(text, v.maxLength(64))) }),
    reply: v.object({
      mails: v.array(
        v.object({
          ...{ id: text, title: text, text, items, writtenAtMs: count },
          /** Since then its items are in the bag. */
          claimedAtMs: v.optional(count),
          expiresAtMs: v.optional(count),
        }),
      ),
      next: v.optional(text),
    }),
  },
  /** Takes what is in a mail, once, however often it is asked. */
  claim: {
    id: 1103,
    players: "user",
    idempotent: true,
    request: v.strictObject({ mail: mailId }),
    reply: v.variant("kind", [
      done,
      ...refusals,
      v.object({ kind: v.literal("no_mail") }),
      v.object({ kind: v.literal("expired") }),
    ]),
  },
});

export const playerBagModule: Module = module("player_bag", { players: [PlayerBag] }, (node) => {
  const { playerData } = node;
  node.on("user", () => {
    node.onPlayer(PlayerBag.look, ({ player }) => playerData.read(player));
    node.onPlayer(PlayerBag.discard, async ({ player }, { key, what }) => {
      const change = { key: `discard:${key}`, reason: "player_bag.discard" };
      if ("id" in what) return await playerData.change(player, { ...change, items: [{ take: what.id }] });
      const { item, count: wanted } = what;
      try {
        return await playerData.change(player, { ...change, items: [{ item, count: -wanted }] });
      } catch (error) {
        // Of what has ids there is none that has not: a player who asks for it is no fault of this module.
        if (error instanceof ChangeFault) return { kind: "short" as const, item, found: 0, wanted };
        throw error;
      }
    });
    node.onPlayer(PlayerBag.mails, ({ player }, { after }) =>
      playerData.mails(player, after === undefined ? {} : { after }),
    );
    node.onPlayer(PlayerBag.claim, ({ player }, { mail }) => playerData.claimMail(player, mail));
  });
});
