/**
 * Stands in for a game's bag: a player's `user` node keeps in memory what the player has put in, and the `center` tells
 * everybody of the shard what somebody says, and takes players into a map of the shard, where they walk.
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
  travel: {
    id: 3203,
    players: "center",
    request: v.strictObject({}),
    reply: v.object({ kind: v.string() }),
  },
  walk: {
    id: 3204,
    players: "map",
    request: v.strictObject({}),
    reply: v.strictObject({ at: v.string(), steps: v.number() }),
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
  node.on("map", () => {
    const steps = new Map<string, number>();
    node.onPlayer(Satchel.walk, ({ player }) => {
      const taken = (steps.get(player) ?? 0) + 1;
      steps.set(player, taken);
      return { at: node.id, steps: taken };
    });
  });
  node.on("center", () => {
    node.onPlayer(Satchel.leave, async ({ player }) => await node.kick(player, "you wanted to"));
    node.onPlayer(Satchel.travel, async (from) => {
      const [map] = node.nodes("map", node.shard);
      return map === undefined ? { kind: "no_map_there" } : await node.enterMap(from, map.id);
    });
    node.onPlayer(Satchel.say, ({ player }, { text }) => node.push({ type: "said", body: { player, text } }));
  });
});
