/**
 * What a benchmark does with a bag: a player gets a coin, once for each key, and hears of it when it is saved.
 */

import { contract, module, v } from "kuafu";

export const Coins = contract("player_coins", {
  earn: {
    id: 3310,
    players: "user",
    idempotent: true,
    request: v.strictObject({ key: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,36}$/)) }),
    /** Whatever else comes of a change has no place in a benchmark: it is a fault. */
    reply: v.strictObject({ kind: v.literal("ok"), version: v.number() }),
  },
});

const items = { coin: { kind: "currency" } } as const;

export default module("player_coins", { players: [Coins], items }, (node) => {
  const { playerData } = node;
  node.on("user", () => {
    node.onPlayer(Coins.earn, async ({ player }, { key }) => {
      const change = { key, reason: "player_coins.earn", items: [{ item: "coin", count: 1 }] };
      const outcome = await playerData.change(player, change);
      if (outcome.kind !== "ok" || outcome.repeated) throw new Error(`Cannot earn a coin: ${outcome.kind}`);
      return { kind: outcome.kind, version: outcome.version };
    });
  });
});
