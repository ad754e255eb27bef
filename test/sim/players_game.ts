/**
 * The module of the players simulation, on the public surface as a team would write it: keyed changes of a bag, trades
 * through the center, requests without a key, a contest whose rewards arrive as mails, and pushes. What it does is told
 * to the run.
 */

import { highest } from "#activity/ranks/rank_order.ts";
import { activity } from "#module/activity_kind.ts";
import type { Module } from "#module/module.ts";
import { module } from "#module/module.ts";
import type { ModuleNode } from "#module/module_node.ts";
import type { PlayerCall } from "#module/player_service.ts";
import type { ChangeOutcome, ItemChange } from "#player/player_change.ts";
import { changeOutcomeSchema } from "#player/player_change.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { contract } from "#rpc/contract.ts";
import * as v from "valibot";

/** Each request says which one of its player's it is. */
const n = v.number();
const key = v.string();
const text = v.string();
const uniqueItem = v.object({ id: text });

export const Game = contract("game", {
  /** A change of one's own bag. */
  change: {
    id: 3100,
    players: "user",
    idempotent: true,
    request: v.strictObject({
      ...{ n, key, reason: text },
      what: v.union([v.object({ item: text, count: v.number() }), uniqueItem]),
    }),
    reply: v.object({ n, outcome: changeOutcomeSchema }),
  },
  /** From one bag into another, each under the key of the trade. */
  trade: {
    id: 3101,
    players: "center",
    idempotent: true,
    request: v.strictObject({
      ...{ n, key, to: text },
      what: v.union([v.object({ item: text, count: v.number() }), uniqueItem]),
    }),
    reply: v.object({ n, gave: changeOutcomeSchema, got: v.optional(changeOutcomeSchema) }),
  },
  /** Has no key: what it does, it does each time that it is executed. */
  count: { id: 3102, players: "user", request: v.strictObject({ n, waitMs: v.number() }), reply: v.object({ n }) },
  /** The same on the center, which all players share. */
  talk: { id: 3103, players: "center", request: v.strictObject({ n }), reply: v.object({ n }) },
  /** A report in what is open. */
  raid: { id: 3104, players: "center", request: v.strictObject({ n }), reply: v.object({ n, kind: text }) },
  /** Ends the session of who asks. */
  leave: { id: 3105, players: "center", request: v.strictObject({ n }), reply: v.object({ n }) },
});

export const NEWS = "game.news";
export const GOLD = "gold";
export const SWORD = "sword";
/** So that a slow reader of it all reaches every limit. */
const RAIN_SIZE = 48 * 1024;
const RAIN_MS = 60;
const RAIN_COUNT = 120;
const NEWS_EVERY_MS = 900;
const REWARD_GOLD = 7;

export const raid = activity("raid", {
  config: v.object({}),
  phases: ["open", "settling", "reward", "closed"],
  report: v.object({}),
  rank: { points: highest },
  onReport: (term, { player }) => {
    term.ranking("points").add(player, 1);
  },
  reward: (_term, { place }) => ({
    tier: "place",
    mail: {
      title: "Raid",
      text: "",
      items: [{ item: GOLD, count: REWARD_GOLD + place }, ...(place === 1 ? [{ item: SWORD, count: 1 }] : [])],
    },
  }),
});

/** What happens on nodes, as the run hears it. */
export interface GameWitness {
  executes(at: {
    readonly life: string;
    readonly from: PlayerCall;
    readonly n: number;
    /** Doing it twice is as good as once. */
    readonly isKeyed: boolean;
  }): void;
  /** Another one with each call. */
  nextNews(): number;
  /** A center has started: what makes it push more than a slow reader takes. */
  canRain(life: string, rain: () => void): void;
  /** The module has failed where it may not. */
  wrong(text: string): void;
}

export function gameModule(life: string, witness: GameWitness): Module {
  const items = { [GOLD]: { kind: "currency" }, [SWORD]: { kind: "unique" } } as const;
  return module("game", { activities: [raid], players: [Game], items }, (node) => {
    const { playerData } = node;
    const executes = (from: PlayerCall, { n: number, key: of }: { readonly n: number; readonly key?: string }): void =>
      witness.executes({ life, from, n: number, isKeyed: of !== undefined });
    const tell = (players: readonly string[] | undefined, size = 0): Promise<unknown> =>
      node.push({ players, type: NEWS, body: { news: witness.nextNews(), fill: new Uint8Array(size) } });
    /** Whether it arrives is the gateway's matter. */
    const mention = (players: readonly string[] | undefined, size = 0): void => {
      tell(players, size).catch((error: unknown) => {
        if (!isCallError(error)) witness.wrong(`a push of ${life} fails: ${String(error)}`);
      });
    };
    node.on("user", () => {
      node.onPlayer(Game.change, async (from, request) => {
        executes(from, request);
        const { what, reason } = request;
        const change = { key: request.key, reason, items: [itemChange(what, request.key)] };
        const outcome = await playerData.change(from.player, change);
        mention([from.player]);
        return { n: request.n, outcome };
      });
      node.onPlayer(Game.count, async (from, request) => {
        executes(from, request);
        if (request.waitMs > 0) await new Promise<void>((resolve) => node.after(request.waitMs, resolve));
        return { n: request.n };
      });
    });
    const listener = node.activity(raid);
    node.on("center", () => {
      node.onPlayer(Game.trade, async (from, request) => {
        executes(from, request);
        const { what, to } = request;
        const trade = { node, reason: "game.trade", key: request.key };
        const gave = await give(trade, from.player, what);
        if (gave.kind !== "ok") return { n: request.n, gave };
        const got = await take(trade, to, what);
        mention([from.player, to]);
        return { n: request.n, gave, got };
      });
      node.onPlayer(Game.talk, async (from, request) => {
        executes(from, request);
        await tell(undefined);
        return { n: request.n };
      });
      node.onPlayer(Game.raid, async (from, request) => {
        executes(from, request);
        const [open] = listener.open();
        if (open === undefined) return { n: request.n, kind: "nothing" };
        const { player } = from;
        const report = { activity: open.id, term: open.term, player, key: `${player}-${request.n}`, body: {} };
        const { kind } = await listener.report(report);
        return { n: request.n, kind };
      });
      node.onPlayer(Game.leave, async (from, request) => {
        executes(from, request);
        await node.kick(from.player, "as it was wished");
        return { n: request.n };
      });
      const later = (): void => {
        mention(undefined);
        node.after(NEWS_EVERY_MS, later);
      };
      node.after(NEWS_EVERY_MS, later);
      witness.canRain(life, () => rain(node, () => mention(undefined, RAIN_SIZE)));
    });
  });
}

function itemChange(
  what: { readonly item: string; readonly count: number } | { readonly id: string },
  key: string,
): ItemChange {
  if ("id" in what) return { take: what.id };
  return what.item === SWORD ? { item: SWORD, count: what.count, data: { of: key } } : what;
}

interface Trade {
  readonly node: ModuleNode;
  readonly key: string;
  readonly reason: string;
}

type Traded = { readonly item: string; readonly count: number } | { readonly id: string };

function give({ node, key: of, reason }: Trade, player: string, what: Traded): Promise<ChangeOutcome> {
  const item: ItemChange = "id" in what ? { take: what.id } : { item: what.item, count: -what.count };
  return node.playerData.change(player, { key: `give:${of}`, reason, items: [item] });
}

/** A unique item is made anew. */
function take({ node, key: of, reason }: Trade, player: string, what: Traded): Promise<ChangeOutcome> {
  const item: ItemChange = "id" in what ? { item: SWORD, count: 1, data: { of } } : what;
  return node.playerData.change(player, { key: `get:${of}`, reason, items: [item] });
}

function rain(node: ModuleNode, drop: () => void): void {
  let left = RAIN_COUNT;
  const again = (): void => {
    drop();
    left -= 1;
    if (left > 0) node.after(RAIN_MS, again);
  };
  node.after(RAIN_MS, again);
}
