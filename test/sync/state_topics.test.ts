import { describe, expect, test } from "#test";
import { StateTopics } from "#sync/state_topics.ts";
import { TOPICS_MAX } from "#wire/limits.ts";
import { bytesOf, digest, snapshot, version } from "./kit.ts";
import {
  A,
  B,
  G,
  LEAF,
  OWNER,
  Rig,
  TOPIC,
  WAR,
  empty,
  pushed,
  relay,
  reported,
  shardGateway,
  want,
} from "./state_rig.ts";

describe("StateTopics at link-up", () => {
  test("lists what it may offer there, also nothing, and no contents before a want", () => {
    const rig = new Rig(OWNER);
    rig.state.publish(snapshot(TOPIC, 1, 1));
    rig.state.publish(snapshot(WAR, 1, 1));
    rig.state.linkUp({ serial: 1, peer: A, relation: "above" });
    expect(rig.written(1)).toEqual([
      {
        kind: "list",
        entries: [
          { topic: TOPIC, version: version(1, 1) },
          { topic: WAR, version: version(1, 1) },
        ],
      },
    ]);
    expect(new Rig(OWNER, [[A, "above"]]).written(1)).toEqual([empty]);
  });

  test("says nothing where it may offer nothing", () => {
    expect(new Rig(LEAF, [[G, "above"]]).written(1)).toEqual([]);
    expect(new Rig(G, [[A, "above"]]).written(1)).toEqual([]);
  });

  test("does not list an owner's topics to the owner", () => {
    const rig = relay();
    rig.snapshot(2, snapshot(TOPIC, 1, 1));
    rig.snapshot(2, snapshot("activity/cross_center:2/race", 1, 1));
    rig.state.linkUp({ serial: 9, peer: OWNER, relation: "below" });
    expect(rig.written(9)).toEqual([
      { kind: "list", entries: [{ topic: "activity/cross_center:2/race", version: version(1, 1) }] },
    ]);
  });
});

describe("StateTopics hears a list", () => {
  test("wants what is newer or lacking, and is silent on what is equal", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.list(1, snapshot(TOPIC, 1, 2), snapshot(WAR, 1, 1));
    expect(rig.written(1)).toEqual([want(TOPIC, WAR)]);
    rig.list(2, snapshot(TOPIC, 1, 1));
    expect(rig.written(2)).toEqual([]);
  });

  test("reports where it is ahead or differs, on that link", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 2, 1));
    rig.snapshot(1, snapshot(WAR, 2, 1, "here"));
    rig.list(2, snapshot(TOPIC, 1, 9), snapshot(WAR, 2, 1, "there"));
    expect(rig.written(2)).toEqual([
      {
        kind: "report",
        reports: [
          { topic: TOPIC, reporter: G.key, claims: [version(2, 1)] },
          { topic: WAR, reporter: G.key, claims: [version(2, 1, "here")] },
        ],
      },
    ]);
    expect(rig.written(1)).toEqual([]);
  });

  test("does not want any more what has come from somewhere else", () => {
    const rig = shardGateway();
    rig.list(1, snapshot(TOPIC, 1, 1), snapshot(WAR, 1, 1));
    rig.snapshot(2, snapshot(TOPIC, 1, 1));
    expect(rig.written(1)).toEqual([want(WAR)]);
  });

  test("takes it whole: what it lacks is heard no more", () => {
    const rig = shardGateway();
    rig.list(1, snapshot(TOPIC, 1, 1), snapshot(WAR, 1, 1));
    rig.list(1, snapshot(TOPIC, 1, 1));
    expect(rig.written(1)).toEqual([want(TOPIC)]);
  });
});

describe("StateTopics hears a snapshot", () => {
  test("takes a newer one and pushes it to every link that is offered it, whoever delivered it", () => {
    const rig = relay();
    const news = snapshot(TOPIC, 1, 1, "boss");
    rig.snapshot(2, news);
    expect(rig.told).toEqual([`accepted ${TOPIC} 1.1`]);
    expect(rig.written(1)).toEqual([]);
    expect(rig.written(2)).toEqual([pushed(news)]);
    expect(rig.written(3)).toEqual([pushed(news)]);
    expect(rig.state.copy(TOPIC)?.bytes).toEqual(bytesOf("boss"));
  });

  test("is silent on an equal one", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.snapshot(2, snapshot(TOPIC, 1, 1));
    expect(rig.told).toEqual([`accepted ${TOPIC} 1.1`]);
    expect([rig.written(1), rig.written(2)]).toEqual([[], []]);
  });

  test("answers one that is older or clashes like a list entry", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 2, "here"));
    rig.snapshot(2, snapshot(TOPIC, 1, 1));
    expect(rig.written(2)).toEqual([reported(G, TOPIC, version(1, 2, "here"))]);
    rig.snapshot(2, snapshot(TOPIC, 1, 2, "there"));
    expect(rig.written(2)).toEqual([reported(G, TOPIC, version(1, 2, "here"))]);
    expect(rig.state.copy(TOPIC)?.version).toEqual(version(1, 2, "here"));
  });

  test("keeps the last copy when links die", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    for (const serial of [1, 2, 3]) rig.state.linkDown(serial);
    expect(rig.state.copies().map(({ topic }) => topic)).toEqual([TOPIC]);
  });

  test("writes the newest content once, however many came", () => {
    const rig = shardGateway();
    for (let revision = 1; revision <= 5; revision += 1) rig.snapshot(1, snapshot(TOPIC, 1, revision));
    expect(rig.written(3)).toEqual([pushed(snapshot(TOPIC, 1, 5))]);
  });

  test("may be answered with a publish from inside the effect", () => {
    const told: string[] = [];
    const state: StateTopics = new StateTopics({
      self: OWNER,
      digest,
      wallMs: () => 0,
      effects: {
        ready: (serial) => told.push(`ready ${serial}`),
        accepted: ({ topic }) => {
          told.push(`accepted ${topic}`);
          state.publish(snapshot(TOPIC, 1, 1));
        },
        dropped: () => {},
        reported: () => {},
        refused: () => {},
      },
    });
    state.linkUp({ serial: 1, peer: A, relation: "above" });
    state.receive(1, { kind: "snapshot", snapshot: snapshot("activity/cross_center:2/race", 1, 1) });
    expect(told).toEqual(["ready 1", "accepted activity/cross_center:2/race", "ready 1"]);
  });
});

describe("StateTopics is asked", () => {
  test("and gives the content, once for two wants", () => {
    const rig = relay();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    for (const serial of [2, 3]) rig.written(serial);
    rig.state.receive(3, want(TOPIC));
    rig.state.receive(3, want(TOPIC, WAR));
    expect(rig.written(3)).toEqual([pushed(snapshot(TOPIC, 1, 1))]);
  });

  test("to list again, and does", () => {
    const rig = relay();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.written(3);
    rig.state.receive(3, { kind: "relist" });
    expect(rig.written(3)).toEqual([{ kind: "list", entries: [{ topic: TOPIC, version: version(1, 1) }] }]);
  });

  test("what steers goes before contents", () => {
    const rig = relay();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.list(2, snapshot(WAR, 1, 1));
    rig.state.receive(2, { kind: "relist" });
    rig.state.beat(2, 77n);
    expect(rig.written(2).map(({ kind }) => kind)).toEqual(["relist", "list", "want", "snapshot"]);
  });
});

describe("StateTopics at the owner", () => {
  test("pushes what it publishes at once", () => {
    const rig = new Rig(OWNER, [
      [A, "above"],
      [B, "above"],
    ]);
    for (const serial of [1, 2]) rig.written(serial);
    expect(rig.state.publish(snapshot(TOPIC, 1, 1))).toBe("ok");
    expect([rig.written(1), rig.written(2)]).toEqual([
      [pushed(snapshot(TOPIC, 1, 1))],
      [pushed(snapshot(TOPIC, 1, 1))],
    ]);
    expect(rig.told).toEqual([]);
  });

  test("lists without a topic that it forgets", () => {
    const rig = new Rig(OWNER, [[A, "above"]]);
    rig.state.publish(snapshot(TOPIC, 1, 1, ""));
    rig.written(1);
    rig.state.forget(TOPIC);
    expect(rig.written(1)).toEqual([empty]);
    expect(rig.state.saidDigest(1)).toBe(0n);
  });

  test("says how much is too much", () => {
    const rig = new Rig(OWNER);
    expect(rig.state.publish(snapshot(TOPIC, 1, 1, "x".repeat(256 * 1024)))).toBe("ok");
    expect(rig.state.publish(snapshot(WAR, 1, 1, "x".repeat(256 * 1024 + 1)))).toBe("too_large");
    for (let index = 1; index < TOPICS_MAX; index += 1)
      rig.state.publish(snapshot(`activity/cross_center:1/t${index}`, 1, 1));
    expect(rig.state.publish(snapshot(WAR, 1, 1))).toBe("too_many_topics");
    expect(rig.state.publish(snapshot(TOPIC, 1, 2))).toBe("ok");
  });

  test("takes a foreign topic, an old version, a wrong hash or a shapeless tombstone for a bug", () => {
    const rig = new Rig(OWNER);
    rig.state.publish(snapshot(TOPIC, 1, 2));
    expect(() => rig.state.publish(snapshot("activity/cross_center:2/boss", 1, 1))).toThrow();
    expect(() => rig.state.publish(snapshot(TOPIC, 1, 2, "y"))).toThrow();
    expect(() => rig.state.publish({ ...snapshot(TOPIC, 1, 3), version: version(1, 3, "y") })).toThrow();
    expect(() => rig.state.publish({ ...snapshot(TOPIC, 1, 3), tombstone: true })).toThrow();
    expect(() => rig.state.forget("activity/cross_center:2/boss")).toThrow();
  });
});

describe("StateTopics view", () => {
  test("shows where a version has stopped", () => {
    const rig = relay();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.written(2);
    rig.nowMs = 2000;
    rig.written(3);
    rig.nowMs = 3000;
    rig.snapshot(1, snapshot(TOPIC, 1, 2));
    const { copy, links } = rig.state.view(TOPIC);
    expect([copy?.version, copy?.atMs]).toEqual([version(1, 2), 3000]);
    const rest = { due: true, wanted: false, reporting: false };
    expect(links.map(({ heard, ...link }) => ({ ...link, heard: heard?.version }))).toEqual([
      {
        ...rest,
        serial: 1,
        peer: OWNER.key,
        relation: "below",
        offered: false,
        hearable: true,
        said: undefined,
        heard: version(1, 2),
        due: false,
      },
      {
        ...rest,
        serial: 2,
        peer: B.key,
        relation: "peer",
        offered: true,
        hearable: true,
        said: { version: version(1, 1), atMs: 1000 },
        heard: undefined,
      },
      {
        ...rest,
        serial: 3,
        peer: G.key,
        relation: "below",
        offered: true,
        hearable: false,
        said: { version: version(1, 1), atMs: 2000 },
        heard: undefined,
      },
    ]);
  });
});
