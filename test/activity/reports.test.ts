import type { ActivityContent } from "#activity/content.ts";
import { encodeContent } from "#activity/content.ts";
import { ORPHAN_SILENT_MAX_MS } from "#activity/orphans.ts";
import { BUMPS_MAX, BUMPS_WINDOW_MS } from "#sync/topic_owner.ts";
import { hashOf, isNewer } from "#sync/version.ts";
import { describe, expect, test } from "#test";
import { nodeKey } from "#wire/role.ts";
import type { Report, Version } from "#wire/sync_message.ts";
import { digest } from "../wire/digest.ts";
import { TOPIC, contentOf, makeWorld, opened, scheduled, settle, viewIn } from "./fixture.ts";

const BOSS = { id: "boss", kind: "boss", config: { hp: 10 } };
const HASH = "aa".repeat(8);

function report(...claims: readonly Version[]): Report {
  return { topic: TOPIC, reporter: nodeKey("gateway", 3), claims };
}

function orphanContent(): ActivityContent {
  return opened(scheduled(), { term: "c".repeat(32), atMs: 5 });
}

describe("ActivityOwner: reports", () => {
  test("of what it has said itself, or an older one, change nothing", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    await owner.open("boss");
    const own = world.published.map((snapshot) => snapshot.version);
    await owner.reported(report(...own));
    expect(world.published.length).toBe(2);
    expect(world.alarms.all()).toEqual([]);
  });

  test("of a version ahead: takes a higher epoch, persists it, and publishes the same content above", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const opened = viewIn(await owner.create({ ...BOSS, open: true }));
    await owner.create({ ...BOSS, id: "other" });
    await owner.reported(report({ epoch: 7, revision: 3, hash: HASH }));
    const said = world.published.at(-1);
    expect(said).toMatchObject({ topic: TOPIC, version: { epoch: 8 } });
    expect(contentOf(said).term?.id ?? "").toBe(opened.term ?? "none");
    expect(world.published.length).toBe(3);
    expect(owner.epoch).toBe(8);
    const next = await world.begin();
    expect(next.epoch).toBe(9);
    expect(next.get("boss")?.term).toBe(opened.term);
  });

  test("of its own version with another hash: takes a higher epoch", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    const own = world.published[0]?.version ?? { epoch: 0, revision: 0, hash: "" };
    await owner.reported(report({ ...own, hash: HASH }));
    const said = world.published.at(-1);
    expect(said?.version.hash).toBe(own.hash);
    expect(said !== undefined && isNewer(said.version, own)).toBe(true);
    expect(said?.version.epoch).toBe(2);
  });

  test("of a version ahead of a tombstone: the tombstone is said again above it", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    await owner.remove("boss");
    await owner.reported(report({ epoch: 4, revision: 1, hash: HASH }));
    expect(world.published.at(-1)).toMatchObject({ tombstone: true, version: { epoch: 5 } });
  });

  test("when the higher epoch can't be persisted nothing is said, and the next report is answered", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    world.store.failing = "before";
    await owner.reported(report({ epoch: 7, revision: 3, hash: HASH }));
    expect(world.published.length).toBe(1);
    expect(owner.epoch).toBe(1);
    world.store.failing = "no";
    await owner.reported(report({ epoch: 7, revision: 3, hash: HASH }));
    expect(world.published.at(-1)?.version.epoch).toBe(8);
  });

  test("the fourth time within a minute: two owners, it stops speaking and refuses changes until resumed", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    for (let time = 1; time <= BUMPS_MAX; time += 1) {
      await owner.reported(report({ epoch: time * 10, revision: 1, hash: HASH }));
      world.clock.advance(1000);
    }
    expect(world.published.length).toBe(1 + BUMPS_MAX);
    await owner.reported(report({ epoch: 40, revision: 1, hash: HASH }));
    await owner.reported(report({ epoch: 50, revision: 1, hash: HASH }));
    expect(world.published.length).toBe(1 + BUMPS_MAX);
    expect(world.alarms.has(`two_owners:${TOPIC}`)).toBe(true);
    expect(await owner.open("boss")).toMatchObject({ kind: "conflict", allowed: ["resume"] });
    expect((await owner.create({ ...BOSS, id: "other" })).kind).toBe("ok");
    expect(await owner.resume("boss")).toMatchObject({ kind: "ok", changed: true, value: { id: "boss" } });
    expect(world.published.at(-1)).toMatchObject({ topic: TOPIC, version: { epoch: 51 } });
    expect(world.alarms.has(`two_owners:${TOPIC}`)).toBe(false);
    expect(viewIn(await owner.open("boss")).phase).toBe("open");
    expect(await owner.resume("boss")).toMatchObject({ kind: "ok", changed: false, value: { phase: "open" } });
    expect(await owner.resume("nothing")).toEqual({ kind: "not_found", detail: 'there is no activity "nothing"' });
  });

  test("a resume whose commit failed is finished by the next one, and one of a tombstone has no view", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    await owner.remove("boss");
    for (let time = 1; time <= BUMPS_MAX + 1; time += 1) {
      await owner.reported(report({ epoch: time * 10, revision: 1, hash: HASH }));
    }
    world.store.failing = "before";
    expect(await owner.resume("boss").catch((error: unknown) => (error as Error).name)).toBe("StoreError");
    expect(world.alarms.has(`two_owners:${TOPIC}`)).toBe(true);
    world.store.failing = "no";
    expect(await owner.resume("boss")).toMatchObject({ kind: "ok", topic: TOPIC, changed: true, value: undefined });
    expect(world.published.at(-1)).toMatchObject({ topic: TOPIC, tombstone: true, version: { epoch: 41 } });
    expect(world.alarms.all()).toEqual([]);
  });

  test("with two owners the end of a term is kept and not announced until resumed", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create({ ...BOSS, endsAtMs: world.clock.wallMs() + 5000, open: true });
    for (let time = 1; time <= BUMPS_MAX + 1; time += 1) {
      await owner.reported(report({ epoch: time * 10, revision: 1, hash: HASH }));
    }
    const said = world.published.length;
    world.clock.advance(5000);
    await settle();
    expect(owner.get("boss")?.phase).toBe("closed");
    expect(world.published.length).toBe(said);
    await owner.resume("boss");
    expect(contentOf(world.published.at(-1)).phase).toBe("closed");
  });

  test("bumps that are more than a minute apart are no second owner", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    for (let time = 1; time <= 8; time += 1) {
      await owner.reported(report({ epoch: time * 10, revision: 1, hash: HASH }));
      world.clock.advance(BUMPS_WINDOW_MS / 2);
    }
    expect(world.published.length).toBe(9);
    expect(world.alarms.all()).toEqual([]);
  });

  test("of an impossible epoch: alarm, and no epoch is taken", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    await owner.reported(report({ epoch: 2 ** 31, revision: 1, hash: HASH }));
    expect(world.alarms.has(`epoch_jump:${TOPIC}`)).toBe(true);
    expect(owner.epoch).toBe(1);
    expect(world.published.length).toBe(1);
  });

  test("of another owner's topic are none of its business", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.reported({ ...report({ epoch: 7, revision: 3, hash: HASH }), topic: "activity/cross_center:2/boss" });
    expect(world.alarms.all()).toEqual([]);
    expect(owner.orphans()).toEqual([]);
  });
});

describe("ActivityOwner: orphans", () => {
  const claim = { epoch: 7, revision: 3, hash: HASH };

  test("are told and never published or overwritten without a person's word", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.reported(report(claim));
    await owner.reported(report({ ...claim, revision: 2 }));
    expect(owner.orphans()).toMatchObject([{ topic: TOPIC, reporter: "gateway:3", version: claim }]);
    expect(world.alarms.all().map((alarm) => [alarm.name, alarm.detail["reporter"], alarm.detail["version"]])).toEqual([
      [`orphan:${TOPIC}`, "gateway:3", `7.3.${HASH}`],
    ]);
    expect(await owner.create(BOSS)).toMatchObject({ kind: "conflict", allowed: ["adopt", "cancel"] });
    expect(world.published).toEqual([]);
  });

  test("adopt takes the content as its own above what is held, and it survives a restart", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.reported(report(claim));
    const content = orphanContent();
    const bytes = encodeContent(content);
    const found = { bytes, version: { epoch: 7, revision: 3, hash: hashOf(digest, bytes) } };
    expect(viewIn(await owner.adopt(TOPIC, found))).toMatchObject({ phase: "open", term: "c".repeat(32) });
    expect(world.published.at(-1)).toMatchObject({ topic: TOPIC, version: { epoch: 8 }, tombstone: false });
    expect(contentOf(world.published.at(-1))).toEqual(content);
    expect(world.alarms.all()).toEqual([]);
    const version = viewIn(await owner.adopt(TOPIC, found)).version;
    expect(await owner.adopt(TOPIC, found)).toMatchObject({ kind: "ok", topic: TOPIC, version, changed: false });
    expect(viewIn(await owner.close("boss")).phase).toBe("closed");
    expect(await owner.cancel(TOPIC)).toMatchObject({
      kind: "conflict",
      allowed: ["edit", "open", "reopen", "delete"],
    });
    expect((await world.begin()).get("boss")?.term).toBe("c".repeat(32));
  });

  test("adopt refuses bytes that can't be read, and an adopted activity closes at its end", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.reported(report(claim));
    expect((await owner.adopt(TOPIC, { bytes: new Uint8Array([1]), version: claim })).kind).toBe("invalid");
    expect(world.published).toEqual([]);
    const bytes = encodeContent({ ...orphanContent(), endsAtMs: world.clock.wallMs() + 1000 });
    await owner.adopt(TOPIC, { bytes, version: { ...claim, hash: hashOf(digest, bytes) } });
    expect(world.clock.pending).toBe(1);
  });

  test("cancel ends it with a tombstone above what is held, and the id is free again", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.reported(report(claim));
    const first = await owner.cancel(TOPIC);
    expect(first).toMatchObject({ kind: "ok", topic: TOPIC, value: undefined, changed: true });
    expect(world.published.at(-1)).toMatchObject({ topic: TOPIC, tombstone: true, version: { epoch: 8 } });
    expect(world.alarms.all()).toEqual([]);
    expect(await owner.cancel(TOPIC)).toEqual({ ...first, changed: false } as typeof first);
    expect((await owner.adopt(TOPIC, { bytes: new Uint8Array(0), version: claim })).kind).toBe("not_found");
    expect((await owner.create(BOSS)).kind).toBe("ok");
  });

  test("a store that fails leaves the orphan in place", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.reported(report(claim));
    world.store.failing = "before";
    await owner.cancel(TOPIC).catch(() => undefined);
    expect(owner.orphans().length).toBe(1);
    expect(world.published).toEqual([]);
    world.store.failing = "no";
    expect((await owner.cancel(TOPIC)).kind).toBe("ok");
  });

  test("are no activity to open, close or delete: what is possible is said", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.reported(report(claim));
    const outcomes = [
      owner.find("boss"),
      await owner.open("boss"),
      await owner.close("boss"),
      await owner.remove("boss"),
      await owner.resume("boss"),
    ];
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: "conflict", allowed: ["adopt", "cancel"] });
    expect(owner.find("nothing").kind).toBe("not_found");
    expect(world.published).toEqual([]);
  });

  test("are forgotten when nobody reports them any more", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.reported(report(claim));
    world.clock.advance(ORPHAN_SILENT_MAX_MS);
    await owner.sweep(world.clock.wallMs(), () => true);
    expect(owner.orphans().length).toBe(1);
    world.clock.advance(1);
    await owner.sweep(world.clock.wallMs(), () => true);
    expect(owner.orphans()).toEqual([]);
    expect(world.alarms.all()).toEqual([]);
  });
});
