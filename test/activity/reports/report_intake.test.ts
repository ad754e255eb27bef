import { REPORTS_PER_COMMIT_MAX, REPORTS_WAITING_MAX } from "#activity/reports/report_intake.ts";
import type { ReportOutcome } from "#activity/reports/report_outcome.ts";
import type { Asked } from "#activity/reports/report_taker.ts";
import { highest } from "#activity/ranks/rank_order.ts";
import type { StoreError } from "#store/store.ts";
import { activity } from "#module/activity_kind.ts";
import { describe, expect, test } from "#test";
import * as v from "valibot";
import type { World } from "../fixture.ts";
import { makeWorld, settle, viewIn } from "../fixture.ts";
import { Breaker, bossKind, cupKind, hit, kindsOf, takeAll, topOf } from "../ranked_kinds.ts";

const BOSS = { id: "boss", kind: "boss", config: { hp: 10 } };

const plainRank = activity("race", {
  config: v.object({}),
  report: v.object({ damage: v.number() }),
  rank: { damage: highest },
  onReport: (term, { player, body }) => term.ranking("damage").set(player, body.damage),
});

async function openBoss(breaker = new Breaker()) {
  const rewards = { issue: () => Promise.resolve(), wake: () => undefined };
  const world = await makeWorld({ kinds: kindsOf(bossKind(breaker), cupKind), rewards });
  const owner = await world.begin();
  const view = viewIn(await owner.create({ ...BOSS, open: true }));
  return { world, owner, term: view.term ?? "" };
}

async function rowsOf(world: World): Promise<unknown> {
  return await world.store.transaction(async (tx) => ({
    reports: (await tx.all("SELECT report_key FROM activity_report ORDER BY report_key")).map(
      (row) => row["report_key"],
    ),
    ranks: (await tx.all("SELECT subject, ranking, score, shard FROM activity_rank ORDER BY ranking, subject")).map(
      (row) => [row["ranking"], row["subject"], row["score"], row["shard"]].join(" "),
    ),
  }));
}

function kindsIn(outcomes: readonly ReportOutcome[]): string[] {
  return outcomes.map(({ kind }) => kind);
}

describe("ReportIntake: a report", () => {
  test("runs the hook, becomes a row of the ranking, and is answered with the player's standings", async () => {
    const { owner, world } = await openBoss();
    await owner.reports.take(hit("ada", 10));
    const outcome = await owner.reports.take(hit("bob", { damage: 7, timeMs: 900 }, { shard: 2, key: "k" }));
    expect(outcome).toEqual({
      kind: "ok",
      group: "all",
      reply: { taken: 2 },
      standings: [
        { ranking: "damage", score: 7, place: 2 },
        { ranking: "speed", score: 900, place: 1 },
      ],
    });
    expect(await owner.rankings.standing({ activity: "boss", ranking: "damage", subject: "bob", shard: 1 })).toEqual({
      kind: "ok",
      group: "all",
      count: 2,
      standing: { place: 2, subject: "bob", score: 7, atMs: world.clock.wallMs(), shard: 2 },
    });
    expect(await rowsOf(world)).toMatchObject({ ranks: ["damage ada 10 1", "damage bob 7 2", "speed bob 900 2"] });
  });

  test("the same key again answers the first answer and changes nothing, also in one batch and after a restart", async () => {
    const { owner, world } = await openBoss();
    const first = await owner.reports.take(hit("ada", 10, { key: "k" }));
    const again = await takeAll(owner, [
      hit("ada", 10, { key: "k" }),
      hit("ada", 5, { key: "n" }),
      hit("ada", 5, { key: "n" }),
    ]);
    expect(again[0]).toEqual(first);
    expect(again[1]).toEqual(again[2] as ReportOutcome);
    const next = await world.begin();
    expect(await next.reports.take(hit("ada", 99, { key: "k" }))).toEqual(first);
    expect(await topOf(next)).toEqual(["ada:15"]);
  });

  test("a key that another player has used is refused, whatever came of it", async () => {
    const { owner } = await openBoss();
    await owner.reports.take(hit("ada", 1, { key: "k" }));
    const outcomes = await takeAll(owner, [
      hit("bob", 1, { key: "k" }),
      hit("ada", 1, { key: "m" }),
      hit("bob", 1, { key: "m" }),
    ]);
    expect(kindsIn(outcomes)).toEqual(["invalid", "ok", "invalid"]);
    expect(await topOf(owner)).toEqual(["ada:2"]);
  });

  test("a refusal of the hook undoes what it had done, in the ranking and in the state, and is the answer for its key", async () => {
    const { owner } = await openBoss();
    const outcomes = await takeAll(owner, [hit("ada", 4), hit("ada", -1, { key: "no" }), hit("ada", 2)]);
    expect(outcomes[1]).toEqual({ kind: "refused", detail: "damage is below zero" });
    expect(outcomes[2]).toMatchObject({ reply: { taken: 2 }, standings: [{ score: 6 }] });
    expect(await owner.reports.take(hit("ada", 3, { key: "no" }))).toEqual(outcomes[1] as ReportOutcome);
    expect(await topOf(owner)).toEqual(["ada:6"]);
  });

  test("typed refusals: each says what was found", async () => {
    const { owner, term } = await openBoss();
    const plain = { ...BOSS, id: "later" };
    await owner.create(plain);
    expect(
      await takeAll(owner, [
        hit("ada", 1, { activity: "nothing" }),
        hit("ada", 1, { activity: "later" }),
        hit("ada", 1, { term: "0".repeat(32) }),
        hit("ada", { damage: "much" }),
        hit("ada", 1, { shard: 0 }),
      ]),
    ).toEqual([
      { kind: "not_found", detail: 'there is no activity "nothing"' },
      { kind: "not_open", phase: "scheduled", allowed: ["open"] },
      { kind: "not_open", phase: "open", allowed: ["open"] },
      {
        kind: "invalid",
        detail: expect.stringContaining("body.damage"),
        issues: [{ path: "body.damage", message: expect.any(String) }],
      },
      { kind: "no_group", detail: 'shard 0 is in no group of this term of "boss"' },
    ]);
    expect(kindsIn(await takeAll(owner, [hit("ada", 1, { term })]))).toEqual(["ok"]);
  });

  test("nothing is taken before open and after it, and a key that was taken is still answered", async () => {
    const { owner } = await openBoss();
    const first = await owner.reports.take(hit("ada", 10, { key: "k" }));
    await owner.verb("boss", "next");
    expect(owner.get("boss")?.phase).toBe("settling");
    const outcomes = await takeAll(owner, [hit("bob", 1), hit("ada", 10, { key: "k" })]);
    expect(outcomes).toEqual([{ kind: "not_open", phase: "reward", allowed: ["open"] }, first]);
  });

  test("a report after the planned end is refused, however late the owner's own timer is", async () => {
    const { owner, world } = await openBoss();
    const endsAtMs = world.clock.wallMs() + 1000;
    await owner.create({ ...BOSS, id: "short", endsAtMs, open: true });
    const at = hit("ada", 1, { activity: "short" });
    world.clock.wallMs = () => endsAtMs;
    expect(kindsIn(await takeAll(owner, [at]))).toEqual(["not_open"]);
  });
});

describe("ReportIntake: joins", () => {
  test("only who has joined may report; joining twice is joining once; a refusal is no fault", async () => {
    const { owner, world } = await openBoss();
    await owner.create({ id: "cup", kind: "cup", config: {}, open: true });
    const join = (player: string) => ({ kind: "join", shard: 3, request: { activity: "cup", player } }) as const;
    const report = (player: string) => hit(player, null, { activity: "cup" });
    const asked = [report("ada"), join("ada"), join("ada"), join("xan"), { ...report("ada") }];
    const scored = asked.map((one) => (one.kind === "join" ? one : { ...one, request: { ...one.request, body: 5 } }));
    const outcomes = await takeAll(owner, scored);
    const welcome = {
      kind: "ok",
      group: "all",
      reply: { welcome: "ada" },
      standings: [{ ranking: "points", score: 5, place: 1 }],
    };
    expect(outcomes).toEqual([
      { kind: "not_joined", detail: 'ada has not joined "cup"' },
      welcome,
      welcome,
      { kind: "refused", detail: "no strangers" },
      { kind: "ok", group: "all", reply: undefined, standings: [{ ranking: "points", score: 5, place: 1 }] },
    ] as ReportOutcome[]);
    const next = await world.begin();
    expect(await next.reports.take(join("ada"))).toEqual(welcome as ReportOutcome);
    expect(await next.reports.take({ ...hit("ada", 0, { activity: "cup" }), shard: 3 })).toMatchObject({
      kind: "invalid",
    });
    expect(world.alarms.all()).toEqual([]);
  });

  test("a kind that takes no joins says so", async () => {
    const { owner } = await openBoss();
    expect(await owner.reports.take({ kind: "join", shard: 1, request: { activity: "boss", player: "ada" } })).toEqual({
      kind: "refused",
      detail: 'activities of the kind "boss" take no joins',
    });
  });
});

describe("ReportIntake: kinds that fail", () => {
  test("one that throws stops its own activity with an alarm; nothing of its batch holds, the others' reports do", async () => {
    const breaker = new Breaker();
    const world = await makeWorld({ kinds: kindsOf(bossKind(breaker), bossKind(new Breaker(), "fine")) });
    const owner = await world.begin();
    await owner.create({ ...BOSS, open: true });
    await owner.create({ id: "fine", kind: "fine", config: { hp: 1 }, open: true });
    await owner.reports.take(hit("ada", 1));
    breaker.players.add("eve");
    const fine = hit("fay", 3, { activity: "fine" });
    const outcomes = await takeAll(owner, [hit("ada", 10), fine, hit("eve", 1), hit("bob", 1)]);
    expect(kindsIn(outcomes)).toEqual(["stopped", "ok", "stopped", "stopped"]);
    expect(outcomes[0]).toMatchObject({ detail: expect.stringContaining("no dice") });
    expect([await topOf(owner), await topOf(owner, "damage", "fine")]).toEqual([["ada:1"], ["fay:3"]]);
    expect(world.alarms.all().map(({ name }) => name)).toEqual(["activity_stopped:boss"]);
    breaker.players.clear();
    const { reports } = breaker;
    expect(kindsIn(await takeAll(owner, [hit("bob", 1)]))).toEqual(["stopped"]);
    expect(breaker.reports).toBe(reports);
    const next = await world.begin();
    expect(kindsIn(await takeAll(next, [hit("bob", 1)]))).toEqual(["ok"]);
    expect(await topOf(next)).toEqual(["ada:1", "bob:1"]);
  });

  test("an order that throws, or is no number, stops the activity and corrupts nothing", async () => {
    for (const order of [
      (): number => {
        throw new Error("no order");
      },
      (): number => Number.NaN,
    ]) {
      const kind = activity("odd", {
        config: v.object({}),
        report: v.number(),
        rank: { odd: order },
        onReport: (term, { player, body }) => term.ranking("odd").set(player, body),
      });
      const world = await makeWorld({ kinds: kindsOf(kind) });
      const owner = await world.begin();
      await owner.create({ id: "odd", kind: "odd", config: {}, open: true });
      const report = (player: string) => ({ ...hit(player, 1, { activity: "odd" }) });
      const bodied = (player: string) => ({ ...report(player), request: { ...report(player).request, body: 1 } });
      expect(kindsIn(await takeAll(owner, [bodied("ada")]))).toEqual(["ok"]);
      expect(kindsIn(await takeAll(owner, [bodied("bob")]))).toEqual(["stopped"]);
      expect(await topOf(owner, "odd", "odd")).toEqual(["ada:1"]);
      expect(world.alarms.all().map(({ name }) => name)).toEqual(["activity_stopped:odd"]);
    }
  });

  test("a hook that waits, one that ranks what is no number, and one that answers no plain data stop their activity", async () => {
    const hooks = {
      waits: async () => await Promise.reject(new Error("later")),
      ranks: () => Number.NaN,
      answers: () => new Map(),
    };
    for (const [name, hook] of Object.entries(hooks)) {
      const kind = activity("odd", {
        config: v.object({}),
        report: v.unknown(),
        rank: { odd: highest },
        onReport: (term, { player }) => {
          const left = hook();
          if (typeof left === "number") term.ranking("odd").set(player, left);
          return left;
        },
      });
      const world = await makeWorld({ kinds: kindsOf(kind) });
      const owner = await world.begin();
      await owner.create({ id: "odd", kind: "odd", config: {}, open: true });
      const outcomes = await takeAll(owner, [hit("ada", 1, { activity: "odd" })]);
      expect([name, ...kindsIn(outcomes)]).toEqual([name, "stopped"]);
    }
  });
});

describe("ReportIntake: the store and the line", () => {
  test("answers come after the commit: a commit that fails is heard, and the same key asks again", async () => {
    const { owner, world } = await openBoss();
    const code = async (asked: ReturnType<typeof hit>): Promise<string> => {
      return await owner.reports.take(asked).then(
        ({ kind }) => kind,
        (error: StoreError) => error.code,
      );
    };
    const first = hit("ada", 1);
    world.store.failing = "before";
    expect(await code(first)).toBe("io");
    world.store.failing = "no";
    expect(await code(hit("ada", 2))).toBe("ok");
    world.store.failing = "after";
    expect(await code(hit("bob", 5, { key: "b" }))).toBe("io");
    world.store.failing = "no";
    expect(await topOf(owner)).toEqual(["bob:5", "ada:2"]);
    expect(await code(first)).toBe("ok");
    expect(await code(hit("bob", 5, { key: "b" }))).toBe("ok");
    expect(await topOf(owner)).toEqual(["bob:5", "ada:3"]);
  });

  test("a crash before or after any commit loses no answered report and doubles none", async () => {
    for (const failing of ["before", "after"] as const) {
      for (let crashAt = 0; crashAt < 4; crashAt += 1) {
        const { owner, world } = await openBoss();
        const asked = Array.from({ length: 4 }, (_, index) => hit("ada", 1, { key: `k${index}` }));
        for (const [index, one] of asked.entries()) {
          if (index === crashAt) world.store.failing = failing;
          await owner.reports.take(one).catch(() => undefined);
          if (index === crashAt) break;
        }
        // The process dies here; the next one hears all of it again.
        world.store.failing = "no";
        const next = await world.begin();
        for (const one of asked) expect((await next.reports.take(one)).kind).toBe("ok");
        expect(await topOf(next)).toEqual(["ada:4"]);
      }
    }
  });

  test("what waits together is committed together, in bounded batches, in its order", async () => {
    const { owner, world } = await openBoss();
    let commits = 0;
    const { store } = world;
    const inner = store.transaction.bind(store);
    store.transaction = (work) => {
      commits += 1;
      return inner(work);
    };
    const count = REPORTS_PER_COMMIT_MAX * 2 + 1;
    const outcomes = await takeAll(
      owner,
      Array.from({ length: count }, (_, index) => hit(`p${index}`, index)),
    );
    expect(outcomes.every(({ kind }) => kind === "ok")).toBe(true);
    expect(commits).toBe(3);
    expect(outcomes.at(-1)).toMatchObject({ reply: { taken: count } });
  });

  test("more reports than may wait are answered overloaded with an alarm, which ends when the line is empty", async () => {
    const { owner, world } = await openBoss();
    const many = Array.from({ length: REPORTS_WAITING_MAX + 2 }, (_, index) => hit(`p${index % 100}`, 1));
    const taking = takeAll(owner, many);
    expect(world.alarms.all().map(({ name }) => name)).toEqual(["reports_overloaded"]);
    const kinds = kindsIn(await taking);
    expect([kinds.filter((kind) => kind === "ok").length, kinds.slice(-2)]).toEqual([
      REPORTS_WAITING_MAX,
      ["overloaded", "overloaded"],
    ]);
    expect(world.alarms.all()).toEqual([]);
  });

  test("a subject beyond the limit is refused with an alarm until the next term, and known ones go on", async () => {
    const world = await makeWorld({ kinds: kindsOf(cupKind, bossKind()), rankEntriesMax: 2 });
    const owner = await world.begin();
    await owner.create({ ...BOSS, open: true });
    const outcomes = await takeAll(owner, [hit("ada", 1), hit("bob", 2), hit("cay", 3), hit("ada", 4)]);
    expect(kindsIn(outcomes)).toEqual(["ok", "ok", "refused", "ok"]);
    expect(outcomes[2]).toEqual({
      kind: "refused",
      detail: "the ranking damage is full: it has 2 entries, limit is 2",
    });
    expect(outcomes[3]).toMatchObject({ reply: { taken: 3 } });
    expect([await topOf(owner), world.alarms.all().map(({ name }) => name)]).toEqual([
      ["ada:5", "bob:2"],
      ["ranking_full:boss"],
    ]);
    await owner.verb("boss", "cancel");
    await owner.remove("boss");
    expect(world.alarms.all()).toEqual([]);
  });

  test("who reached a score first stays before who reached it later, also when the owner's clock goes back", async () => {
    const world = await makeWorld({ kinds: kindsOf(bossKind()) });
    const owner = await world.begin();
    await owner.create({ ...BOSS, open: true });
    await takeAll(owner, [hit("ada", 5)]);
    world.clock.advance(-60_000);
    await takeAll(owner, [hit("bob", 5), hit("abe", 5)]);
    expect(await topOf(owner)).toEqual(["ada:5", "bob:5", "abe:5"]);
    expect(await topOf(await world.begin())).toEqual(["ada:5", "bob:5", "abe:5"]);
  });

  test("a late report changes neither the frozen ranking nor that of the next term", async () => {
    const world = await makeWorld({ kinds: kindsOf(bossKind(), cupKind, plainRank) });
    const owner = await world.begin();
    const cup = { id: "race", kind: "race", config: {} };
    const term = viewIn(await owner.create({ ...cup, open: true })).term ?? "";
    const late = (key: string) => hit("ada", { damage: 50 }, { activity: "race", term, key });
    await owner.reports.take(late("in_time"));
    await owner.close("race");
    const digest = async (): Promise<unknown> => {
      return await owner.rankings.top({ activity: "race", ranking: "damage", shard: 0, offset: 0, count: 5 });
    };
    const frozen = await digest();
    expect(await owner.reports.take(late("late"))).toEqual({ kind: "not_open", phase: "closed", allowed: ["open"] });
    expect(await digest()).toEqual(frozen);
    await owner.open("race");
    expect(await owner.reports.take(late("later"))).toEqual({ kind: "not_open", phase: "open", allowed: ["open"] });
    expect(await topOf(owner, "damage", "race")).toEqual([]);
    // What was taken in time is still known by its key.
    expect(await owner.reports.take(late("in_time"))).toMatchObject({
      kind: "ok",
      standings: [{ place: 1, score: 50 }],
    });
  });

  test("a key, and a player's join, are of one term: in one batch those of two terms are not the same", async () => {
    const world = await makeWorld({ kinds: kindsOf(bossKind(), cupKind, plainRank) });
    const owner = await world.begin();
    const old = viewIn(await owner.create({ id: "race", kind: "race", config: {}, open: true })).term ?? "";
    await owner.close("race");
    await owner.open("race");
    const asked = (term?: string) =>
      hit("ada", { damage: 5 }, { activity: "race", key: "first", ...(term === undefined ? {} : { term }) });
    expect(kindsIn(await takeAll(owner, [asked(), asked(old)]))).toEqual(["ok", "not_open"]);
    const cup = viewIn(await owner.create({ id: "cup", kind: "cup", config: {}, open: true })).term ?? "";
    await owner.close("cup");
    await owner.open("cup");
    const join = (term?: string): Asked => {
      return { kind: "join", shard: 1, request: { activity: "cup", player: "ada", term } };
    };
    expect(kindsIn(await takeAll(owner, [join(), join(cup)]))).toEqual(["ok", "not_open"]);
  });

  test("an owner that another process has replaced takes no report any more", async () => {
    const { owner, world } = await openBoss();
    await world.begin();
    const refused = await owner.reports.take(hit("ada", 1)).catch((error: StoreError) => error.code);
    expect(refused).toBe("fenced");
    expect(await rowsOf(world)).toEqual({ reports: [], ranks: [] });
  });

  test("data of a term go when two more have begun, and all of them with the activity", async () => {
    const { owner, world } = await openBoss();
    for (let term = 0; term < 3; term += 1) {
      await owner.reports.take(hit("ada", 1, { key: `t${term}` }));
      await owner.verb("boss", "next");
      await settle();
      expect(await reportKeys(world)).toEqual(term === 0 ? ["t0"] : [`t${term - 1}`, `t${term}`]);
      await owner.verb("boss", "next");
      for (let turn = 0; turn < 6; turn += 1) {
        world.clock.advance(5_000);
        await settle();
      }
      expect(owner.get("boss")?.phase).toBe("closed");
      if (term < 2) await owner.open("boss");
    }
    await owner.remove("boss");
    await settle();
    await settle();
    expect(await rowsOf(world)).toEqual({ reports: [], ranks: [] });
  });
});

async function reportKeys(world: World): Promise<unknown> {
  const rows = await rowsOf(world);
  return (rows as { reports: string[] }).reports;
}
