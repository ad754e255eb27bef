import { describe, expect, test } from "#test";
import { snapshot } from "./kit.ts";
import { TOPIC, WAR, shardGateway, want } from "./state_rig.ts";

describe("StateTopics: what is wanted on a link that takes nothing", () => {
  test("is what its last list has, and no more however many lists came before", () => {
    const rig = shardGateway();
    const wanted = (topic: string): boolean | undefined =>
      rig.state.view(topic).links.find((link) => link.serial === 1)?.wanted;
    for (let round = 0; round < 3; round += 1) {
      rig.list(1, snapshot(`activity/cross_center:1/old${round}`, 1, 1), snapshot(WAR, 1, 1));
    }
    rig.list(1, snapshot(TOPIC, 1, 1), snapshot(WAR, 1, 1));
    expect(["old0", "old1", "old2"].map((id) => wanted(`activity/cross_center:1/${id}`))).toEqual([
      false,
      false,
      false,
    ]);
    expect([wanted(TOPIC), wanted(WAR)]).toEqual([true, true]);
    expect(rig.written(1)).toEqual([want(WAR, TOPIC)]);
  });
});
