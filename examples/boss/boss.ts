/**
 * A team's own module in one file: an activity kind whose owner takes reports and ranks them, and a contract that the
 * players' nodes of a shard call.
 *
 *   kuafu --role all --config cluster.toml --module boss.ts
 *
 * It needs nothing installed: "kuafu" is given by the executable. While a `boss` activity is open, each `center` lets
 * its players strike; the owner keeps their scores on its disk, each strike once, and gives the first three a mail.
 */

import { activity, contract, highest, module, v } from "kuafu";

export const Boss = contract("boss", {
  /** What a shard's players ask of their own `center`. The same strike again counts once. */
  strike: {
    id: 2000,
    idempotent: true,
    request: v.strictObject({ strike: v.string(), player: v.string(), damage: v.pipe(v.number(), v.minValue(1)) }),
    /** Place 0: there is no boss now. */
    reply: v.strictObject({ place: v.number(), total: v.number() }),
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
    return {
      tier: `place_${place}`,
      mail: { title: `Place ${place}`, text: "", items: [{ item: "gold", count: 100 }] },
    };
  },
});

export default module("boss", { activities: [boss] }, (node) => {
  const terms = node.activity(boss);
  node.on("cross_center", () => {
    terms.opened(({ term, config }) => node.log.info("boss appeared", { term, hp: config.hp }));
    terms.closed(({ term }) => node.log.info("boss left", { term }));
  });
  node.on("center", () => {
    terms.opened(({ id, resumed }) => node.log.info("boss is here", { activity: id, resumed }));
    terms.closed(({ id }) => node.log.info("boss is gone", { activity: id }));
    node.serve(Boss, {
      strike: async ({ strike, player, damage }) => {
        const [open] = terms.open();
        if (open === undefined) return { place: 0, total: 0 };
        const report = { activity: open.id, player, key: strike, body: { damage } };
        const answer = await terms.report(report, { timeoutMs: 2000 });
        const standing = answer.kind === "ok" ? answer.standings[0] : undefined;
        return { place: standing?.place ?? 0, total: standing?.score ?? 0 };
      },
    });
  });
});
