import { REWARDS_PER_COMMIT } from "#activity/ranks/reward_walk.ts";
import type { ActivityOwner } from "#activity/owner.ts";
import { CHANGES_WAITING_MAX } from "#activity/owner.ts";
import { SLICE_MS } from "#base/slices.ts";
import { highest } from "#activity/ranks/rank_order.ts";
import { activity } from "#module/activity_kind.ts";
import { describe, expect, test } from "#test";
import { TRANSACTIONS_WAITING_MAX } from "#store/store.ts";
import type { Snapshot } from "#wire/sync_message.ts";
import { nodeKey } from "#wire/role.ts";
import * as v from "valibot";
import type { World } from "../fixture.ts";
import { makeWorld, settle, viewIn } from "../fixture.ts";
import { Breaker, bossKind, hit, kindsOf, takeAll, topOf } from "../ranked_kinds.ts";

const BOSS = { id: "boss", kind: "boss", config: { hp: 10 } };

/** Rewards go into a table, in the transaction that they come with. */
async function makeBoss(options: { readonly players: number; readonly breaker?: Breaker }) {
  const counts = { issues: 0, wakes: 0 };
  const hooks: { onIssue: () => void } = { onIssue: () => undefined };
  const world = await makeWorld({
    kinds: kindsOf(bossKind(options.breaker)),
    rewards: {
      issue: async (tx, rewards) => {
        counts.issues += 1;
        hooks.onIssue();
        const names = rewards.map(({ key, shard, mail }) => {
          return `${key.group} ${key.ranking} ${key.player} ${key.tier} ${shard} ${mail?.title ?? "none"}`;
        });
        await tx.run(`INSERT INTO given (name) VALUES ${names.map(() => "(?)").join(", ")}`, names);
      },
      wake: () => {
        counts.wakes += 1;
      },
    },
  });
  // No key: a reward that is issued twice is there twice.
  await world.store.transaction((tx) => tx.run("CREATE TABLE given (name TEXT NOT NULL)"));
  const owner = await world.begin();
  await owner.create({ ...BOSS, open: true });
  await takeAll(
    owner,
    Array.from({ length: options.players }, (_, index) =>
      hit(`p${index}`, options.players - index, { shard: 1 + (index % 3) }),
    ),
  );
  return { world, owner, counts, hooks };
}

async function given(world: World): Promise<readonly unknown[]> {
  return await world.store.transaction(async (tx) =>
    (await tx.all("SELECT name FROM given")).map((row) => row["name"]),
  );
}

async function settled(world: World): Promise<readonly unknown[]> {
  return await world.store.transaction((tx) =>
    tx.all("SELECT group_name, ranking, entries, rewarded FROM activity_settlement ORDER BY ranking"),
  );
}

async function waitOut(world: World, owner: ActivityOwner, phase: string): Promise<void> {
  for (let turn = 0; turn < 40 && owner.get("boss")?.phase !== phase; turn += 1) {
    world.clock.advance(2_500);
    await settle();
    await settle();
  }
  expect(owner.get("boss")?.phase).toBe(phase as never);
}

function expectedOf(players: number): string[] {
  return Array.from({ length: players }, (_, index) => {
    const place = index + 1;
    return `all damage p${index} ${place === 1 ? "first" : "others"} ${1 + (index % 3)} damage ${place}`;
  });
}

describe("Settlement", () => {
  test("freezes every ranking of the term with its digest, and gives each place its reward once, in order", async () => {
    const players = REWARDS_PER_COMMIT + 5;
    const { world, owner, counts } = await makeBoss({ players });
    await owner.verb("boss", "next");
    const frozen = await owner.rankings.top({ activity: "boss", ranking: "damage", shard: 0, offset: 0, count: 2 });
    expect(frozen).toMatchObject({ kind: "ok", count: players, settled: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await waitOut(world, owner, "closed");
    expect(await given(world)).toEqual(expectedOf(players));
    expect(await settled(world)).toEqual([
      { group_name: "all", ranking: "damage", entries: players, rewarded: players },
      { group_name: "all", ranking: "speed", entries: 0, rewarded: 0 },
    ]);
    expect(counts.issues).toBe(2);
    expect(counts.wakes).toBeGreaterThanOrEqual(2);
    expect((await topOf(owner)).slice(0, 2)).toEqual([`p0:${players}`, `p1:${players - 1}`]);
  });

  test("a term does not leave reward before all are issued: by time it waits, by hand it is refused", async () => {
    const players = REWARDS_PER_COMMIT * 2;
    const { world, owner, hooks } = await makeBoss({ players });
    // The next transaction fails, and all after it.
    hooks.onIssue = () => {
      world.store.failing = "before";
    };
    await owner.verb("boss", "next");
    for (let turn = 0; turn < 10 && world.store.failing === "no"; turn += 1) {
      world.clock.advance(2_500);
      await settle();
    }
    world.store.failing = "no";
    hooks.onIssue = () => undefined;
    const refused = await owner.verb("boss", "next");
    expect([owner.get("boss")?.phase, refused]).toEqual([
      "reward",
      { kind: "conflict", detail: 'Cannot next activity "boss": rewards: 1,000 of 2,000 are issued', allowed: [] },
    ]);
    await waitOut(world, owner, "closed");
    expect(await given(world)).toEqual(expectedOf(players));
  });

  test("a crash before or after any commit neither loses a reward nor doubles one", async () => {
    const players = REWARDS_PER_COMMIT + 5;
    for (const failing of ["before", "after"] as const) {
      for (let crashAt = 0; crashAt < 12; crashAt += 1) {
        const { world, owner } = await makeBoss({ players });
        let transactions = 0;
        const { store } = world;
        const inner = store.transaction.bind(store);
        store.transaction = (work) => {
          if (transactions === crashAt) store.failing = failing;
          transactions += 1;
          return inner(work);
        };
        await owner.verb("boss", "next").catch(() => undefined);
        for (let turn = 0; turn < 12 && store.failing === "no"; turn += 1) {
          world.clock.advance(2_500);
          await settle();
        }
        // The process dies here; the next one finds what was committed.
        void owner.stop();
        await settle();
        store.failing = "no";
        store.transaction = inner;
        const next = await world.begin();
        if (next.get("boss")?.phase === "open") await next.verb("boss", "next");
        await waitOut(world, next, "closed");
        expect(await given(world)).toEqual(expectedOf(players));
        expect(world.alarms.all()).toEqual([]);
      }
    }
  });

  test("an owner that was away for the end of its term settles, pays and closes when it is back", async () => {
    const { world, owner } = await makeBoss({ players: 7 });
    const closesAtMs = world.clock.wallMs() + 1000;
    await owner.extend("boss", closesAtMs);
    await owner.stop();
    world.clock.advance(3_600_000);
    const next = await world.begin();
    expect(next.get("boss")).toMatchObject({ phase: "reward", closedAtMs: closesAtMs });
    await waitOut(world, next, "closed");
    expect(await given(world)).toEqual(expectedOf(7));
  });

  test("another ranking for the same key is refused with an alarm, and the activity stops", async () => {
    const { world, owner } = await makeBoss({ players: 3 });
    const term = viewIn(owner.find("boss")).term ?? "";
    await world.store.transaction((tx) =>
      tx.run("INSERT INTO activity_settlement VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [
        "cross_center:1",
        term,
        "all",
        "damage",
        "ab".repeat(32),
        3,
        0,
        0,
      ]),
    );
    expect(await owner.verb("boss", "next")).toMatchObject({
      kind: "conflict",
      detail: expect.stringContaining("abab"),
    });
    expect(owner.get("boss")).toMatchObject({ phase: "open", stopped: expect.stringContaining("was settled with 3") });
    expect(world.alarms.all().map(({ name }) => name)).toEqual(["activity_stopped:boss", "settlement_conflict:boss"]);
    expect((await owner.reports.take(hit("late", 1))).kind).toBe("stopped");
  });

  test("rows that were changed after the settlement give no reward to anybody", async () => {
    const { world, owner } = await makeBoss({ players: 3 });
    await owner.stop();
    const first = await world.begin();
    await first.stop();
    const second = world.make();
    await second.start();
    await second.verb("boss", "next");
    void second.stop();
    await world.store.transaction((tx) => tx.run("UPDATE activity_rank SET score = 99 WHERE subject = 'p2'"));
    const next = await world.begin();
    for (let turn = 0; turn < 6; turn += 1) {
      world.clock.advance(2_500);
      await settle();
    }
    expect([next.get("boss")?.phase, await given(world)]).toEqual(["reward", []]);
    expect(world.alarms.all().map(({ name }) => name)).toEqual(["activity_stopped:boss", "settlement_conflict:boss"]);
  });

  test("a reward hook that throws stops its activity and loses nothing; mended code goes on after a restart", async () => {
    const breaker = new Breaker();
    const { world, owner } = await makeBoss({ players: 5, breaker });
    breaker.players.add("p3");
    await owner.verb("boss", "next");
    for (let turn = 0; turn < 6; turn += 1) {
      world.clock.advance(2_500);
      await settle();
    }
    expect(owner.get("boss")).toMatchObject({ phase: "reward", stopped: expect.stringContaining("no dice") });
    expect(world.alarms.all().map(({ name }) => name)).toEqual(["activity_stopped:boss"]);
    expect(await given(world)).toEqual([]);
    breaker.players.clear();
    const next = await world.begin();
    await waitOut(world, next, "closed");
    expect(await given(world)).toEqual(expectedOf(5));
  });

  test("the hook of settling may still rank, and is part of what is frozen; later hooks may not", async () => {
    const seen: string[] = [];
    const kind = activity("boss", {
      config: v.object({ hp: v.number() }),
      phases: ["open", "settling", "show", "closed"],
      report: v.object({ damage: v.number() }),
      rank: { damage: highest },
      onReport: (term, { player, body }) => term.ranking("damage").set(player, body.damage),
      onPhase: (term) => {
        if (term.phase === "settling") term.ranking("damage").add("p1", 100);
        if (term.phase === "show") {
          seen.push(String(term.ranking("damage").get("p1")));
          term.ranking("damage").set("p1", 0);
        }
      },
    });
    const world = await makeWorld({ kinds: kindsOf(kind) });
    const owner = await world.begin();
    await owner.create({ ...BOSS, open: true });
    await takeAll(owner, [hit("p0", 5), hit("p1", 3)]);
    await owner.verb("boss", "next");
    for (let turn = 0; turn < 6; turn += 1) {
      world.clock.advance(2_500);
      await settle();
    }
    expect([await topOf(owner), seen]).toEqual([["p1:103", "p0:5"], ["103"]]);
    expect(owner.get("boss")).toMatchObject({ phase: "settling", stopped: expect.stringContaining("it is settled") });
  });

  test("a kind that ranks and does not settle is frozen by the first phase after open", async () => {
    const kind = activity("boss", {
      config: v.object({ hp: v.number() }),
      report: v.object({ damage: v.number() }),
      rank: { damage: highest },
      onReport: (term, { player, body }) => term.ranking("damage").set(player, body.damage),
    });
    const world = await makeWorld({ kinds: kindsOf(kind) });
    const owner = await world.begin();
    await owner.create({ ...BOSS, open: true });
    await takeAll(owner, [hit("p0", 5)]);
    await owner.close("boss");
    expect(await settled(world)).toEqual([{ group_name: "all", ranking: "damage", entries: 1, rewarded: 0 }]);
    expect(await topOf(owner)).toEqual(["p0:5"]);
  });

  test("a look at a settled ranking is no stranger's, whenever its owner takes a higher epoch", async () => {
    for (let turns = 0; turns < 60; turns += 1) {
      const { world, owner } = await makeBoss({ players: 2 });
      await owner.verb("boss", "next");
      const { topic, version } = world.published.at(-1) as Snapshot;
      const claims = [{ ...version, epoch: version.epoch + 3 }];
      const taken = owner.reported({ topic, reporter: nodeKey("center", 3), claims });
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      const top = await owner.rankings.top({ activity: "boss", ranking: "damage", shard: 0, offset: 0, count: 1 });
      await taken;
      expect([turns, top.kind, world.alarms.all()]).toEqual([turns, "ok", []]);
    }
  });

  test("who asks for a settled ranking costs no transaction, however many ask", async () => {
    const { world, owner } = await makeBoss({ players: 2 });
    await owner.verb("boss", "next");
    await waitOut(world, owner, "closed");
    let transactions = 0;
    const { store } = world;
    const transaction = store.transaction.bind(store);
    store.transaction = (work) => {
      transactions += 1;
      return transaction(work);
    };
    const question = { activity: "boss", ranking: "damage", shard: 0, offset: 0, count: 1 };
    const tops = await Promise.all(
      Array.from({ length: TRANSACTIONS_WAITING_MAX + 1 }, () => owner.rankings.top(question)),
    );
    expect([new Set(tops.map((top) => top.kind === "ok" && top.settled)).size, transactions]).toEqual([1, 1]);
  });

  test("whoever asks for a ranking after a restart is answered, however many ask at once", async () => {
    const { world } = await makeBoss({ players: 2 });
    const next = await world.begin();
    const question = { activity: "boss", ranking: "damage", shard: 0, offset: 0, count: 1 };
    const asked = Array.from({ length: CHANGES_WAITING_MAX + 1 }, () => next.rankings.top(question));
    const tops = await Promise.all(asked);
    expect(new Set(tops.map((top) => (top.kind === "ok" ? top.places[0]?.subject : top.kind)))).toEqual(
      new Set(["p0"]),
    );
  });

  test("between batches that take their time the node polls for I/O, however soon its store answers", async () => {
    const { world, owner, counts, hooks } = await makeBoss({ players: REWARDS_PER_COMMIT * 3 });
    hooks.onIssue = () => world.clock.advance(SLICE_MS);
    world.clock.holdsPolls = true;
    await owner.verb("boss", "next");
    await owner.verb("boss", "next");
    const seen: number[] = [];
    for (let poll = 0; poll < 4; poll += 1) {
      for (let turn = 0; turn < 100; turn += 1) await settle();
      seen.push(counts.issues);
      world.clock.poll();
    }
    expect(seen).toEqual([1, 2, 3, 3]);
  });

  test("without an outbox a kind that gives rewards stops before it gives any", async () => {
    const world = await makeWorld({ kinds: kindsOf(bossKind()) });
    const owner = await world.begin();
    await owner.create({ ...BOSS, open: true });
    await takeAll(owner, [hit("p0", 5)]);
    await owner.verb("boss", "next");
    for (let turn = 0; turn < 6; turn += 1) {
      world.clock.advance(2_500);
      await settle();
    }
    expect(owner.get("boss")).toMatchObject({ phase: "reward", stopped: expect.stringContaining("no outbox") });
  });
});
