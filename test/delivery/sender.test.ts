/**
 * The sender on a real store, with centers that are functions and a clock that stands still until it is told.
 */

import { describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import { seededRandom } from "#base/random.ts";
import type { InboxRow } from "#delivery/inbox_table.ts";
import { appliedTerm, applyRewards } from "#delivery/inbox_table.ts";
import { KEY_SUM_NONE } from "#delivery/key_sum.ts";
import { LANE_RETRY_MAX_MS } from "#delivery/lane.ts";
import { LANES_AT_ONCE_MAX } from "#delivery/lanes.ts";
import { readStanding } from "#delivery/outbox_overview.ts";
import { issueRewards } from "#delivery/outbox_table.ts";
import type { TermOfShard } from "#delivery/outbox_terms.ts";
import type { Reward } from "#delivery/reward.ts";
import { HOMES_KEPT_MS } from "#delivery/shard_homes.ts";
import { DELIVER_TIMEOUT_MS, LOOK_MS, LOOK_MS_MAX, Sender, SENDER_STOP_MS_MAX } from "#delivery/sender.ts";
import { CallError } from "#rpc/call_failure.ts";
import type { Caller } from "#rpc/caller.ts";
import type { Method } from "#rpc/contract.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import { nodeId, numberOfKey } from "#wire/role.ts";
import { FlakyStore } from "../activity/fixture.ts";
import type { LogLine } from "../mesh/harness.ts";
import { recordingLog } from "../mesh/harness.ts";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";
import { deliveryStore, OWNER, quiet, rewardFor, TERM } from "./ground.ts";

type Answer = (rows: readonly InboxRow[], home: number) => Promise<unknown>;

class Ground {
  readonly clock = new ManualClock();
  readonly counters = new Counters();
  readonly lines: readonly LogLine[];
  readonly store: FlakyStore;
  readonly sender: Sender;
  /** "deliver 1: 3" and "compare 1: 1", in order. */
  readonly calls: string[] = [];
  readonly differing: (readonly string[] | undefined)[] = [];
  readonly mergedInto = new Map<number, number>();
  readonly #inboxes: ReadonlyMap<number, Store>;
  /** Takes the place of an inbox. */
  answer: Answer | undefined;
  changes = 0;

  private constructor(store: Store, inboxes: ReadonlyMap<number, Store>) {
    const { log, lines } = recordingLog();
    this.lines = lines;
    this.store = new FlakyStore(store);
    this.#inboxes = inboxes;
    this.sender = new Sender({
      owner: nodeId("cross_center", 1),
      store: this.store,
      clock: this.clock,
      clusterMs: () => this.clock.wallMs(),
      random: seededRandom(1),
      digest,
      log,
      counters: this.counters,
      caller: {
        call: (method: Method, request: never, { to }: never) => this.#call(method, request, to),
      } as unknown as Caller,
      homeOf: (shard) => this.mergedInto.get(shard) ?? shard,
      differs: (_home, terms) => this.differing.push(terms),
      changed: () => (this.changes += 1),
    });
  }

  static async make(shards: number): Promise<Ground> {
    const inboxes = new Map<number, Store>();
    for (let shard = 1; shard <= shards; shard += 1) inboxes.set(shard, await deliveryStore());
    return new Ground(await deliveryStore(), inboxes);
  }

  async issue(rewards: readonly Reward[]): Promise<void> {
    const atMs = this.clock.wallMs();
    await this.store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards, atMs }));
    this.sender.wake();
    await quiet();
  }

  async comes(shard: number, boot = "aa"): Promise<void> {
    this.sender.reachable(center(shard, boot));
    await quiet();
  }

  async goes(shard: number, boot = "aa"): Promise<void> {
    this.sender.unreachable(center(shard, boot));
    await quiet();
  }

  async pass(delayMs: number): Promise<void> {
    this.clock.advance(delayMs);
    await quiet();
  }

  async pending(): Promise<number> {
    return (await this.store.transaction((tx) => readStanding(tx, OWNER))).pending;
  }

  /** Of one shard's inbox. */
  async mails(shard: number): Promise<number> {
    const row = await this.inbox(shard).transaction((tx) => tx.get("SELECT COUNT(*) AS count FROM mail"));
    return Number(row?.["count"]);
  }

  inbox(shard: number): Store {
    const store = this.#inboxes.get(shard);
    if (store === undefined) throw new Error("there is such a shard");
    return store;
  }

  async dispose(): Promise<void> {
    await this.store.close();
    for (const store of this.#inboxes.values()) await store.close();
  }

  async #call(
    method: Method,
    request: { readonly rows?: readonly InboxRow[]; readonly terms?: readonly TermOfShard[] },
    to: { readonly key: never },
  ): Promise<unknown> {
    const home = numberOfKey(to.key);
    const { rows, terms = [] } = request;
    this.calls.push(`${method.name.replace("delivery.", "")} ${home}: ${rows?.length ?? terms.length}`);
    if (this.answer !== undefined && rows !== undefined) return this.answer(rows, home);
    return this.inbox(home).transaction(async (tx) => {
      if (rows !== undefined) return applyRewards(tx, { owner: OWNER, rows, atMs: 1, digest });
      const words = [];
      for (const of of terms) words.push((await appliedTerm(tx, of)) ?? { applied: 0, keySum: KEY_SUM_NONE });
      return { terms: words };
    });
  }
}

function center(shard: number, boot: string): Identity {
  return identity({ role: "center", number: shard, shard, boot: boot.repeat(16), startedAtMs: 0 });
}

function many(count: number, shard = 1): Reward[] {
  return Array.from({ length: count }, (_, index) => rewardFor(`s${shard}p${index}`, { shard }));
}

function failure(): CallError {
  return new CallError({
    code: "FAILED",
    at: nodeId("center", 1),
    sent: true,
    method: "delivery.deliver",
    detail: "the disk is full",
  });
}

describe("Sender", () => {
  test("sends in batches, oldest first, one at a time, and is quiet", async () => {
    const ground = await Ground.make(1);
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(1_200));
    expect(ground.calls).toEqual(["deliver 1: 500", "deliver 1: 500", "deliver 1: 200"]);
    expect([await ground.pending(), await ground.mails(1), ground.lines]).toEqual([0, 1_200, []]);
    expect([ground.counters.all(), ground.clock.pending]).toEqual([{ "delivery.acknowledged": 1_200 }, 0]);
    await ground.dispose();
  });

  test("what an earlier process has left is sent without a word of anybody", async () => {
    const ground = await Ground.make(1);
    await ground.issue(many(3));
    await ground.sender.start();
    await ground.comes(1);
    expect([ground.calls.at(-1), await ground.mails(1)]).toEqual(["deliver 1: 3", 3]);
    await ground.dispose();
  });

  test("has so many lanes under way and no more; one that hangs holds up nobody", async () => {
    const shards = LANES_AT_ONCE_MAX + 2;
    const ground = await Ground.make(shards);
    const waiting = new Map<number, () => void>();
    ground.answer = (rows, home) =>
      new Promise((resolve) => {
        waiting.set(home, () =>
          resolve({ acknowledged: rows.map(({ sequence }) => sequence), refused: [], applied: 1 }),
        );
      });
    await ground.sender.start();
    for (let shard = 1; shard <= shards; shard += 1) await ground.comes(shard);
    await ground.issue(Array.from({ length: shards }, (_, index) => rewardFor(`p${index}`, { shard: index + 1 })));
    expect(waiting.size).toBe(LANES_AT_ONCE_MAX);
    waiting.get(2)?.();
    waiting.get(3)?.();
    await quiet();
    expect([waiting.size, await ground.pending()]).toEqual([shards, shards - 2]);
    await ground.dispose();
  });

  test("tries again for ever under a backoff, and says so at 1, 2, 4, 8", async () => {
    const ground = await Ground.make(1);
    ground.answer = () => Promise.reject(failure());
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(2));
    for (let attempt = 0; attempt < 40; attempt += 1) await ground.pass(LANE_RETRY_MAX_MS);
    const said = ground.lines.filter(({ phrase }) => phrase === "rewards not delivered");
    expect(said.map(({ data }) => data?.["attempt"])).toEqual([1, 2, 4, 8, 16, 32]);
    expect(ground.sender.lane(1)).toMatchObject({ state: { kind: "backing_off" }, attempt: 41 });
    ground.answer = undefined;
    await ground.pass(LANE_RETRY_MAX_MS);
    expect([await ground.pending(), ground.lines.at(-1)?.phrase]).toEqual([0, "rewards are delivered again"]);
    await ground.dispose();
  });

  test("waits for a center that is not there without an attempt, says so at 1, 2, 4, 8, and sends when it comes", async () => {
    const ground = await Ground.make(2);
    await ground.sender.start();
    await ground.comes(2);
    await ground.issue([...many(2), ...many(2, 2)]);
    for (let look = 0; look < 9; look += 1) await ground.pass(Math.min(LOOK_MS_MAX, LOOK_MS * 2 ** look));
    expect(ground.calls).toEqual(["deliver 2: 2"]);
    expect(ground.lines.map(({ phrase, data }) => [phrase, data?.["shard"], data?.["attempt"]])).toEqual(
      [1, 2, 4, 8].map((attempt) => ["rewards wait for a shard", 1, attempt]),
    );
    await ground.comes(1);
    expect([ground.calls.at(-1), await ground.pending(), ground.clock.pending]).toEqual(["deliver 1: 2", 0, 1]);
    await ground.pass(LOOK_MS_MAX);
    expect(ground.clock.pending).toBe(0);
    await ground.dispose();
  });

  test("an answer that was lost is asked for again, and the inbox has each once", async () => {
    const ground = await Ground.make(1);
    let lost = 0;
    ground.answer = async (rows) => {
      await ground.inbox(1).transaction((tx) => applyRewards(tx, { owner: OWNER, rows, atMs: 1, digest }));
      lost += 1;
      if (lost < 3) throw failure();
      return { acknowledged: rows.map(({ sequence }) => sequence), refused: [], applied: 0 };
    };
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(5));
    for (let retry = 0; retry < 3; retry += 1) await ground.pass(LANE_RETRY_MAX_MS);
    expect([lost, await ground.pending(), await ground.mails(1)]).toEqual([3, 0, 5]);
    await ground.dispose();
  });

  test("a row that the shard refuses is held, and those behind it go on", async () => {
    const ground = await Ground.make(1);
    ground.answer = async (rows) => ({
      acknowledged: rows.slice(1).map(({ sequence }) => sequence),
      refused: [{ sequence: rows[0]?.sequence, reason: "no such player" }],
      applied: rows.length - 1,
    });
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(501));
    const held = await ground.store.transaction((tx) =>
      tx.all("SELECT player, held_why FROM outbox WHERE state = 'held'"),
    );
    expect(held).toEqual([
      { player: "s1p0", held_why: "no such player" },
      { player: "s1p500", held_why: "no such player" },
    ]);
    expect([await ground.pending(), ground.counters.get("delivery.held")]).toEqual([0, 2]);
    await ground.dispose();
  });

  test("an answer about nothing that was sent is a failure, not a loop", async () => {
    const ground = await Ground.make(1);
    ground.answer = async () => ({ acknowledged: [77], refused: [], applied: 0 });
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(1));
    expect([ground.calls, ground.sender.lane(1).attempt]).toEqual([["deliver 1: 1"], 1]);
    await ground.dispose();
  });

  test("an own store that fails is tried again, and nothing is lost", async () => {
    const ground = await Ground.make(1);
    await ground.sender.start();
    await ground.comes(1);
    await ground.store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards: many(2), atMs: 1 }));
    ground.store.failing = "before";
    ground.sender.wake();
    await quiet();
    expect(ground.lines.map(({ phrase }) => phrase)).toEqual(["outbox not read"]);
    ground.store.failing = "no";
    await ground.pass(LOOK_MS);
    expect([await ground.pending(), await ground.mails(1)]).toEqual([0, 2]);
    await ground.dispose();
  });

  test("rewards of a merged shard go on the lane of the one that lives, when that is heard", async () => {
    const ground = await Ground.make(2);
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(3, 2));
    expect([ground.calls, ground.sender.lane(2).state.kind]).toEqual([[], "unreachable"]);
    ground.mergedInto.set(2, 1);
    await ground.pass(LOOK_MS);
    expect([ground.calls, await ground.mails(1), await ground.pending()]).toEqual([["deliver 1: 3"], 3, 0]);
    await ground.dispose();
  });
});

describe("Sender: comparison", () => {
  test("once per process of a center; what it lacks is sent again, and then it is equal", async () => {
    const ground = await Ground.make(1);
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(3));
    await ground.goes(1);
    await ground.comes(1);
    expect(ground.calls).toEqual(["deliver 1: 3"]);
    await ground.inbox(1).transaction(async (tx) => {
      for (const table of ["inbox", "inbox_term", "mail"]) await tx.run(`DELETE FROM ${table}`);
    });
    await ground.goes(1);
    await ground.comes(1, "bb");
    expect(ground.calls.slice(1)).toEqual(["compare 1: 1", "deliver 1: 3", "compare 1: 1"]);
    expect([await ground.mails(1), ground.counters.get("delivery.sent_again"), ground.differing]).toEqual([
      3,
      3,
      [undefined, undefined, undefined],
    ]);
    await ground.dispose();
  });

  test("a term of which something is pending is judged when that has arrived", async () => {
    const ground = await Ground.make(1);
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(3));
    await ground.goes(1);
    await ground.issue(many(5));
    await ground.comes(1, "bb");
    expect(ground.calls.slice(1)).toEqual(["compare 1: 1", "deliver 1: 2", "compare 1: 1"]);
    expect(ground.counters.get("delivery.sent_again")).toBe(0);
    await ground.dispose();
  });

  test("a term that differs although all was sent again is told, and not sent for ever", async () => {
    const ground = await Ground.make(1);
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(2));
    await ground.inbox(1).transaction((tx) => tx.run("UPDATE inbox_term SET key_sum = '00000000000000ff'"));
    await ground.goes(1);
    await ground.comes(1, "bb");
    expect(ground.calls.slice(1)).toEqual(["compare 1: 1", "deliver 1: 2", "compare 1: 1"]);
    expect(ground.differing.at(-1)).toEqual([`1/boss/${TERM}`]);
    await ground.dispose();
  });

  test("a merged shard's terms are compared with the center that has them now", async () => {
    const ground = await Ground.make(2);
    await ground.sender.start();
    await ground.comes(2);
    await ground.issue(many(2, 2));
    await ground.goes(2);
    ground.mergedInto.set(2, 1);
    await ground.pass(LOOK_MS);
    await ground.comes(1);
    expect(ground.calls).toEqual(["deliver 2: 2", "compare 1: 1", "deliver 1: 2", "compare 1: 1"]);
    await ground.dispose();
  });
});

describe("Sender: a merge that is heard of late", () => {
  test("has that shard's terms compared with the same process of the center, once", async () => {
    const ground = await Ground.make(2);
    await ground.sender.start();
    await ground.comes(2);
    await ground.comes(1);
    await ground.issue([...many(2, 2), ...many(1)]);
    await ground.goes(2);
    ground.calls.length = 0;
    ground.sender.moved();
    await ground.pass(HOMES_KEPT_MS);
    expect(ground.calls).toEqual([]);
    ground.mergedInto.set(2, 1);
    ground.sender.moved();
    ground.sender.moved();
    await ground.pass(HOMES_KEPT_MS);
    expect(ground.calls).toEqual(["compare 1: 1", "compare 1: 1", "deliver 1: 2", "compare 1: 1", "compare 1: 1"]);
    ground.sender.moved();
    await ground.pass(HOMES_KEPT_MS);
    expect([ground.calls.length, await ground.mails(1)]).toEqual([5, 3]);
    await ground.dispose();
  });
});

describe("Sender: stop", () => {
  test("begins nothing any more, leaves no timer, and waits for what is under way only so long", async () => {
    const ground = await Ground.make(1);
    ground.answer = () => new Promise(() => undefined);
    await ground.sender.start();
    await ground.comes(1);
    await ground.issue(many(1));
    let isStopped = false;
    const stopped = ground.sender.stop().then(() => (isStopped = true));
    await ground.pass(SENDER_STOP_MS_MAX - 1);
    expect(isStopped).toBe(false);
    await ground.pass(1);
    await stopped;
    ground.sender.wake();
    await ground.comes(1, "bb");
    expect([ground.calls, ground.clock.pending, SENDER_STOP_MS_MAX < DELIVER_TIMEOUT_MS]).toEqual([
      ["deliver 1: 1"],
      0,
      true,
    ]);
    await ground.dispose();
  });

  test("while it starts leaves it stopped", async () => {
    const ground = await Ground.make(1);
    await ground.issue(many(1));
    const starting = ground.sender.start();
    await ground.sender.stop();
    await starting;
    await ground.comes(1);
    expect([ground.calls, ground.clock.pending]).toEqual([[], 0]);
    await ground.dispose();
  });

  test("a store that cannot be read at the start is the starter's matter", async () => {
    const ground = await Ground.make(1);
    ground.store.failing = "before";
    const code = await ground.sender.start().then(
      () => "none",
      (error: unknown) => (error instanceof StoreError ? error.code : "other"),
    );
    expect(code).toBe("io");
    await ground.dispose();
  });
});
