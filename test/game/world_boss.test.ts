import { describe, expect, test } from "#test";
import { worldBoss } from "#game/world_boss.ts";
import { KindGround } from "./kind_ground.ts";

const CONFIG = {
  hp: 100,
  tiers: [
    { tier: "first", toPlace: 1 },
    { tier: "podium", toPlace: 3 },
  ],
  mails: { first: { title: "The slayer's share", items: [{ item: "gold", count: 100 }] } },
};

describe("world_boss", () => {
  test("each group has a boss of its own, and no damage counts that it has not", async () => {
    const ground = await KindGround.make(worldBoss, CONFIG);
    expect(await ground.reply(1, "ann", { damage: 60 })).toEqual({ dealt: 60, left: 40, slain: false });
    expect(await ground.reply(3, "cat", { damage: 10 })).toEqual({ dealt: 10, left: 90, slain: false });
    expect(await ground.reply(2, "bob", { damage: 70 })).toEqual({ dealt: 40, left: 0, slain: true });
    expect(await ground.reply(1, "ann", { damage: 5 })).toEqual({ dealt: 0, left: 0, slain: false });
    expect([await ground.top("damage", "east"), await ground.top("damage", "west")]).toEqual([
      ["ann:60", "bob:40"],
      ["cat:10"],
    ]);
  });

  test("places get what the table says, a tier without a mail waits for an operator, others get nothing", async () => {
    const ground = await KindGround.make(worldBoss, CONFIG);
    for (const [player, damage] of [
      ["ann", 4],
      ["bob", 3],
      ["cid", 2],
      ["dan", 1],
    ] as const) {
      await ground.report(1, player, { damage });
    }
    expect(await ground.settle()).toEqual([
      "east ann 1 first The slayer's share",
      "east bob 1 podium held",
      "east cid 1 podium held",
    ]);
  });

  test("refuses a damage that is none, with its place", async () => {
    const ground = await KindGround.make(worldBoss, CONFIG);
    for (const damage of [0, -1, 1.5, "much", 1e13]) {
      const outcome = await ground.report(1, "ann", { damage });
      expect(outcome.kind === "invalid" ? outcome.issues.map(({ path }) => path) : outcome).toEqual(["body.damage"]);
    }
    expect(await ground.top("damage", "east")).toEqual([]);
  });
});
