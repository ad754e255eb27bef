import { describe, expect, test } from "#test";
import type { LinkRelation } from "#link/link_port.ts";
import { StateTopics } from "#sync/state_topics.ts";
import { ABSENT_GRACE_TICKS, ABSENT_TICKS, DISPUTE_TICKS, WANT_TICKS_MAX } from "#sync/state_types.ts";
import type { StateMessage } from "#sync/state_types.ts";
import { VersionHashes, VersionTable } from "#sync/version_table.ts";
import type { Identity } from "#wire/identity.ts";
import { EPOCH_JUMP_MAX, TOPICS_MAX } from "#wire/limits.ts";
import type { ListEntry, Snapshot, Version } from "#wire/sync_message.ts";
import { REPORTS_PER_FRAME_MAX } from "#wire/sync_message.ts";
import { bytesOf, digest, node, snapshot, version } from "./kit.ts";

const TOPIC = "activity/cross_center:1/boss";
const WAR = "activity/cross_center:1/war";
const OWNER = node("cross_center", 1);
const A = node("cross_gateway", 1);
const B = node("cross_gateway", 2);
const G = node("gateway", 3);
const LEAF = node("center", 3);

/** A machine with its effects written down, and links that are named by their serials. */
class Rig {
  readonly self: Identity;
  readonly state: StateTopics;
  readonly told: string[] = [];
  readonly ready = new Set<number>();
  nowMs = 1000;

  constructor(self: Identity, links: readonly (readonly [Identity, LinkRelation])[] = []) {
    this.self = self;
    this.state = new StateTopics({
      self,
      digest,
      wallMs: () => this.nowMs,
      effects: {
        ready: (serial) => this.ready.add(serial),
        accepted: ({ topic, version: of }) => this.told.push(`accepted ${topic} ${of.epoch}.${of.revision}`),
        dropped: (topic) => this.told.push(`dropped ${topic}`),
        reported: ({ topic, claims }) =>
          this.told.push(`reported ${topic} ${claims.map((of) => `${of.epoch}.${of.revision}`).join(" ")}`),
        refused: (reason) => this.told.push(`refused ${reason}`),
      },
    });
    for (const [index, [peer, relation]] of links.entries()) this.state.linkUp({ serial: index + 1, peer, relation });
  }

  /** All that a link has to write. Fails when it was not said to be ready. */
  written(serial: number): StateMessage[] {
    const out: StateMessage[] = [];
    for (let next = this.state.next(serial); next !== undefined; next = this.state.next(serial)) out.push(next);
    if (out.length > 0 && !this.ready.has(serial)) throw new Error(`link ${serial} was not said to be ready`);
    this.ready.delete(serial);
    return out;
  }

  list(serial: number, ...entries: readonly ListEntry[]): void {
    this.state.receive(serial, {
      kind: "list",
      entries: entries.map(({ topic, version: of }) => ({ topic, version: of })),
    });
  }
  snapshot(serial: number, of: Snapshot): void {
    this.state.receive(serial, { kind: "snapshot", snapshot: of });
  }
  report(serial: number, topic: string, ...claims: readonly Version[]): void {
    this.state.receive(serial, { kind: "report", reports: [{ topic, reporter: LEAF.key, claims }] });
  }
  tick(serial: number, count = 1): void {
    for (let tick = 0; tick < count; tick += 1) this.state.tick(serial);
  }
}

const empty: StateMessage = { kind: "list", entries: [] };
const want = (...topics: readonly string[]): StateMessage => ({ kind: "want", topics });
const pushed = (of: Snapshot): StateMessage => ({
  kind: "snapshot",
  snapshot: expect.objectContaining({ ...of }) as unknown as Snapshot,
});
const reported = (self: Identity, topic: string, ...claims: readonly Version[]): StateMessage => ({
  kind: "report",
  reports: [{ topic, reporter: self.key, claims }],
});

/** A shard gateway with two uplinks (1, 2) and a leaf (3), all lists said. */
function shardGateway(): Rig {
  const rig = new Rig(G, [
    [A, "above"],
    [B, "above"],
    [LEAF, "below"],
  ]);
  rig.written(3);
  return rig;
}

/** A cross gateway: owner (1), peer (2), shard gateway (3), all lists said. */
function relay(): Rig {
  const rig = new Rig(A, [
    [OWNER, "below"],
    [B, "peer"],
    [G, "below"],
  ]);
  for (const serial of [1, 2, 3]) rig.written(serial);
  return rig;
}

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

describe("StateTopics at heartbeats", () => {
  test("says the digest of what it has written, and agrees with who has heard it", () => {
    const rig = relay();
    const said = new VersionTable<{ readonly version: Version }>(new VersionHashes(digest));
    expect(rig.state.saidDigest(3)).toBe(0n);
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    expect(rig.state.saidDigest(3)).toBe(0n);
    rig.written(3);
    said.set(TOPIC, { version: version(1, 1) });
    expect(rig.state.saidDigest(3)).toBe(said.digest);
    expect(rig.state.appliedDigest()).toBe(said.digest);
    const below = shardGateway();
    below.snapshot(1, snapshot(TOPIC, 1, 1));
    below.state.beat(1, rig.state.saidDigest(3));
    expect(below.written(1)).toEqual([]);
  });

  test("hears before it judges: what it refuses counts as heard", () => {
    const rig = shardGateway();
    rig.snapshot(1, { ...snapshot(TOPIC, 1, 1), bytes: bytesOf("other") });
    const heard = new VersionTable<{ readonly version: Version }>(new VersionHashes(digest));
    heard.set(TOPIC, { version: version(1, 1) });
    rig.state.beat(1, heard.digest);
    expect(rig.written(1)).toEqual([]);
  });

  test("asks for a list when the digests differ, for one difference every DISPUTE_TICKS", () => {
    const rig = shardGateway();
    const asked: number[] = [];
    for (let tick = 0; tick < 2 * DISPUTE_TICKS + 1; tick += 1) {
      rig.state.beat(1, 5n);
      rig.state.beat(1, 5n);
      if (rig.written(1).length > 0) asked.push(tick);
      rig.tick(1);
    }
    expect(asked).toEqual([0, DISPUTE_TICKS, 2 * DISPUTE_TICKS]);
    rig.state.beat(1, 6n);
    expect(rig.written(1)).toEqual([{ kind: "relist" }]);
  });

  test("wants again what did not come, ever more rarely", () => {
    const rig = shardGateway();
    rig.list(1, snapshot(TOPIC, 1, 1));
    const asked: number[] = [];
    for (let tick = 0; tick < 40; tick += 1) {
      if (rig.written(1).length > 0) asked.push(tick);
      rig.tick(1);
    }
    expect(asked).toEqual([0, 2, 5, 10, 19, 28, 37]);
    expect(WANT_TICKS_MAX).toBe(8);
  });

  test("does not ask while the question still waits to be written", () => {
    const rig = shardGateway();
    rig.list(1, snapshot(TOPIC, 1, 1));
    rig.tick(1, 5);
    expect(rig.state.next(1)).toEqual(want(TOPIC));
    expect(rig.state.next(1)).toBeUndefined();
    rig.tick(1);
    expect(rig.state.next(1)).toBeUndefined();
  });

  test("reports again what stands, at every second tick", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 2, 1));
    rig.list(2, snapshot(TOPIC, 1, 1));
    const told: number[] = [];
    for (let tick = 0; tick < 7; tick += 1) {
      if (rig.written(2).length > 0) told.push(tick);
      rig.tick(2);
    }
    expect(told).toEqual([0, 2, 4, 6]);
  });

  test("leaves the slower of two uplinks one tick", () => {
    const rig = shardGateway();
    for (const serial of [1, 2]) rig.snapshot(serial, snapshot(TOPIC, 1, 1));
    rig.snapshot(1, snapshot(TOPIC, 1, 2));
    rig.tick(2);
    expect(rig.written(2)).toEqual([]);
    rig.tick(2);
    expect(rig.written(2)).toEqual([reported(G, TOPIC, version(1, 2))]);
    rig.snapshot(2, snapshot(TOPIC, 1, 2));
    rig.tick(2, 20);
    expect(rig.written(2)).toEqual([]);
  });
});

describe("StateTopics holds what a whole list lacks", () => {
  test("and reports it after a grace, then every ABSENT_TICKS", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.list(2);
    const told: number[] = [];
    for (let tick = 0; tick <= ABSENT_GRACE_TICKS + ABSENT_TICKS; tick += 1) {
      const written = rig.written(2);
      if (written.length > 0) {
        expect(written).toEqual([reported(G, TOPIC, version(1, 1))]);
        told.push(tick);
      }
      rig.tick(2);
    }
    expect(told).toEqual([ABSENT_GRACE_TICKS, ABSENT_GRACE_TICKS + ABSENT_TICKS]);
  });

  test("so an owner that has lost a topic is told", () => {
    const rig = relay();
    rig.snapshot(2, snapshot(TOPIC, 1, 1));
    rig.list(1);
    rig.tick(1, ABSENT_GRACE_TICKS);
    expect(rig.written(1)).toEqual([reported(A, TOPIC, version(1, 1))]);
  });

  test("but not before a list was heard, nor where it may not be said", () => {
    const rig = shardGateway();
    rig.snapshot(1, snapshot(TOPIC, 1, 1));
    rig.written(3);
    for (const serial of [2, 3]) rig.tick(serial, 30);
    expect([rig.written(2), rig.written(3)]).toEqual([[], []]);
  });
});

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
