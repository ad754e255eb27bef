import { describe, expect, test } from "#test";
import { EPOCH_JUMP_MAX, TOPICS_MAX } from "#wire/limits.ts";
import { bytesOf, snapshot, version } from "./kit.ts";
import { TOPIC, relay, shardGateway, want } from "./state_rig.ts";

describe("StateTopics refuses", () => {
  test("what the other end may not say", () => {
    const rig = shardGateway();
    rig.snapshot(3, snapshot(TOPIC, 1, 1));
    rig.list(3, snapshot(TOPIC, 1, 1));
    rig.snapshot(1, snapshot("attached/gateway:3", 1, 1));
    expect(rig.told).toEqual(["refused not_offered", "refused not_offered", "refused not_offered"]);
    expect(rig.state.copies()).toEqual([]);
    rig.tick(3, 5);
    expect(rig.written(3)).toEqual([]);
  });

  test("another owner's topic from an owner", () => {
    const rig = relay();
    rig.snapshot(1, snapshot("activity/cross_center:2/race", 1, 1));
    expect(rig.told).toEqual(["refused not_offered"]);
  });

  test("a want and a report from who is not offered the topic", () => {
    const rig = relay();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.told.length = 0;
    rig.state.receive(1, want(TOPIC));
    rig.report(1, TOPIC, version(9, 1));
    expect(rig.told).toEqual(["refused not_offered", "refused not_offered"]);
    expect(rig.written(1)).toEqual([]);
  });

  test("bytes that are not the version's, and does not ask for them again by itself", () => {
    const rig = shardGateway();
    rig.snapshot(1, { ...snapshot(TOPIC, 1, 1), bytes: bytesOf("other") });
    expect(rig.told).toEqual(["refused bad_hash"]);
    rig.tick(1, 30);
    expect(rig.written(1)).toEqual([]);
    rig.list(1, snapshot(TOPIC, 1, 1));
    expect(rig.written(1)).toEqual([want(TOPIC)]);
  });

  test("an epoch that jumps too far, listed or pushed, but not on a fresh node", () => {
    const far = snapshot(TOPIC, 2 + EPOCH_JUMP_MAX, 1);
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.list(2, far);
    rig.snapshot(2, far);
    expect(rig.told.slice(1)).toEqual(["refused epoch_jump", "refused epoch_jump"]);
    expect(rig.written(2)).toEqual([]);
    const fresh = shardGateway();
    fresh.snapshot(1, far);
    expect(fresh.state.copy(TOPIC)?.version).toEqual(far.version);
  });

  test("more topics than there is room for, and goes on with those it has", () => {
    const rig = shardGateway();
    const name = (index: number): string => `activity/cross_center:1/t${index}`;
    for (let index = 0; index < TOPICS_MAX; index += 1) rig.snapshot(1, snapshot(name(index), 1, 1));
    rig.told.length = 0;
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.snapshot(2, snapshot(TOPIC, 1, 1));
    rig.list(2, snapshot(TOPIC, 1, 1));
    rig.snapshot(1, snapshot(name(0), 1, 2));
    expect(rig.told).toEqual([
      "refused too_many_topics",
      "refused too_many_topics",
      "refused too_many_topics",
      `accepted ${name(0)} 1.2`,
    ]);
    expect(rig.state.copies().length).toBe(TOPICS_MAX);
  });
});
