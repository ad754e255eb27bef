import { describe, expect, test } from "#test";
import { REPORTS_PER_FRAME_MAX } from "#wire/sync_message.ts";
import { node, snapshot, version } from "./kit.ts";
import { A, G, LEAF, OWNER, Rig, TOPIC, WAR, relay, reported, shardGateway } from "./state_rig.ts";

describe("StateTopics carries reports", () => {
  test("from a leaf to all uplinks, with its own version when that is higher", () => {
    const rig = shardGateway();
    rig.report(3, TOPIC, version(3, 1));
    const passed = { kind: "report", reports: [{ topic: TOPIC, reporter: LEAF.key, claims: [version(3, 1)] }] };
    expect([rig.written(1), rig.written(2)] as unknown).toEqual([[passed], [passed]]);
    rig.snapshot(1, snapshot(TOPIC, 4, 1));
    rig.report(3, TOPIC, version(3, 1));
    expect(rig.written(2)).toEqual([reported(G, TOPIC, version(4, 1))]);
  });

  test("with both versions when the leaf's clashes with its own", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 3, 1, "here"));
    rig.report(3, TOPIC, version(3, 1, "there"));
    const claims = [version(3, 1, "there"), version(3, 1, "here")];
    expect(rig.written(2)).toEqual([{ kind: "report", reports: [{ topic: TOPIC, reporter: LEAF.key, claims }] }]);
  });

  test("to the owner's link when it is up, and nowhere else", () => {
    const rig = relay();
    rig.report(3, TOPIC, version(3, 1));
    rig.report(2, TOPIC, version(3, 2));
    expect(rig.written(1)).toEqual([
      { kind: "report", reports: [{ topic: TOPIC, reporter: LEAF.key, claims: [version(3, 2)] }] },
    ]);
    expect([rig.written(2), rig.written(3)]).toEqual([[], []]);
  });

  test("else from below once to the peers, and never from a peer to a peer", () => {
    const rig = relay();
    rig.state.linkUp({ serial: 4, peer: node("cross_gateway", 3), relation: "peer" });
    rig.written(4);
    rig.state.linkDown(1);
    rig.report(2, TOPIC, version(3, 1));
    expect([rig.written(2), rig.written(3), rig.written(4)]).toEqual([[], [], []]);
    rig.report(3, TOPIC, version(3, 1));
    const passed = { kind: "report", reports: [{ topic: TOPIC, reporter: LEAF.key, claims: [version(3, 1)] }] };
    expect([rig.written(2), rig.written(3), rig.written(4)] as unknown).toEqual([[passed], [], [passed]]);
  });

  test("of its own copy the same way", () => {
    const rig = relay();
    rig.snapshot(1, snapshot(TOPIC, 2, 1));
    for (const serial of [1, 2, 3]) rig.written(serial);
    rig.list(2, snapshot(TOPIC, 1, 1));
    expect([rig.written(1), rig.written(2)]).toEqual([[reported(A, TOPIC, version(2, 1))], []]);
    rig.state.linkDown(1);
    rig.list(2, snapshot(TOPIC, 1, 1));
    expect(rig.written(2)).toEqual([reported(A, TOPIC, version(2, 1))]);
  });

  test("in frames of a bounded size", () => {
    const rig = shardGateway();
    for (let index = 0; index <= REPORTS_PER_FRAME_MAX; index += 1)
      rig.report(3, `activity/cross_center:1/t${index}`, version(1, 1));
    expect(rig.written(1).map((message) => (message.kind === "report" ? message.reports.length : 0))).toEqual([
      REPORTS_PER_FRAME_MAX,
      1,
    ]);
  });

  test("to the owner, who is told when it is news", () => {
    const rig = new Rig(OWNER, [[A, "above"]]);
    rig.state.publish(snapshot(TOPIC, 2, 1));
    rig.report(1, TOPIC, version(2, 1));
    rig.report(1, TOPIC, version(1, 7));
    rig.report(1, TOPIC, version(2, 2));
    rig.report(1, TOPIC, version(2, 1), version(2, 1, "y"));
    rig.report(1, WAR, version(1, 1));
    expect(rig.told).toEqual([`reported ${TOPIC} 2.2`, `reported ${TOPIC} 2.1 2.1`, `reported ${WAR} 1.1`]);
  });
});
