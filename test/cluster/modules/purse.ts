/**
 * Stands in for a game that changes players' bags: a currency, a stack and things of which each is one of its own. What a
 * player asks of its `user` node is done there; a gift goes through the shard's `center`, which asks that node itself.
 */

import { contract, module, v } from "kuafu";

const key = v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,64}$/));
const items = v.array(
  v.union([v.strictObject({ item: v.string(), count: v.number() }), v.strictObject({ take: v.string() })]),
);
const request = v.strictObject({ key, items });
const reply = v.variant("kind", [
  v.object({
    kind: v.literal("ok"),
    version: v.number(),
    repeated: v.boolean(),
    items: v.array(v.object({ item: v.string(), count: v.number() })),
    made: v.array(v.object({ id: v.string(), item: v.string() })),
  }),
  v.object({ kind: v.literal("short"), item: v.string(), found: v.number(), wanted: v.number() }),
  v.object({ kind: v.picklist(["no_item", "full", "too_much", "conflict", "stale"]) }),
]);

export const Purse = contract("purse", {
  change: { id: 3400, players: "user", idempotent: true, request, reply },
  gift: { id: 3401, players: "center", idempotent: true, request, reply },
  look: {
    id: 3402,
    players: "user",
    idempotent: true,
    request: v.strictObject({}),
    reply: v.object({
      version: v.number(),
      items: v.array(v.object({ item: v.string(), count: v.number() })),
      uniques: v.array(v.string()),
    }),
  },
});

export default module(
  "purse",
  {
    players: [Purse],
    items: { coin: { kind: "currency" }, wood: { kind: "stack", stackMax: 50 }, sword: { kind: "unique" } },
  },
  (node) => {
    const { playerData } = node;
    node.on("user", () => {
      node.onPlayer(Purse.change, ({ player }, wish) => playerData.change(player, { ...wish, reason: "purse.change" }));
      node.onPlayer(Purse.look, async ({ player }) => {
        const { version, bag } = await playerData.read(player);
        return { version, items: [...bag.items], uniques: bag.uniques.map(({ id }) => id) };
      });
    });
    node.on("center", () => {
      node.onPlayer(Purse.gift, ({ player }, wish) => playerData.change(player, { ...wish, reason: "purse.gift" }));
    });
  },
);
