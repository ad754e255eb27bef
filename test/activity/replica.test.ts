import type { ClosedEvent, OpenedEvent } from "#activity/activity_event.ts";
import type { ActivityContent } from "#activity/content.ts";
import { encodeContent } from "#activity/content.ts";
import { ActivityReplica } from "#activity/replica.ts";
import type { TermListener } from "#activity/term_listeners.ts";
import { Alarms } from "#base/alarms.ts";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { hashOf } from "#sync/version.ts";
import { describe, expect, test } from "#test";
import type { Snapshot } from "#wire/sync_message.ts";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";
import { TOPIC, closed, opened as openedAt, scheduled, settle, silentLog } from "./fixture.ts";

const STARTED_MS = 1_000_000;

/** What was heard, in words: "opened 1", "resumed 1", "closed 1". */
interface Ear extends TermListener {
  readonly heard: string[];
  readonly events: (OpenedEvent | ClosedEvent)[];
}

function ear(module = "m", kind?: string): Ear {
  const heard: string[] = [];
  const events: (OpenedEvent | ClosedEvent)[] = [];
  return {
    module,
    heard,
    events,
    ...(kind === undefined ? {} : { kind }),
    opened: (event) => {
      heard.push(`${event.resumed ? "resumed" : "opened"} ${event.termNumber}`);
      events.push(event);
    },
    closed: (event) => {
      heard.push(`closed ${event.termNumber}`);
      events.push(event);
    },
  };
}

interface Made {
  readonly replica: ActivityReplica;
  readonly clock: ManualClock;
  readonly alarms: Alarms;
  /** What the cluster's clock is ahead of this node's. */
  offsetMs: number;
}

function makeReplica(): Made {
  const clock = new ManualClock(STARTED_MS);
  const alarms = new Alarms({ clock, log: silentLog });
  const made: Made = {
    clock,
    alarms,
    offsetMs: 0,
    replica: new ActivityReplica({
      shard: 3,
      clock,
      clusterMs: () => clock.wallMs() + made.offsetMs,
      nodeStartedClusterMs: () => STARTED_MS + made.offsetMs,
      log: silentLog,
      alarms,
    }),
  };
  return made;
}

const SCHEDULED = scheduled();

function opened(content: ActivityContent, atMs: number): ActivityContent {
  return openedAt(content, { term: (content.termCount + 1).toString(16).padStart(32, "0"), atMs });
}

function copy(content: ActivityContent | undefined, revision: number, epoch = 1): Snapshot {
  const bytes = content === undefined ? new Uint8Array(0) : encodeContent(content);
  const topic = `activity/cross_center:1/${content?.id ?? "boss"}`;
  return { topic, version: { epoch, revision, hash: hashOf(digest, bytes) }, bytes, tombstone: content === undefined };
}

const OPEN_1 = opened(SCHEDULED, STARTED_MS + 10);
const CLOSED_1 = closed(OPEN_1, STARTED_MS + 20);
const OPEN_2 = opened(CLOSED_1, STARTED_MS + 30);
const CLOSED_2 = closed(OPEN_2, STARTED_MS + 40);
const OPEN_3 = opened(CLOSED_2, STARTED_MS + 50);

describe("ActivityReplica: what modules hear", () => {
  test("each version that is applied is heard once, with what it says; those of before at once", () => {
    const { replica } = makeReplica();
    const heard: string[] = [];
    replica.apply(copy(SCHEDULED, 1));
    replica.listen({
      module: "m",
      kind: "boss",
      applied: ({ id, version, phase, term }) =>
        void heard.push([id, version.slice(0, 3), phase, term ?? "-"].join(" ")),
    });
    replica.listen({ module: "m", kind: "other", applied: () => void heard.push("of another kind") });
    replica.apply(copy(OPEN_1, 2));
    replica.apply(copy(OPEN_1, 2));
    replica.apply(copy(SCHEDULED, 1));
    replica.apply(copy(CLOSED_1, 3));
    replica.apply(copy(undefined, 4));
    const term = OPEN_1.term?.id ?? "";
    expect(heard).toEqual([
      "boss 1.1 scheduled -",
      `boss 1.2 open ${term}`,
      `boss 1.3 closed ${term}`,
      "boss 1.4 deleted -",
    ]);
  });

  test("a term that opens and closes is heard once, with its data", () => {
    const { replica } = makeReplica();
    const listener = ear();
    replica.listen(listener);
    replica.apply(copy(SCHEDULED, 1));
    replica.apply(copy(OPEN_1, 2));
    replica.apply(copy(OPEN_1, 3));
    replica.apply(copy(OPEN_1, 1, 2));
    replica.apply(copy(CLOSED_1, 2, 2));
    replica.apply(copy(CLOSED_1, 3, 2));
    const event = {
      id: "boss",
      kind: "boss",
      owner: "cross_center:1",
      term: "0".repeat(31) + "1",
      termNumber: 1,
      config: { hp: 10 },
      openedAtMs: STARTED_MS + 10,
      endsAtMs: undefined,
      groups: undefined,
      group: "all",
    };
    expect<unknown>(listener.events).toEqual([
      { ...event, resumed: false },
      { ...event, closedAtMs: STARTED_MS + 20 },
    ]);
  });

  test("a node that slept through an end hears it before the next term begins, with the time from the history", () => {
    const { replica } = makeReplica();
    const listener = ear();
    replica.listen(listener);
    replica.apply(copy(OPEN_1, 1));
    replica.apply(copy(OPEN_3, 9));
    expect(listener.heard).toEqual(["opened 1", "closed 1", "opened 3"]);
    expect(listener.events[1]).toMatchObject({ termNumber: 1, closedAtMs: STARTED_MS + 20 });
  });

  test("a term of which it heard no beginning has no end here", () => {
    const { replica } = makeReplica();
    const listener = ear();
    replica.listen(listener);
    replica.apply(copy(CLOSED_1, 1));
    replica.apply(copy(CLOSED_2, 2));
    replica.apply(copy(OPEN_3, 3));
    expect(listener.heard).toEqual(["opened 3"]);
  });

  test("resumed when the term began before this process did, by the cluster's clock", () => {
    for (const [openedAtMs, offsetMs, heard] of [
      [STARTED_MS - 1, 0, "resumed 1"],
      [STARTED_MS, 0, "opened 1"],
      [STARTED_MS + 100, 500, "resumed 1"],
      [STARTED_MS - 100, -500, "opened 1"],
    ] as const) {
      const made = makeReplica();
      made.offsetMs = offsetMs;
      const listener = ear();
      made.replica.listen(listener);
      made.replica.apply(copy(opened(SCHEDULED, openedAtMs), 1));
      expect(listener.heard).toEqual([heard]);
    }
  });

  test("who listens late hears what is open, once, and its end", () => {
    const { replica } = makeReplica();
    replica.apply(copy(OPEN_1, 1));
    const late = ear();
    replica.listen(late);
    expect(late.heard).toEqual(["opened 1"]);
    replica.apply(copy(OPEN_1, 2));
    replica.apply(copy(CLOSED_1, 3));
    const later = ear();
    replica.listen(later);
    expect(late.heard).toEqual(["opened 1", "closed 1"]);
    expect(later.heard).toEqual([]);
  });

  test("who listens to a kind hears only that one, and who stops listening hears nothing more", () => {
    const { replica } = makeReplica();
    const boss = ear("m", "boss");
    const other = ear("m", "other");
    const stopped = ear();
    replica.listen(boss);
    replica.listen(other);
    const stop = replica.listen(stopped);
    replica.apply(copy(OPEN_1, 1));
    stop();
    replica.apply(copy({ ...OPEN_1, id: "second", kind: "other" }, 1));
    replica.apply(copy(CLOSED_1, 2));
    expect(boss.heard).toEqual(["opened 1", "closed 1"]);
    expect(other.events.map((event) => event.id)).toEqual(["second"]);
    expect(stopped.heard).toEqual(["opened 1"]);
  });

  test("an old version, or the same one again, changes nothing", () => {
    const { replica } = makeReplica();
    const listener = ear();
    replica.listen(listener);
    replica.apply(copy(CLOSED_1, 5));
    replica.apply(copy(OPEN_1, 4));
    replica.apply({ ...copy(OPEN_1, 5) });
    replica.apply(copy(OPEN_2, 9, 0));
    expect(listener.heard).toEqual([]);
    expect(replica.view()[0]).toMatchObject({ phase: "closed", version: expect.stringMatching(/^1\.5\./) });
  });

  test("a term that ended here does not open again when a restored owner says so", () => {
    const { replica } = makeReplica();
    const listener = ear();
    replica.listen(listener);
    replica.apply(copy(OPEN_1, 1));
    replica.apply(copy(CLOSED_1, 2));
    replica.apply(copy(OPEN_1, 1, 2));
    expect(listener.heard).toEqual(["opened 1", "closed 1"]);
    expect(replica.view()[0]?.phase).toBe("closed");
    replica.apply(copy(CLOSED_1, 2, 2));
    replica.apply(copy(OPEN_2, 3, 2));
    expect(listener.heard).toEqual(["opened 1", "closed 1", "opened 2"]);
  });

  test("a deletion and a dropped topic end what is open", () => {
    const { replica } = makeReplica();
    const listener = ear();
    replica.listen(listener);
    replica.apply(copy(OPEN_1, 1));
    replica.apply(copy(undefined, 2));
    expect(listener.heard).toEqual(["opened 1", "closed 1"]);
    expect(replica.view()).toMatchObject([{ topic: TOPIC, tombstone: true, content: undefined, phase: undefined }]);
    replica.apply(copy(OPEN_2, 3));
    replica.forget(TOPIC);
    replica.forget(TOPIC);
    expect(listener.heard).toEqual(["opened 1", "closed 1", "opened 2", "closed 2"]);
    expect(replica.view()).toEqual([]);
  });
});

describe("ActivityReplica: faults", () => {
  test("a listener that throws or rejects raises an alarm, and the others still hear", async () => {
    const { replica, alarms } = makeReplica();
    const good = ear("good");
    const fail = (): never => {
      throw new Error("module bug");
    };
    replica.listen({ module: "throws", opened: fail, closed: fail });
    replica.listen({ module: "rejects", opened: () => Promise.reject(new Error("later")) });
    replica.listen(good);
    replica.apply(copy(OPEN_1, 1));
    replica.apply(copy(CLOSED_1, 2));
    await settle();
    expect(good.heard).toEqual(["opened 1", "closed 1"]);
    expect(alarms.all().map((alarm) => [alarm.name, alarm.detail["error"]])).toEqual([
      ["module_fault:throws", "module bug"],
      ["module_fault:rejects", "later"],
    ]);
  });

  test("what can't be read raises an alarm, counts as applied, and leaves the last content in force", () => {
    const { replica, alarms } = makeReplica();
    const listener = ear();
    replica.listen(listener);
    replica.apply(copy(OPEN_1, 1));
    const bytes = new Uint8Array([0xc1, 1, 2]);
    replica.apply({
      topic: TOPIC,
      version: { epoch: 1, revision: 2, hash: hashOf(digest, bytes) },
      bytes,
      tombstone: false,
    });
    expect(alarms.has(`bad_content:${TOPIC}`)).toBe(true);
    expect(replica.view()).toMatchObject([{ version: expect.stringMatching(/^1\.2\./), phase: "open" }]);
    replica.apply(copy(CLOSED_1, 3));
    expect(alarms.all()).toEqual([]);
    expect(listener.heard).toEqual(["opened 1", "closed 1"]);
  });

  test("a topic that is no activity is not taken", () => {
    const { replica } = makeReplica();
    replica.apply({ ...copy(OPEN_1, 1), topic: "attached/gateway:1" });
    replica.apply({ ...copy(OPEN_1, 1), topic: "activity/center:1/boss" });
    expect(replica.view()).toEqual([]);
  });

  test("a listener that makes the next change happen hears it after all have heard the first", () => {
    const { replica } = makeReplica();
    const trace: string[] = [];
    replica.listen({
      module: "first",
      opened: () => {
        replica.apply(copy(CLOSED_1, 2));
        trace.push("first opened");
      },
      closed: () => void trace.push("first closed"),
    });
    replica.listen({
      module: "second",
      opened: () => void trace.push("second opened"),
      closed: () => void trace.push("second closed"),
    });
    replica.apply(copy(OPEN_1, 1));
    expect(trace).toEqual(["first opened", "second opened", "first closed", "second closed"]);
  });
});

describe("ActivityReplica: ends", () => {
  const endsAtMs = STARTED_MS + 50_000;
  const ending = { ...OPEN_1, endsAtMs };

  test("closes itself at its end while cut off, once, also when the owner says it later", () => {
    const { replica, clock } = makeReplica();
    const listener = ear();
    replica.listen(listener);
    replica.apply(copy(ending, 1));
    clock.advance(49_999);
    expect(listener.heard).toEqual(["opened 1"]);
    clock.advance(1);
    expect(listener.heard).toEqual(["opened 1", "closed 1"]);
    expect(listener.events[1]).toMatchObject({ closedAtMs: endsAtMs });
    expect(replica.view()[0]?.phase).toBe("closed");
    expect(clock.pending).toBe(0);
    replica.apply(copy(closed(ending, endsAtMs), 2));
    expect(listener.heard).toEqual(["opened 1", "closed 1"]);
  });

  test("follows the owner's clock, also when what is known of it is corrected", () => {
    const made = makeReplica();
    const listener = ear();
    made.offsetMs = -30_000;
    made.replica.listen(listener);
    made.replica.apply(copy(ending, 1));
    made.clock.advance(60_000);
    expect(listener.heard).toEqual(["opened 1"]);
    made.offsetMs = 0;
    made.clock.advance(10_000);
    expect(listener.heard).toEqual(["opened 1", "closed 1"]);
  });

  test("does not open what is over, opens it when the clock turns out to be ahead, and never spins", () => {
    const made = makeReplica();
    const listener = ear();
    made.offsetMs = 3_600_000;
    made.replica.listen(listener);
    made.replica.apply(copy(ending, 1));
    expect(listener.heard).toEqual([]);
    let looks = 0;
    for (; looks < 5; looks += 1) made.clock.advance(1000);
    expect(listener.heard).toEqual([]);
    expect(made.clock.pending).toBe(1);
    made.offsetMs = 0;
    made.clock.advance(10_000);
    expect(listener.heard).toEqual(["opened 1"]);
  });

  test("stop leaves no timer", () => {
    const { replica, clock } = makeReplica();
    replica.apply(copy(ending, 1));
    replica.stop();
    replica.apply(copy(ending, 2));
    expect(clock.pending).toBe(0);
  });
});

describe("ActivityReplica: who begins to listen in the middle of a delivery", () => {
  test("hears what is open then, and neither the end before it nor the beginning twice", () => {
    const { replica } = makeReplica();
    const late = ear("late");
    let isFirst = true;
    replica.listen({
      module: "early",
      opened: () => {
        if (!isFirst) return;
        isFirst = false;
        replica.apply(copy(OPEN_2, 2));
        replica.listen(late);
      },
    });
    replica.apply(copy(OPEN_1, 1));
    expect(late.heard).toEqual(["opened 2"]);
    replica.apply(copy(CLOSED_2, 3));
    expect(late.heard).toEqual(["opened 2", "closed 2"]);
  });
});

/** The owner's history of one activity, as the versions that it published. */
function randomLife(random: Random, count: number): readonly Snapshot[] {
  const life: Snapshot[] = [];
  let content: ActivityContent | undefined = SCHEDULED;
  let terms = 0;
  for (let revision = 1; revision <= count; revision += 1) {
    const choice = randomIndex(random, 8);
    if (content === undefined) content = SCHEDULED;
    else if (content.phase === "open" && choice < 5) content = closed(content, STARTED_MS + revision * 10);
    else if (content.phase !== "open" && choice < 5) {
      terms += 1;
      content = openedAt(content, { term: terms.toString(16).padStart(32, "0"), atMs: STARTED_MS + revision * 10 });
      if (randomIndex(random, 4) === 0)
        content = { ...content, endsAtMs: STARTED_MS + revision * 10 + randomIndex(random, 60) };
    } else if (choice === 5 && content.phase !== "open") content = undefined;
    life.push(copy(content, revision, 1 + Math.floor(revision / 7)));
  }
  return life;
}

describe("ActivityReplica: any sequence of versions", () => {
  test("every listener hears opened and closed in turn, each term at most once, and ends up with what holds", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = seededRandom(seed);
      const life = randomLife(random, 40);
      const { replica, clock } = makeReplica();
      const ears: Ear[] = [];
      let at = 0;
      let highest: Snapshot | undefined;
      while (at < life.length) {
        if (randomIndex(random, 6) === 0) {
          const listener = ear(`m${ears.length}`);
          ears.push(listener);
          replica.listen(listener);
        }
        clock.advance(randomIndex(random, 25));
        // Some versions never arrive, some arrive late or twice.
        at += randomIndex(random, 3);
        const late = Math.max(0, at - randomIndex(random, 4));
        for (const index of [at, late]) {
          const snapshot = life[index];
          if (snapshot === undefined) continue;
          replica.apply(snapshot);
          if (highest === undefined || index > life.indexOf(highest)) highest = snapshot;
        }
      }
      for (const listener of ears) {
        let open: string | undefined;
        const terms = new Set<string>();
        for (const event of listener.events) {
          if ("resumed" in event) {
            expect([seed, open, terms.has(event.term)]).toEqual([seed, undefined, false]);
            terms.add(event.term);
            open = event.term;
          } else {
            expect([seed, event.term]).toEqual([seed, open ?? "nothing was open"]);
            open = undefined;
          }
        }
        expect([seed, open]).toEqual([seed, replica.open()[0]?.term]);
      }
      expect(replica.view()[0]?.tombstone ?? true).toBe(highest?.tombstone ?? true);
    }
  });
});
