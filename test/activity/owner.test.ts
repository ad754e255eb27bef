import { CONTENT_SIZE_MAX } from "#activity/content.ts";
import type { ActivityOutcome } from "#activity/outcome.ts";
import { CHANGES_WAITING_MAX } from "#activity/owner.ts";
import { StoreError } from "#store/store.ts";
import { isNewer } from "#sync/version.ts";
import { describe, expect, test } from "#test";
import { codeOf } from "../store/conformance.ts";
import { TOPIC, contentOf, makeWorld, viewIn } from "./fixture.ts";

const BOSS = { id: "boss", kind: "boss", config: { hp: 10 } };

function changed(outcome: ActivityOutcome): boolean | string {
  return outcome.kind === "ok" ? outcome.changed : outcome.kind;
}

function allowed(outcome: ActivityOutcome): readonly string[] | string {
  return outcome.kind === "conflict" ? outcome.allowed : outcome.kind;
}

function paths(outcome: ActivityOutcome): readonly string[] | string {
  return outcome.kind === "invalid" ? outcome.issues.map((issue) => issue.path) : outcome.kind;
}

describe("ActivityOwner: verbs", () => {
  test("creates, opens, closes, opens again and deletes, each announced once with a newer version", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    expect(viewIn(await owner.create(BOSS))).toMatchObject({
      id: "boss",
      phase: "scheduled",
      term: undefined,
      termNumber: 0,
    });
    const first = viewIn(await owner.open("boss"));
    expect(first).toMatchObject({
      phase: "open",
      termNumber: 1,
      openedAtMs: world.clock.wallMs(),
      closedAtMs: undefined,
    });
    expect(first.term).toMatch(/^[0-9a-f]{32}$/);
    world.clock.advance(500);
    const over = viewIn(await owner.close("boss"));
    expect(over).toMatchObject({ phase: "closed", term: first.term, closedAtMs: world.clock.wallMs() });
    const second = viewIn(await owner.open("boss"));
    expect(second.termNumber).toBe(2);
    expect(second.term).not.toBe(first.term);
    await owner.close("boss");
    const gone = viewIn(await owner.remove("boss"));
    expect(gone).toMatchObject({ id: "boss", phase: "closed", config: { hp: 10, level: 1 } });

    expect(world.published.map((snapshot) => snapshot.topic)).toEqual(Array.from({ length: 6 }, () => TOPIC));
    expect(world.published.map((snapshot) => snapshot.tombstone)).toEqual([false, false, false, false, false, true]);
    for (const [index, snapshot] of world.published.slice(1).entries()) {
      expect(isNewer(snapshot.version, world.published[index]?.version ?? snapshot.version)).toBe(true);
    }
    expect(contentOf(world.published[4]).history.map((entry) => `${entry.number} ${entry.phase}`)).toEqual([
      "1 open",
      "1 closed",
      "2 open",
      "2 closed",
    ]);
    expect(owner.list()).toEqual([]);
    expect(owner.get("boss")).toBeUndefined();
  });

  test("a view says the version that was published", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const view = viewIn(await owner.create({ ...BOSS, open: true }));
    const { epoch, revision, hash } = world.published[0]?.version ?? { epoch: 0, revision: 0, hash: "" };
    expect(view.version).toBe(`${epoch}.${revision}.${hash}`);
    expect(owner.get("boss")).toEqual(view);
    expect(owner.list()).toEqual([view]);
  });

  test("create is idempotent: an equal one is unchanged, another one is a conflict that says what differs", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const first = await owner.create({ ...BOSS, config: { hp: 10 } });
    const again = await owner.create({ ...BOSS, config: { hp: 10 } });
    expect([changed(first), changed(again)]).toEqual([true, false]);
    expect(viewIn(again)).toEqual(viewIn(first));
    const other = await owner.create({ ...BOSS, config: { hp: 11 } });
    expect(allowed(other)).toEqual(["edit", "open", "delete"]);
    expect(other).toMatchObject({ detail: expect.stringContaining("config") });
    expect(changed(await owner.create({ ...BOSS, kind: "free" }))).toBe("conflict");
    expect(changed(await owner.create({ ...BOSS, endsAtMs: world.clock.wallMs() + 1 }))).toBe("conflict");
    expect(world.published.length).toBe(1);
  });

  test("create with open opens in the same step, and again: unchanged when open, a new term when closed", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const request = { ...BOSS, open: true };
    const first = viewIn(await owner.create(request));
    expect(world.published.length).toBe(1);
    expect(first.phase).toBe("open");
    const again = await owner.create(request);
    expect(changed(again)).toBe(false);
    expect(viewIn(again)).toEqual(first);
    await owner.close("boss");
    const reopened = viewIn(await owner.create(request));
    expect(reopened).toMatchObject({ phase: "open", termNumber: 2 });
    expect(reopened.term).not.toBe(first.term);
  });

  test("create with open opens one that was scheduled", async () => {
    const owner = await (await makeWorld()).begin();
    await owner.create(BOSS);
    expect(viewIn(await owner.create({ ...BOSS, open: true }))).toMatchObject({ phase: "open", termNumber: 1 });
  });

  test("open of open and close of closed change and announce nothing", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const first = viewIn(await owner.create({ ...BOSS, open: true }));
    const again = await owner.open("boss");
    expect([changed(again), viewIn(again)]).toEqual([false, first]);
    const closed = viewIn(await owner.close("boss"));
    const closedAgain = await owner.close("boss");
    expect([changed(closedAgain), viewIn(closedAgain)]).toEqual([false, closed]);
    expect(world.published.length).toBe(2);
  });

  test("refuses what the phase does not allow, with what it does", async () => {
    const owner = await (await makeWorld()).begin();
    await owner.create(BOSS);
    expect(allowed(await owner.close("boss"))).toEqual(["edit", "open", "delete"]);
    await owner.open("boss");
    expect(allowed(await owner.remove("boss"))).toEqual(["extend", "next", "close", "cancel"]);
    for (const outcome of [await owner.open("no"), await owner.close("no"), await owner.remove("no")]) {
      expect(outcome.kind).toBe("not_found");
    }
  });

  test("deletes once, and the id can be created again with a newer version", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    expect(changed(await owner.remove("boss"))).toBe(true);
    expect((await owner.remove("boss")).kind).toBe("not_found");
    expect(changed(await owner.create(BOSS))).toBe(true);
    const [, tombstone, reborn] = world.published;
    expect(tombstone).toMatchObject({ tombstone: true, bytes: new Uint8Array(0) });
    expect(reborn !== undefined && tombstone !== undefined && isNewer(reborn.version, tombstone.version)).toBe(true);
  });
});

describe("ActivityOwner: bad requests", () => {
  test("names every fault with its path", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    expect(paths(await owner.create({ id: "Boss!", kind: "none", config: {}, endsAtMs: 1.5 }))).toEqual([
      "id",
      "endsAtMs",
      "kind",
    ]);
    expect(paths(await owner.create({ ...BOSS, config: { hp: "many" } }))).toEqual(["config.hp"]);
    expect(paths(await owner.create({ ...BOSS, endsAtMs: world.clock.wallMs() }))).toEqual(["endsAtMs"]);
    const unknown = await owner.create({ ...BOSS, kind: "none" });
    expect(unknown).toMatchObject({ kind: "invalid", detail: expect.stringContaining("boss, free, broken") });
    expect(world.published).toEqual([]);
  });

  test("refuses a config that would not arrive as it is", async () => {
    const owner = await (await makeWorld()).begin();
    let deep: unknown = 1;
    for (let depth = 0; depth < 40; depth += 1) deep = [deep];
    for (const config of [{ at: new Date(0) }, { run: () => 1 }, { set: new Set([1]) }, { deep }, { big: 2n ** 80n }]) {
      expect(paths(await owner.create({ id: "x", kind: "free", config }))).toEqual(["config"]);
    }
    const plain = { a: [1, 0.5, null, true, "跨服"], b: { c: new Uint8Array([1, 2]) } };
    expect(viewIn(await owner.create({ id: "x", kind: "free", config: plain })).config).toEqual(plain);
    expect(viewIn(await owner.create({ id: "y", kind: "free", config: undefined })).config).toBeNull();
  });

  test("refuses a config above the size of a topic, with the size, and takes the largest that fits", async () => {
    const owner = await (await makeWorld()).begin();
    const tooLarge = await owner.create({ id: "x", kind: "free", config: "x".repeat(256 * 1024) });
    expect(paths(tooLarge)).toEqual(["config"]);
    expect(tooLarge).toMatchObject({ detail: expect.stringMatching(/size is 262\d{3}, limit is 258048/) });
    const fits = await owner.create({ id: "x", kind: "free", config: "x".repeat(CONTENT_SIZE_MAX - 200) });
    expect(fits.kind).toBe("ok");
  });

  test("the largest activity stays below the size of a topic through all its terms", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    let size = CONTENT_SIZE_MAX;
    while ((await owner.create({ id: "x", kind: "free", config: "x".repeat(size), open: true })).kind !== "ok")
      size -= 1;
    for (let term = 0; term < 12; term += 1) {
      await owner.close("x");
      await owner.open("x");
    }
    const largest = Math.max(...world.published.map((snapshot) => snapshot.bytes.length));
    expect(largest).toBeGreaterThan(CONTENT_SIZE_MAX);
    expect(largest).toBeLessThanOrEqual(256 * 1024);
  });

  test("a kind whose own check throws is a fault of the module, and the owner goes on", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    expect(paths(await owner.create({ id: "x", kind: "broken", config: {} }))).toEqual(["config"]);
    expect(world.alarms.has("kind_fault:broken")).toBe(true);
    expect(changed(await owner.create(BOSS))).toBe(true);
  });
});

describe("ActivityOwner: restarts and failures", () => {
  test("takes a higher epoch at each start and publishes every topic in it, with the same bytes and terms", async () => {
    const world = await makeWorld();
    const first = await world.begin();
    const opened = viewIn(await first.create({ ...BOSS, open: true }));
    await first.create({ id: "other", kind: "free", config: 1 });
    await first.create({ id: "gone", kind: "free", config: 1 });
    await first.remove("gone");
    const before = new Map(world.published.map((snapshot) => [snapshot.topic, snapshot]));
    expect(first.epoch).toBe(1);
    for (const epoch of [2, 3]) {
      world.published.length = 0;
      const next = await world.begin();
      expect(next.epoch).toBe(epoch);
      expect(world.published.length).toBe(3);
      for (const snapshot of world.published) {
        const last = before.get(snapshot.topic);
        expect(snapshot.version.epoch).toBe(epoch);
        expect(snapshot.version.hash).toBe(last?.version.hash ?? "");
        expect(snapshot.bytes).toEqual(last?.bytes ?? new Uint8Array(0));
        expect(snapshot.tombstone).toBe(snapshot.topic.endsWith("/gone"));
      }
      expect(next.get("boss")).toEqual({ ...opened, version: next.get("boss")?.version ?? "" });
    }
  });

  test("killed between commit and announcement: the next start has the change and announces it", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    world.onPublish = () => {
      throw new Error("killed");
    };
    expect(
      await owner.open("boss").then(
        () => "ok",
        (error: unknown) => String(error),
      ),
    ).toContain("killed");
    const last = world.published.at(-1)?.version;
    world.onPublish = () => undefined;
    const next = await world.begin();
    expect(next.get("boss")?.phase).toBe("open");
    const announced = world.published.at(-1);
    expect(contentOf(announced).phase).toBe("open");
    expect(announced !== undefined && last !== undefined && isNewer(announced.version, last)).toBe(true);
  });

  test("killed after the new epoch was taken and before anything was announced: the start after takes the next", async () => {
    const world = await makeWorld();
    await (await world.begin()).create(BOSS);
    world.onPublish = () => {
      throw new Error("killed");
    };
    await world.begin().catch(() => undefined);
    world.onPublish = () => undefined;
    const next = await world.begin();
    expect(next.epoch).toBe(3);
    expect(world.published.at(-1)?.version.epoch).toBe(3);
  });

  test("is persisted before it is announced", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    const seen: Promise<unknown>[] = [];
    world.onPublish = () => {
      seen.push(world.store.transaction((tx) => tx.get("SELECT revision FROM activity WHERE id = 'boss'")));
    };
    await owner.open("boss");
    expect(await Promise.all(seen)).toEqual([{ revision: world.published.at(-1)?.version.revision ?? 0 }]);
  });

  test("a store that fails: the verb throws, nothing changes or is announced, the next verb works", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const before = viewIn(await owner.create(BOSS));
    world.store.failing = "before";
    expect(await codeOf(owner.open("boss"))).toBe("io");
    expect(owner.get("boss")).toEqual(before);
    expect(await codeOf(owner.create({ ...BOSS, id: "second" }))).toBe("io");
    expect(world.published.length).toBe(1);
    world.store.failing = "no";
    expect(viewIn(await owner.open("boss"))).toMatchObject({ phase: "open", termNumber: 1 });
    expect(owner.list().length).toBe(1);
  });

  test("a commit of unknown outcome that took place is found and announced before the next change", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    world.store.failing = "after";
    expect(await codeOf(owner.open("boss"))).toBe("io");
    world.store.failing = "no";
    expect(world.published.length).toBe(1);
    const again = await owner.open("boss");
    expect(changed(again)).toBe(false);
    expect(viewIn(again).termNumber).toBe(1);
    expect(world.published.map((snapshot) => contentOf(snapshot).phase)).toEqual(["scheduled", "open"]);
  });

  test("a start that fails announces nothing", async () => {
    const world = await makeWorld();
    await (await world.begin()).create(BOSS);
    world.published.length = 0;
    world.store.failing = "before";
    expect(await codeOf(world.begin())).toBe("io");
    expect(world.published).toEqual([]);
  });

  test("an owner whose rows another process has taken over can't save any more", async () => {
    const world = await makeWorld();
    const old = await world.begin();
    await old.create(BOSS);
    const young = await world.begin();
    world.published.length = 0;
    expect(await codeOf(old.open("boss"))).toBe("fenced");
    expect(await codeOf(old.create({ ...BOSS, id: "second" }))).toBe("fenced");
    expect(world.published).toEqual([]);
    expect(world.alarms.has("fenced:cross_center:1")).toBe(true);
    expect(viewIn(await young.open("boss")).phase).toBe("open");
  });

  test("a new activity of an owner that was taken over is refused as well", async () => {
    const world = await makeWorld();
    const old = await world.begin();
    await world.begin();
    expect(await codeOf(old.create(BOSS))).toBe("fenced");
    expect(world.published).toEqual([]);
  });

  test("a row that somebody else has changed is not overwritten, and is announced as it was found", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create(BOSS);
    await world.store.transaction((tx) => tx.run("UPDATE activity SET revision = 50"));
    expect(await codeOf(owner.open("boss"))).toBe("fenced");
    expect(world.published.length).toBe(1);
    expect(viewIn(await owner.open("boss")).version).toMatch(/^1\.51\./);
    expect(world.published.map((snapshot) => snapshot.version.revision)).toEqual([1, 50, 51]);
  });

  test("a row that can't be read stops the start with its name", async () => {
    const world = await makeWorld();
    await (await world.begin()).create(BOSS);
    await world.store.transaction((tx) => tx.run("UPDATE activity SET bytes = ?", [new Uint8Array([1, 2, 3])]));
    const error = await world.begin().catch((thrown: unknown) => thrown);
    expect(error instanceof StoreError ? [error.code, error.message.includes("boss")] : error).toEqual([
      "corrupt",
      true,
    ]);
  });

  test("is refused before start and after stop, and stop waits for the change under way", async () => {
    const world = await makeWorld();
    const owner = world.make();
    expect(await codeOf(owner.open("boss"))).toBe("closed");
    await owner.start();
    const creating = owner.create(BOSS);
    await owner.stop();
    expect(world.published.length).toBe(1);
    expect(changed(await creating)).toBe(true);
    expect(await codeOf(owner.open("boss"))).toBe("closed");
    expect(world.clock.pending).toBe(0);
  });
});

describe("ActivityOwner: many at once", () => {
  test("verbs that come together are done one after the other, none is lost", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const outcomes = await Promise.all([
      owner.create(BOSS),
      ...Array.from({ length: 20 }, () => owner.open("boss")),
      owner.close("boss"),
      owner.open("boss"),
    ]);
    expect(outcomes.map(changed)).toEqual([true, true, ...Array.from({ length: 19 }, () => false), true, true]);
    expect(owner.get("boss")?.termNumber).toBe(2);
    expect(new Set(outcomes.slice(1, 21).map((outcome) => viewIn(outcome).term)).size).toBe(1);
    expect(world.published.length).toBe(4);
  });

  test("creations of one id that come together make one activity", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => owner.create({ ...BOSS, open: true })));
    expect(outcomes.map(changed)).toEqual([true, ...Array.from({ length: 9 }, () => false)]);
    expect(new Set(outcomes.map((outcome) => viewIn(outcome).term)).size).toBe(1);
  });

  test("more changes than may wait are refused, and the others are done", async () => {
    const owner = await (await makeWorld()).begin();
    const asked = Array.from({ length: CHANGES_WAITING_MAX + 10 }, (_, index) =>
      codeOf(owner.create({ id: `a${index}`, kind: "free", config: index })),
    );
    const codes = await Promise.all(asked);
    expect(codes.filter((code) => code === "overloaded").length).toBe(10);
    expect(owner.list().length).toBe(CHANGES_WAITING_MAX);
  });
});
