import type { ActivityOutcome } from "#activity/outcome.ts";
import { TOMBSTONE_MIN_MS } from "#activity/owner.ts";
import { isNewer } from "#sync/version.ts";
import { describe, expect, test } from "#test";
import type { Version } from "#wire/sync_message.ts";
import { TOPIC, contentOf, makeWorld, settle, viewIn } from "./fixture.ts";

const BOSS = { id: "boss", kind: "boss", config: { hp: 10 } };

function changed(outcome: ActivityOutcome): boolean | string {
  return outcome.kind === "ok" ? outcome.changed : outcome.kind;
}

function allowed(outcome: ActivityOutcome): readonly string[] | string {
  return outcome.kind === "conflict" ? outcome.allowed : outcome.kind;
}

describe("ActivityOwner: ends", () => {
  test("closes at its end, with the end as its time", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const endsAtMs = world.clock.wallMs() + 3_600_000;
    await owner.create({ ...BOSS, endsAtMs, open: true });
    await owner.create({ ...BOSS, id: "later", endsAtMs: endsAtMs + 60_000, open: true });
    world.clock.advance(3_599_999);
    await settle();
    expect(owner.get("boss")?.phase).toBe("open");
    world.clock.advance(1);
    await settle();
    expect(owner.get("boss")).toMatchObject({ phase: "closed", closedAtMs: endsAtMs });
    expect(owner.get("later")?.phase).toBe("open");
    expect(contentOf(world.published.at(-1)).phase).toBe("closed");
    world.clock.advance(60_000);
    await settle();
    expect(owner.get("later")?.phase).toBe("closed");
    expect(world.clock.pending).toBe(0);
  });

  test("what is past due at the start closes in the start", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const endsAtMs = world.clock.wallMs() + 1000;
    const term = viewIn(await owner.create({ ...BOSS, endsAtMs, open: true })).term;
    await owner.stop();
    world.clock.advance(5000);
    world.published.length = 0;
    const next = await world.begin();
    expect(next.get("boss")).toMatchObject({ phase: "closed", term, closedAtMs: endsAtMs });
    expect(world.published.map((snapshot) => contentOf(snapshot).phase)).toEqual(["closed"]);
  });

  test("does not open after its end", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const request = { ...BOSS, endsAtMs: world.clock.wallMs() + 1000 };
    await owner.create(request);
    world.clock.advance(1000);
    await settle();
    expect(allowed(await owner.open("boss"))).toEqual(["edit", "delete"]);
    expect(allowed(await owner.create({ ...request, open: true }))).toEqual(["edit", "delete"]);
    expect(changed(await owner.create(request))).toBe(false);
  });

  test("a store that fails at the end is tried again", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create({ ...BOSS, endsAtMs: world.clock.wallMs() + 1000, open: true });
    world.store.failing = "before";
    world.clock.advance(1000);
    await settle();
    expect(owner.get("boss")?.phase).toBe("open");
    world.store.failing = "no";
    world.clock.advance(1000);
    await settle();
    expect(owner.get("boss")?.phase).toBe("closed");
  });
});

describe("ActivityOwner: sweep", () => {
  test("forgets a tombstone when it is thirty days old and applied by all, and only then", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    await owner.create({ ...BOSS, id: "alive" });
    await owner.remove("boss");
    const version = world.published.at(-1)?.version;
    const asked: (readonly [string, Version])[] = [];
    const applied = (topic: string, wanted: Version): boolean => {
      asked.push([topic, wanted]);
      return true;
    };
    world.clock.advance(TOMBSTONE_MIN_MS - 1);
    expect(await owner.sweep(world.clock.wallMs(), applied)).toBe(0);
    world.clock.advance(1);
    expect(await owner.sweep(world.clock.wallMs(), () => false)).toBe(0);
    expect(world.forgotten).toEqual([]);
    expect(await owner.sweep(world.clock.wallMs(), applied)).toBe(1);
    expect(asked).toEqual([[TOPIC, version ?? { epoch: 0, revision: 0, hash: "" }]]);
    expect(world.forgotten).toEqual([TOPIC]);
    world.published.length = 0;
    await world.begin();
    expect(world.published.map((snapshot) => snapshot.topic)).toEqual(["activity/cross_center:1/alive"]);
  });

  test("a restart does not make a tombstone younger", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    await owner.remove("boss");
    world.clock.advance(TOMBSTONE_MIN_MS);
    const next = await world.begin();
    expect(await next.sweep(world.clock.wallMs(), () => true)).toBe(1);
  });

  test("an id that is created again after its tombstone was forgotten has a newer version than the tombstone", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create({ ...BOSS, open: true });
    await owner.close("boss");
    await owner.remove("boss");
    const tombstone = world.published.at(-1)?.version ?? { epoch: 0, revision: 0, hash: "" };
    world.clock.advance(TOMBSTONE_MIN_MS);
    await owner.sweep(world.clock.wallMs(), () => true);
    await owner.create(BOSS);
    expect(isNewer(world.published.at(-1)?.version ?? tombstone, tombstone)).toBe(true);
  });
});
