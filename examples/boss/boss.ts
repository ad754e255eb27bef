/**
 * A team's own module in one file: a contract that shards call and an activity kind of its own.
 *
 *   kuafu --role all --config cluster.toml --module boss.ts
 *
 * It needs nothing installed: "kuafu" is given by the executable. While a `boss` activity is open, each `center`
 * lets its players hit; `cross_center` keeps the score of the term and knows the rank.
 */

import { activity, contract, module, v } from "kuafu";

export const Boss = contract("boss", {
  hit: {
    id: 2000,
    request: v.strictObject({ term: v.string(), player: v.string(), damage: v.pipe(v.number(), v.minValue(1)) }),
    reply: v.strictObject({ rank: v.number(), total: v.number() }),
  },
  /** What a shard's players ask of their own `center`. */
  strike: {
    id: 2001,
    request: v.strictObject({ player: v.string(), damage: v.number() }),
    /** Rank 0: there is no boss now. */
    reply: v.strictObject({ rank: v.number(), total: v.number() }),
  },
});

export const boss = activity("boss", {
  config: v.strictObject({ hp: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
});

export default module("boss", { activities: [boss] }, (node) => {
  node.on("cross_center", () => {
    const scores = new Map<string, Map<string, number>>();
    const terms = node.activity(boss);
    terms.opened(({ term, config }) => {
      scores.set(term, new Map());
      node.log.info("boss appeared", { term, hp: config.hp });
    });
    terms.closed(({ term }) => {
      node.log.info("boss left", { term, players: scores.get(term)?.size ?? 0 });
      scores.delete(term);
    });
    node.serve(Boss, {
      hit: ({ term, player, damage }) => {
        const score = scores.get(term);
        if (score === undefined) throw new Error(`term ${term} is not open`);
        const total = (score.get(player) ?? 0) + damage;
        score.set(player, total);
        return { total, rank: 1 + [...score.values()].filter((other) => other > total).length };
      },
    });
  });

  node.on("center", () => {
    const terms = node.activity(boss);
    terms.opened(({ id, resumed }) => node.log.info("boss is here", { activity: id, resumed }));
    terms.closed(({ id }) => node.log.info("boss is gone", { activity: id }));
    node.serve(Boss, {
      strike: ({ player, damage }) => {
        const [open] = terms.open();
        if (open === undefined) return { rank: 0, total: 0 };
        return node.call(Boss.hit, { term: open.term, player, damage }, { to: open.owner, timeoutMs: 2000 });
      },
    });
  });
});
