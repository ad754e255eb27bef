/**
 * A team's own module in one file: an activity kind whose owner takes reports and ranks them, and a method that players
 * call.
 *
 *   kuafu --role all --config cluster.toml --module boss.ts
 *
 * It needs nothing installed: "kuafu" is given by the executable. While a `boss` activity is open, players strike: their
 * shard's gateway checks the strike and hands it to the shard's `center`, which reports it to the owner. The owner keeps
 * the scores on its disk, each strike once, and gives the first three a mail. Every strike that counts drops a scale into the
 * striker's bag, once, whatever dies between. player.ts beside it is such a player.
 */

import { activity, type BotRequest, contract, highest, module, v } from "kuafu";

export const Boss = contract("boss", {
  /** The same strike again counts once. Place 0: there is no boss now. */
  strike: {
    id: 2000,
    players: "center",
    idempotent: true,
    request: v.strictObject({
      strike: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,36}$/)),
      damage: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
    }),
    reply: v.strictObject({ place: v.number(), total: v.number(), loot: v.boolean() }),
  },
});

export const boss = activity("boss", {
  config: v.strictObject({ hp: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  phases: ["open", "settling", "reward", "closed"],
  report: v.strictObject({ damage: v.number() }),
  rank: { damage: highest },
  onReport: (term, { player, body }) => term.ranking("damage").add(player, body.damage),
  reward: (_, { place }) => {
    if (place > 3) return undefined;
    const items = [{ item: "gold", count: 100 }];
    return { tier: `place_${place}`, mail: { title: `Place ${place}`, text: "", items } };
  },
});

/** What `--role bot --module boss.ts` asks. */
export const bots: readonly BotRequest[] = [
  {
    name: "boss.strike",
    method: Boss.strike.id,
    weight: 1,
    body: ({ key, unit }) => ({ strike: key, damage: 1 + Math.floor(unit() * 1000) }),
  },
];

const items = { scale: { kind: "stack", stackMax: 99 }, gold: { kind: "currency" } } as const;

export default module("boss", { activities: [boss], players: [Boss], items }, (node) => {
  const terms = node.activity(boss);
  node.on("cross_center", () => {
    terms.opened(({ term, config }) => node.log.info("boss appeared", { term, hp: config.hp }));
    terms.closed(({ term }) => node.log.info("boss left", { term }));
  });
  node.on("center", () => {
    terms.opened(async ({ id, resumed }) => {
      node.log.info("boss is here", { activity: id, resumed });
      await node.push({ type: "boss.here", body: { id } });
    });
    terms.closed(({ id }) => node.log.info("boss is gone", { activity: id }));
    node.onPlayer(Boss.strike, async ({ player }, { strike, damage }) => {
      const [open] = terms.open();
      if (open === undefined) return { place: 0, total: 0, loot: false };
      const report = { activity: open.id, player, key: `${player}:${strike}`.slice(-64), body: { damage } };
      const answer = await terms.report(report, { timeoutMs: 2000 });
      if (answer.kind !== "ok") return { place: 0, total: 0, loot: false };
      const drop = { key: `strike:${strike}`, reason: "boss.loot", items: [{ item: "scale", count: 1 }] };
      const looted = await node.playerData.change(player, drop);
      const [standing] = answer.standings;
      return { place: standing?.place ?? 0, total: standing?.score ?? 0, loot: looted.kind === "ok" };
    });
  });
});
