/**
 * Stands in for a shard's players: once a harvest is open, each `center` reports for its players what they have gathered,
 * each under a key of its own, and says when all of it is on the owner's disk. Every place gets its score in gold.
 */

import { activity, highest, module, v } from "kuafu";

const REPORTS_AT_ONCE = 200;

const harvest = activity("harvest", {
  config: v.strictObject({ players: v.number(), shards: v.number() }),
  phases: ["open", "settling", "reward", "show", "closed"],
  report: v.strictObject({ gold: v.number() }),
  rank: { gold: highest },
  onReport: (term, { player, body }) => term.ranking("gold").add(player, body.gold),
  reward: (_, { score, place }) => {
    const items = [{ item: "gold", count: score }];
    return { tier: "harvest", mail: { title: `Place ${place}`, text: "", items } };
  },
});

export default module("harvest", { activities: [harvest] }, (node) => {
  node.on("center", () => {
    const terms = node.activity(harvest);
    terms.opened(async ({ id, config, resumed }) => {
      if (resumed) return;
      const mine = Array.from({ length: config.players }, (_, number) => number).filter(
        (number) => 1 + (number % config.shards) === node.shard,
      );
      const report = async (number: number): Promise<void> => {
        const request = { activity: id, player: `p${number}`, key: `r${number}`, body: { gold: 1 + (number % 97) } };
        const answer = await terms.report(request, { timeoutMs: 20_000 });
        if (answer.kind !== "ok") throw new Error(`report ${number}: ${answer.kind}`);
      };
      for (let from = 0; from < mine.length; from += REPORTS_AT_ONCE) {
        await Promise.all(mine.slice(from, from + REPORTS_AT_ONCE).map(report));
      }
      node.log.info("harvest reported", { players: mine.length });
    });
  });
});
