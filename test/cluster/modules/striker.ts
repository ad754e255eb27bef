/**
 * Stands in for a shard's players: while a boss is open, its `user` node lets two of them strike through the shard's
 * `center`, and logs what comes back. Knows the example module's contract by its ids alone, as another team's would.
 */

import { activity, contract, module, v } from "kuafu";

const Boss = contract("boss", {
  strike: {
    id: 2000,
    idempotent: true,
    request: v.strictObject({ strike: v.string(), player: v.string(), damage: v.number() }),
    reply: v.strictObject({ place: v.number(), total: v.number() }),
  },
});
const boss = activity("boss", { config: v.unknown() });

export default module("striker", {}, (node) => {
  const strike = async (player: string, damage: number, key: string): Promise<void> => {
    const request = { strike: `${node.id}:${key}`, player, damage };
    const answer = await node.call(Boss.strike, request, { to: { role: "center" }, timeoutMs: 4_000 });
    node.log.info("struck", { player, ...answer });
  };
  node.on("user", () => {
    node.activity(boss).opened(async ({ id }) => {
      await strike("ann", 10, "1");
      await strike("bob", 30, "2");
      await strike("ann", 5, "3");
      // As a player whose answer was lost: it counts once.
      await strike("ann", 5, "3");
      node.log.info("struck enough", { activity: id });
    });
  });
});
