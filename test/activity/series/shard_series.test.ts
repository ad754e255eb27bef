import { CONTENT_SIZE_MAX, GROUPS_SIZE_MAX } from "#activity/content.ts";
import type { GroupRule } from "#activity/groups/groups_rule.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import { TOMBSTONE_MIN_MS } from "#activity/owner.ts";
import { SERIES_LOOK_DELAY_MS, SERIES_LOOK_MS } from "#activity/series/series_keeper.ts";
import { MEMBER_KEPT_MS, SERIES_AHEAD_MS } from "#activity/series/shard_series.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts, SHARDS_MAX } from "#activity/shards/shard_facts.ts";
import { describe, expect, test } from "#test";
import { TOPIC_SIZE_MAX } from "#wire/limits.ts";
import type { World } from "../fixture.ts";
import { contentOf, makeWorld, settle, viewIn } from "../fixture.ts";
import { KnownFacts } from "../known_facts.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SERIES = { id: "newcomers", kind: "boss", config: { hp: 1 } };

async function advance(world: World, ms: number): Promise<void> {
  world.clock.advance(ms);
  await settle();
  await settle();
}

/** Its clock stands at 2023-11-14 22:13:20 UTC. */
async function ground(): Promise<{ world: World; shards: KnownFacts; dayMs: number }> {
  const shards = new KnownFacts();
  const world = await makeWorld({ shards });
  world.clock.advance(1_700_000_000_000 - world.clock.wallMs());
  const nowMs = world.clock.wallMs();
  return { world, shards, dayMs: nowMs - (nowMs % DAY_MS) };
}

function dayThree(of: Partial<Schedule> = {}): Schedule {
  return { kind: "shard_day", day: 3, from: "opened", opensAt: "10:00", durationMs: 2 * HOUR_MS, ...of } as Schedule;
}

function opened(shard: number, openedAtMs: number): ShardFacts {
  return { ...bareFacts(shard), openedAtMs };
}

describe("ActivityOwner: a series by the days of shards", () => {
  test("each opening is an activity of its own, of the shards that open then, and runs like any other", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [
      opened(1, dayMs),
      opened(2, dayMs + HOUR_MS),
      opened(3, dayMs - DAY_MS),
      opened(4, dayMs - DAY_MS * 9),
    ];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree() });
    await advance(world, SERIES_LOOK_DELAY_MS);
    expect(owner.list().map(({ id, series, phase, groups }) => ({ id, series, phase, groups }))).toEqual([
      { id: "newcomers", series: undefined, phase: "scheduled", groups: { kind: "all" } },
      ...[
        { id: "newcomers-20231115-1000", shards: [3] },
        { id: "newcomers-20231116-1000", shards: [1, 2] },
      ].map(({ id, shards: named }) => ({
        id,
        series: "newcomers",
        phase: "scheduled" as const,
        groups: { kind: "lists", groups: [{ name: "all", shards: named }], rest: "out" } satisfies GroupRule,
      })),
    ]);
    await advance(world, dayMs + 2 * DAY_MS + 10 * HOUR_MS - world.clock.wallMs());
    const open = owner.get("newcomers-20231116-1000");
    expect([open?.phase, open?.termGroups, open?.ungrouped]).toEqual(["open", [{ name: "all", shards: [1, 2] }], []]);
    expect(owner.get("newcomers-20231115-1000")?.phase).toBe("closed");
    expect(world.alarms.all()).toEqual([]);
  });

  test("a shard that opens later is in the activity of its opening, and one that is corrected in another", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [opened(1, dayMs)];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree() });
    await advance(world, SERIES_LOOK_DELAY_MS);
    shards.known = [opened(1, dayMs + DAY_MS), opened(2, dayMs + DAY_MS)];
    owner.shardsChanged();
    await advance(world, SERIES_LOOK_DELAY_MS);
    const members = owner.list().filter(({ series }) => series !== undefined);
    expect(members.map(({ id, groups }) => [id, groups.kind === "lists" ? groups.groups[0]?.shards : []])).toEqual([
      ["newcomers-20231117-1000", [1, 2]],
    ]);
  });

  test("an owner that dies at any commit makes each opening once", async () => {
    for (const failing of ["before", "after"] as const) {
      const { world, shards, dayMs } = await ground();
      shards.known = [opened(1, dayMs), opened(2, dayMs - DAY_MS)];
      const owner = await world.begin();
      await owner.create({ ...SERIES, schedule: dayThree() });
      world.store.failing = failing;
      await advance(world, SERIES_LOOK_DELAY_MS);
      void owner.stop();
      world.store.failing = "no";
      const next = await world.begin();
      await advance(world, SERIES_LOOK_DELAY_MS);
      expect(next.list().map(({ id, termNumber }) => [id, termNumber])).toEqual([
        ["newcomers", 0],
        ["newcomers-20231115-1000", 0],
        ["newcomers-20231116-1000", 0],
      ]);
    }
  });

  test("a window that was slept through is lost to no shard while it is open, and to all when it is over", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [opened(1, dayMs), opened(2, dayMs - DAY_MS)];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree() });
    await owner.stop();
    world.clock.advance(dayMs + 2 * DAY_MS + 11 * HOUR_MS - world.clock.wallMs());
    const next = await world.begin();
    await advance(world, SERIES_LOOK_DELAY_MS);
    await advance(world, 0);
    const members = next.list().filter(({ series }) => series !== undefined);
    expect(members.map(({ id, phase }) => [id, phase])).toEqual([["newcomers-20231116-1000", "open"]]);
  });

  test("a shard that is heard of when its term runs is said loudly, and so is one whose opening nobody knows", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [opened(1, dayMs - 2 * DAY_MS), bareFacts(9)];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree({ opensAt: "22:00" }) });
    await advance(world, SERIES_LOOK_DELAY_MS);
    await advance(world, 0);
    expect(owner.get("newcomers-20231114-2200")?.phase).toBe("open");
    shards.known = [...shards.known, opened(2, dayMs - 2 * DAY_MS)];
    owner.shardsChanged();
    await advance(world, SERIES_LOOK_DELAY_MS);
    expect(world.alarms.all().map(({ name, detail }) => [name, detail["shards"]])).toEqual([
      ["ungrouped:newcomers", "9: its config does not say when it opened"],
      ["series_late:newcomers-20231114-2200", [2]],
    ]);
    await owner.close("newcomers-20231114-2200");
    await owner.remove("newcomers");
    await advance(world, SERIES_LOOK_DELAY_MS);
    expect(world.alarms.all()).toEqual([]);
  });

  test("an edit reaches what has not begun, a deletion takes it away, and what somebody deleted stays away", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [opened(1, dayMs), opened(2, dayMs - DAY_MS), opened(3, dayMs + DAY_MS)];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree() });
    await advance(world, SERIES_LOOK_DELAY_MS);
    await owner.remove("newcomers-20231116-1000");
    await owner.open("newcomers-20231115-1000");
    await owner.edit("newcomers", { config: { hp: 7 } });
    await advance(world, SERIES_LOOK_DELAY_MS);
    expect(owner.list().map(({ id, config }) => [id, (config as { hp: number }).hp])).toEqual([
      ["newcomers", 7],
      ["newcomers-20231115-1000", 1],
      ["newcomers-20231117-1000", 7],
    ]);
    await owner.remove("newcomers");
    await advance(world, SERIES_LOOK_DELAY_MS);
    expect(owner.list().map(({ id, phase }) => [id, phase])).toEqual([["newcomers-20231115-1000", "open"]]);
    expect(contentOf(world.published.findLast(({ tombstone }) => !tombstone)).series).toBe("newcomers");
  });

  test("an opening that nobody waited for for a while is made again when somebody does", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [opened(1, dayMs)];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree() });
    await advance(world, SERIES_LOOK_DELAY_MS);
    const seen: string[][] = [];
    const look = async (): Promise<void> => {
      owner.shardsChanged();
      await advance(world, SERIES_LOOK_DELAY_MS);
      seen.push(owner.list().map(({ id }) => id));
    };
    shards.known = [bareFacts(1)];
    await look();
    shards.known = [opened(1, dayMs)];
    await look();
    await owner.edit("newcomers", { schedule: dayThree({ opensAt: "11:00" }) });
    await look();
    await owner.edit("newcomers", { schedule: dayThree() });
    await look();
    await owner.remove("newcomers");
    await look();
    await owner.create({ ...SERIES, schedule: dayThree() });
    await look();
    expect(seen).toEqual([
      ["newcomers"],
      ["newcomers", "newcomers-20231116-1000"],
      ["newcomers", "newcomers-20231116-1100"],
      ["newcomers", "newcomers-20231116-1000"],
      [],
      ["newcomers", "newcomers-20231116-1000"],
    ]);
  });

  test("what somebody deleted stays away when its tombstone is gone too, and after a restart", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [opened(1, dayMs + SERIES_AHEAD_MS - 3 * DAY_MS)];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree() });
    await advance(world, SERIES_LOOK_DELAY_MS);
    await owner.remove("newcomers-20231214-1000");
    await owner.stop();
    const next = await world.begin();
    await advance(world, TOMBSTONE_MIN_MS - 2 * DAY_MS);
    await advance(world, SERIES_LOOK_MS);
    expect(await next.sweep(world.clock.wallMs() + 2 * DAY_MS, () => true)).toBe(1);
    next.shardsChanged();
    await advance(world, SERIES_LOOK_DELAY_MS);
    expect(next.list().map(({ id }) => id)).toEqual(["newcomers"]);
  });

  test("what is long over is forgotten, and what is far ahead waits", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [opened(1, dayMs), opened(2, dayMs + SERIES_AHEAD_MS)];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree() });
    await advance(world, SERIES_LOOK_DELAY_MS);
    const ids = (): string[] => owner.list().map(({ id }) => id);
    expect(ids()).toEqual(["newcomers", "newcomers-20231116-1000"]);
    await advance(world, 2 * DAY_MS);
    await advance(world, SERIES_LOOK_MS);
    expect(ids()).toEqual(["newcomers", "newcomers-20231116-1000", "newcomers-20231217-1000"]);
    await advance(world, MEMBER_KEPT_MS);
    await advance(world, SERIES_LOOK_MS);
    expect(ids()).toEqual(["newcomers", "newcomers-20231217-1000"]);
  });

  test("an id that another activity has is an alarm, and the others are made", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [opened(1, dayMs), opened(2, dayMs - DAY_MS)];
    const owner = await world.begin();
    await owner.create({ ...SERIES, id: "newcomers-20231116-1000" });
    await owner.create({ ...SERIES, schedule: dayThree() });
    await advance(world, SERIES_LOOK_DELAY_MS);
    expect(world.alarms.all().map(({ name, detail }) => [name, detail["taken"]])).toEqual([
      ["series_blocked:newcomers", "newcomers-20231116-1000"],
    ]);
    expect(owner.get("newcomers-20231115-1000")?.series).toBe("newcomers");
  });

  test("has no term of its own, and is refused with the place where that would be asked for", async () => {
    const { world } = await ground();
    const owner = await world.begin();
    const groups: GroupRule = { kind: "bands", bands: [{ fromDay: 1 }], targetSize: 1, leastSize: 1 };
    const id = "a".repeat(51);
    const refused = await owner.create({ ...SERIES, id, schedule: dayThree(), groups, open: true });
    expect(refused.kind === "invalid" ? refused.issues.map(({ path }) => path) : refused.kind).toEqual([
      "id",
      "groups.kind",
      "open",
    ]);
    viewIn(await owner.create({ ...SERIES, schedule: dayThree() }));
    expect(await owner.open("newcomers")).toMatchObject({ kind: "conflict", allowed: ["edit", "delete"] });
  });

  test("leaves room for the shards of its openings", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = Array.from({ length: SHARDS_MAX }, (_, index) => opened(index + 1, dayMs));
    const owner = await world.begin();
    const of = { id: "newcomers", kind: "free", schedule: dayThree() };
    const refused = await owner.create({ ...of, config: "x".repeat(CONTENT_SIZE_MAX - GROUPS_SIZE_MAX) });
    expect(refused.kind === "invalid" ? refused.issues.map(({ path }) => path) : refused.kind).toEqual(["config"]);
    viewIn(await owner.create({ ...of, config: "x".repeat(CONTENT_SIZE_MAX - GROUPS_SIZE_MAX - 1024) }));
    await advance(world, SERIES_LOOK_DELAY_MS);
    await owner.open("newcomers-20231116-1000");
    expect(world.published.filter(({ bytes }) => bytes.length > TOPIC_SIZE_MAX)).toEqual([]);
    expect(contentOf(world.published.at(-1)).term?.groups?.[0]?.shards.length).toBe(SHARDS_MAX);
  });

  test("counts from the merge where it is asked to, and wonders about nobody who was never merged", async () => {
    const { world, shards, dayMs } = await ground();
    shards.known = [{ ...opened(1, 0), mergedAtMs: dayMs }, opened(2, 0), { ...bareFacts(3), mergedInto: 1 }];
    const owner = await world.begin();
    await owner.create({ ...SERIES, schedule: dayThree({ from: "merged" }) });
    await advance(world, SERIES_LOOK_DELAY_MS);
    expect(owner.list().map(({ id }) => id)).toEqual(["newcomers", "newcomers-20231116-1000"]);
    expect(world.alarms.all()).toEqual([]);
  });
});
