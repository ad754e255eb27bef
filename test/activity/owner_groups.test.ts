import type { GroupRule } from "#activity/groups/groups_rule.ts";
import { GROUPS_SIZE_MAX } from "#activity/content.ts";
import { LOOK_DELAY_MS } from "#activity/groups/ungrouped.ts";
import { describe, expect, test } from "#test";
import type { World } from "./fixture.ts";
import { contentOf, makeWorld, settle, viewIn } from "./fixture.ts";
import { KnownFacts } from "./known_facts.ts";

const DAY_MS = 24 * 3_600_000;
const BANDS: GroupRule = {
  kind: "bands",
  bands: [{ fromDay: 1, toDay: 10 }, { fromDay: 11 }],
  targetSize: 2,
  leastSize: 1,
};
const BOSS = { id: "boss", kind: "boss", config: { hp: 1 } };

async function ground(): Promise<{ world: World; shards: KnownFacts; nowMs: number }> {
  const shards = new KnownFacts();
  const world = await makeWorld({ shards });
  const nowMs = world.clock.wallMs();
  for (const [shard, days] of [
    [1, 30],
    [2, 20],
    [3, 5],
  ] as const) {
    shards.opened(shard, nowMs - days * DAY_MS);
  }
  return { world, shards, nowMs };
}

async function advance(world: World, ms: number): Promise<void> {
  world.clock.advance(ms);
  await settle();
}

describe("ActivityOwner: groups of a term", () => {
  test("are made when the term begins, go out with it, and do not change in it", async () => {
    const { world, shards, nowMs } = await ground();
    const owner = await world.begin();
    const open = viewIn(await owner.create({ ...BOSS, groups: BANDS, open: true }));
    const groups = [
      { name: "days-1-10", shards: [3] },
      { name: "days-11-up", shards: [1, 2] },
    ];
    expect(open.termGroups).toEqual(groups);
    expect(contentOf(world.published.at(-1)).term?.groups).toEqual(groups);
    shards.opened(4, nowMs - DAY_MS);
    await advance(world, 40 * DAY_MS);
    expect(owner.get("boss")?.termGroups).toEqual(groups);
    expect(viewIn(await owner.close("boss")).termGroups).toEqual(groups);
    expect(viewIn(await owner.open("boss")).termGroups).toEqual([
      { name: "days-11-up-part-1", shards: [1, 2] },
      { name: "days-11-up-part-2", shards: [3, 4] },
    ]);
  });

  test("of a schedule's term are those of the time at which it begins, and time alone does not change them", async () => {
    const { world, nowMs } = await ground();
    const owner = await world.begin();
    const opensAtMs = nowMs + 5 * DAY_MS;
    const schedule = { kind: "once", opensAtMs, closesAtMs: opensAtMs + DAY_MS } as const;
    await owner.create({ ...BOSS, id: "later", groups: { ...BANDS, leastSize: 2 }, schedule });
    const early = { kind: "once", opensAtMs: nowMs + 1, closesAtMs: opensAtMs } as const;
    await owner.create({ ...BOSS, id: "early", groups: BANDS, schedule: early });
    for (let day = 0; day < 20; day += 1) await advance(world, DAY_MS);
    expect(owner.list().map(({ id, phase, termGroups }) => [id, phase, termGroups])).toEqual([
      [
        "early",
        "closed",
        [
          { name: "days-1-10", shards: [3] },
          { name: "days-11-up", shards: [1, 2] },
        ],
      ],
      // Shard 3 is in its day 11 by then: one day before it would have been folded.
      ["later", "closed", [{ name: "days-11-up", shards: [1, 2, 3] }]],
    ]);
  });

  test("are the same after the owner has died, whatever is known of the shards then", async () => {
    const { world, shards } = await ground();
    const first = await world.begin();
    const before = viewIn(await first.create({ ...BOSS, groups: BANDS, open: true })).termGroups;
    shards.known = [];
    const next = await world.begin();
    expect(next.get("boss")?.termGroups).toEqual(before);
  });

  test("of a term that was slept through are those of the time at which it should have begun", async () => {
    const { world, nowMs } = await ground();
    const owner = await world.begin();
    const opensAtMs = nowMs + DAY_MS;
    const schedule = { kind: "once", opensAtMs, closesAtMs: opensAtMs + 60 * DAY_MS } as const;
    await owner.create({ ...BOSS, groups: BANDS, schedule });
    await owner.stop();
    world.clock.advance(50 * DAY_MS);
    const next = await world.begin();
    expect(next.get("boss")?.termGroups).toEqual([
      { name: "days-1-10", shards: [3] },
      { name: "days-11-up", shards: [1, 2] },
    ]);
  });

  test("a term of all keeps no list: a shard that comes later is in it", async () => {
    const { world, shards, nowMs } = await ground();
    const owner = await world.begin();
    const open = viewIn(await owner.create({ ...BOSS, open: true }));
    shards.opened(4, nowMs);
    await advance(world, LOOK_DELAY_MS);
    expect([open.groups, open.termGroups, owner.get("boss")?.ungrouped]).toEqual([{ kind: "all" }, undefined, []]);
    expect(world.alarms.all()).toEqual([]);
  });

  test("a shard with no group is said loudly, with the reason, until there is none", async () => {
    const { world, shards, nowMs } = await ground();
    shards.known.push({
      shard: 9,
      openedAtMs: undefined,
      timeZone: undefined,
      mergedInto: undefined,
      mergedAtMs: undefined,
    });
    const owner = await world.begin();
    await owner.create({ ...BOSS, groups: BANDS, open: true });
    shards.opened(4, nowMs - DAY_MS);
    owner.shardsChanged();
    await advance(world, LOOK_DELAY_MS);
    const ungrouped = [
      { shard: 4, reason: "the groups were made without it; the next term puts it into days-1-10" },
      { shard: 9, reason: "its config does not say when it opened" },
    ];
    expect(owner.get("boss")?.ungrouped).toEqual(ungrouped);
    expect(world.alarms.all().map(({ name, detail }) => [name, detail["count"], detail["shards"]])).toEqual([
      ["ungrouped:boss", 2, ungrouped.map(({ shard, reason }) => `${shard}: ${reason}`).join("; ")],
    ]);
    await owner.close("boss");
    await advance(world, LOOK_DELAY_MS);
    expect([owner.get("boss")?.ungrouped, world.alarms.all(), world.clock.pending]).toEqual([[], [], 0]);
  });

  test("a rule that does not fit the shards is refused with the place, at creation and at edit", async () => {
    const { world } = await ground();
    const owner = await world.begin();
    const groups: GroupRule = { kind: "lists", groups: [{ name: "east", shards: [1, 8] }] };
    const refused = await owner.create({ ...BOSS, groups });
    expect(refused.kind === "invalid" ? refused.issues : refused.kind).toEqual([
      {
        path: "groups.groups.0.shards.1",
        message: "found 8, and there is no such shard; allowed: a shard that is known: 1, 2, 3",
      },
    ]);
    await owner.create(BOSS);
    expect((await owner.edit("boss", { groups })).kind).toBe("invalid");
    const east: GroupRule = { kind: "lists", groups: [{ name: "east", shards: [1, 3] }] };
    expect(viewIn(await owner.edit("boss", { groups: east })).groups).toEqual(east);
    expect(viewIn(await owner.open("boss")).termGroups).toEqual([{ name: "east", shards: [1, 3] }]);
    expect(await owner.edit("boss", { groups: BANDS })).toMatchObject({ kind: "conflict" });
    expect((await owner.create({ ...BOSS, groups: BANDS })).kind).toBe("conflict");
  });

  test("more groups than a content can carry are refused by hand, and stop only their own activity by time", async () => {
    const { world, shards, nowMs } = await ground();
    for (let shard = 4; shard <= 4096; shard += 1) shards.opened(shard, nowMs - 20 * DAY_MS);
    const single: GroupRule = { kind: "bands", bands: [{ fromDay: 1 }], targetSize: 1, leastSize: 1 };
    const owner = await world.begin();
    const schedule = { kind: "once", opensAtMs: nowMs + 1000, closesAtMs: nowMs + DAY_MS } as const;
    await owner.create({ ...BOSS, groups: single, schedule });
    const refused = await owner.open("boss");
    expect(refused.kind === "invalid" ? refused.issues.map(({ path }) => path) : refused.kind).toEqual(["groups"]);
    await owner.create({ ...BOSS, id: "other", schedule });
    await advance(world, 1000);
    expect([owner.get("boss")?.phase, owner.get("other")?.phase]).toEqual(["scheduled", "open"]);
    expect(owner.get("boss")?.stopped).toContain(`limit is ${GROUPS_SIZE_MAX}`);
    expect(world.alarms.has("activity_stopped:boss")).toBe(true);
  });

  test("wait for shards that are soon to be heard: by hand it is asked again, by time the term begins when they are", async () => {
    const { world, shards, nowMs } = await ground();
    shards.soon = [7, 8];
    const owner = await world.begin();
    const schedule = { kind: "once", opensAtMs: nowMs + 1000, closesAtMs: nowMs + DAY_MS } as const;
    await owner.create({ ...BOSS, groups: BANDS, schedule });
    const asked = [await owner.open("boss"), await owner.create({ ...BOSS, id: "other", groups: BANDS, open: true })];
    const detail = "its groups wait for shards that have not been heard yet: 7, 8; ask again in a moment";
    expect(asked).toEqual([
      { kind: "conflict", detail: `Cannot open activity "boss": ${detail}`, allowed: [] },
      { kind: "conflict", detail: `Cannot create activity "other": ${detail}`, allowed: [] },
    ]);
    await advance(world, 1000);
    expect([owner.get("boss")?.phase, world.alarms.has("term_waits:boss")]).toEqual(["scheduled", true]);
    shards.soon = [8];
    shards.opened(7, nowMs);
    owner.shardsChanged();
    await advance(world, 1);
    expect(owner.get("boss")?.phase).toBe("scheduled");
    shards.soon = [];
    shards.opened(8, nowMs);
    owner.shardsChanged();
    await advance(world, 1);
    expect(owner.get("boss")?.termGroups).toEqual([
      { name: "days-1-10-part-1", shards: [3, 7] },
      { name: "days-1-10-part-2", shards: [8] },
      { name: "days-11-up", shards: [1, 2] },
    ]);
    expect(world.alarms.all()).toEqual([]);
  });

  test("wait for the first shard, and no longer than the window", async () => {
    const { world, shards, nowMs } = await ground();
    shards.known = [];
    const owner = await world.begin();
    const schedule = { kind: "once", opensAtMs: nowMs + 1000, closesAtMs: nowMs + DAY_MS } as const;
    await owner.create({ ...BOSS, groups: BANDS, schedule });
    await advance(world, 1000);
    expect(owner.get("boss")?.phase).toBe("scheduled");
    await advance(world, DAY_MS);
    expect(owner.get("boss")).toMatchObject({ phase: "closed", termNumber: 1, termGroups: [] });
    expect(world.alarms.all()).toEqual([]);
  });
});
