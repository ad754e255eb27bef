import { describe, expect, test } from "#test";
import { shardContest } from "#game/shard_contest.ts";
import { KindGround } from "./kind_ground.ts";

const CONFIG = {
  leastPoints: 2,
  tiers: [
    { tier: "winners", toPlace: 1 },
    { tier: "second", toPlace: 2 },
  ],
  mails: { winners: { title: "Your shard has won" }, second: { title: "Second" } },
};

describe("shard_contest", () => {
  test("points count for the player and for the shard, in the group of the shard", async () => {
    const ground = await KindGround.make(shardContest, CONFIG);
    await ground.report(1, "ann", { points: 5 });
    await ground.report(2, "bob", { points: 4 });
    await ground.report(2, "ben", { points: 3 });
    await ground.report(3, "cat", { points: 9 });
    expect([await ground.top("shards", "east"), await ground.top("players", "east")]).toEqual([
      ["shard:2:7", "shard:1:5"],
      ["ann:5", "bob:4", "ben:3"],
    ]);
    expect(await ground.top("shards", "west")).toEqual(["shard:3:9"]);
  });

  test("who has enough points gets what the place of his shard earns, at home", async () => {
    const ground = await KindGround.make(shardContest, CONFIG);
    await ground.report(1, "ann", { points: 5 });
    await ground.report(2, "bob", { points: 6 });
    await ground.report(2, "ben", { points: 1 });
    await ground.report(3, "cat", { points: 2 });
    expect(await ground.settle()).toEqual([
      "east bob 2 winners Your shard has won",
      "east ann 1 second Second",
      "west cat 3 winners Your shard has won",
    ]);
  });
});
