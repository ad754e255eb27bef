import { describe, expect, test } from "#test";
import { ABSENT_GRACE_TICKS } from "#sync/state_types.ts";
import { snapshot } from "./kit.ts";
import { G, LEAF, Rig, TOPIC, empty, pushed, relay, shardGateway } from "./state_rig.ts";

describe("StateTopics and tombstones", () => {
  const grave = snapshot(TOPIC, 1, 2, "");

  test("are kept and passed on like any version", () => {
    const rig = relay();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.snapshot(1, grave);
    expect(rig.state.copy(TOPIC)?.tombstone).toBe(true);
    expect(rig.written(3)).toEqual([pushed(grave)]);
  });

  test("are dropped quietly once the owner lists without them, though a peer still says them", () => {
    const rig = relay();
    for (const serial of [1, 2]) rig.snapshot(serial, grave);
    rig.written(3);
    rig.list(1);
    rig.tick(1, ABSENT_GRACE_TICKS);
    expect(rig.told.at(-1)).toBe(`dropped ${TOPIC}`);
    expect(rig.state.copies()).toEqual([]);
    expect(rig.written(3)).toEqual([empty]);
    rig.tick(2, 30);
    expect(rig.written(2)).toEqual([empty]);
    rig.list(2, grave);
    rig.written(2);
    rig.snapshot(2, grave);
    expect(rig.state.copies()).toEqual([]);
    rig.tick(2, 30);
    expect(rig.written(2)).toEqual([]);
  });

  test("are kept while one of two uplinks says them, and dropped when none does", () => {
    const rig = shardGateway();
    for (const serial of [1, 2]) rig.snapshot(serial, grave);
    rig.list(1);
    rig.list(2, grave);
    rig.tick(1, ABSENT_GRACE_TICKS);
    expect(rig.state.copies().length).toBe(1);
    rig.list(2);
    rig.tick(2, ABSENT_GRACE_TICKS);
    expect(rig.state.copies()).toEqual([]);
    expect([rig.written(1), rig.written(2)]).toEqual([[], []]);
  });

  test("stay while no link is up", () => {
    const rig = new Rig(LEAF, [[G, "above"]]);
    rig.snapshot(1, grave);
    rig.state.linkDown(1);
    rig.state.linkUp({ serial: 2, peer: G, relation: "above" });
    rig.tick(2, 30);
    expect(rig.state.copies().length).toBe(1);
  });
});
