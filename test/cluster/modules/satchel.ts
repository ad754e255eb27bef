/**
 * Stands in for a game's bag: a player's `user` node keeps in memory what the player has put in, and the `center` tells
 * everybody of the shard what somebody says.
 */

import { contract, module, v } from "kuafu";

export const Satchel = contract("satchel", {
  put: {
    id: 3200,
    players: "user",
    request: v.strictObject({ item: v.pipe(v.string(), v.minLength(1)) }),
    reply: v.strictObject({ items: v.array(v.string()), at: v.string() }),
  },
  leave: {
    id: 3202,
    players: "center",
    request: v.strictObject({}),
    reply: v.strictObject({ ended: v.boolean() }),
  },
  say: {
    id: 3201,
    players: "center",
    request: v.strictObject({ text: v.string() }),
    reply: v.strictObject({ told: v.number() }),
  },
});

export default module("satchel", { players: [Satchel] }, (node) => {
  node.on("user", () => {
    const bags = new Map<string, string[]>();
    node.onPlayer(Satchel.put, ({ player }, { item }) => {
      const items = [...(bags.get(player) ?? []), item];
      bags.set(player, items);
      return { items, at: node.id };
    });
  });
  node.on("center", () => {
    node.onPlayer(Satchel.leave, async ({ player }) => await node.kick(player, "you wanted to"));
    node.onPlayer(Satchel.say, ({ player }, { text }) => node.push({ type: "said", body: { player, text } }));
  });
});
