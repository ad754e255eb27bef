import { encodeContent } from "#activity/content.ts";
import type { ActivityOutcome, PhaseEntry } from "#activity/outcome.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import { TERM_PHASES } from "#activity/term.ts";
import { describe, expect, test } from "#test";
import { hashOf } from "#sync/version.ts";
import { digest } from "../wire/digest.ts";
import type { World } from "./fixture.ts";
import { contentOf, kinds, makeWorld, scheduled, settle, viewIn } from "./fixture.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NIGHTLY = { kind: "cron", expression: "0 20 * * *", durationMs: HOUR_MS, zone: "Asia/Shanghai" } as const;

async function advance(world: World, ms: number): Promise<void> {
  world.clock.advance(ms);
  // A look may be of 64 commits.
  for (let turn = 0; turn < 40; turn += 1) await settle();
}

function kindOf(outcome: ActivityOutcome): string {
  return outcome.kind === "ok" ? (outcome.changed ? "changed" : "unchanged") : outcome.kind;
}

/** Puts other bytes where the store has those of "boss", as another release would have. */
async function rewrite(world: World, bytes: Uint8Array): Promise<{ readonly hash: string }> {
  const hash = hashOf(digest, bytes);
  await world.store.transaction((tx) =>
    tx.run("UPDATE activity SET bytes = ?, hash = ? WHERE id = 'boss'", [bytes, hash]),
  );
  return { hash };
}

describe("ActivityOwner: schedules that recur", () => {
  test("each window has a term of its own, from its opening to its end", async () => {
    const world = await makeWorld();
    world.clock.advance(HOUR_MS - world.clock.wallMs());
    const owner = await world.begin();
    const first = viewIn(await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule: NIGHTLY }));
    const opensAtMs = first.next?.atMs ?? 0;
    expect(new Date(opensAtMs).toISOString()).toContain("T12:00:00.000Z");
    const seen: string[] = [];
    world.onPublish = (snapshot) => {
      const { phase, term } = contentOf(snapshot);
      seen.push(`${phase} ${term?.number} ${world.clock.wallMs() - opensAtMs}`);
    };
    while (world.clock.wallMs() < opensAtMs + 2 * DAY_MS - HOUR_MS) await advance(world, HOUR_MS / 2);
    expect(seen).toEqual(["open 1 0", `closed 1 ${HOUR_MS}`, `open 2 ${DAY_MS}`, `closed 2 ${DAY_MS + HOUR_MS}`]);
    expect(owner.get("boss")?.next).toEqual({ phase: "open", atMs: opensAtMs + 2 * DAY_MS });
  });

  test("one that is created while its window is open has its term at once", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    world.clock.advance(DAY_MS);
    const nowMs = world.clock.wallMs();
    const schedule = { ...NIGHTLY, expression: "0 * * * *", durationMs: HOUR_MS };
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule });
    await advance(world, 0);
    const opensAtMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    expect(owner.get("boss")).toMatchObject({ phase: "open", endsAtMs: opensAtMs + HOUR_MS, termNumber: 1 });
  });

  test("after a downtime 64 phases pass at a look, with an alarm until it has caught up", async () => {
    const ran: string[] = [];
    const enter = async ({ content }: PhaseEntry): Promise<void> => void ran.push(content.phase);
    const world = await makeWorld({ kinds: { ...kinds, phases: () => TERM_PHASES, enter } });
    const before = await world.begin();
    await before.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule: NIGHTLY });
    await before.stop();
    // Twenty windows of seven phases each are more than two looks.
    world.clock.advance(20 * DAY_MS);
    const owner = await world.begin();
    expect([ran.length, world.alarms.all().map(({ name }) => name)]).toEqual([64, ["activity_behind:boss"]]);
    await advance(world, 10_000);
    expect([ran.length, world.alarms.has("activity_behind:boss")]).toEqual([128, true]);
    await advance(world, 10_000);
    expect([ran.length, world.alarms.all()]).toEqual([140, []]);
    expect(owner.get("boss")).toMatchObject({ phase: "closed", termNumber: 20 });
    expect((owner.get("boss")?.next?.atMs ?? 0) > world.clock.wallMs()).toBe(true);
  });

  test("a faulty schedule is refused with the path of each fault, also by an edit", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    const windows = [
      { opensAt: "12:00", closesAt: "13:30" },
      { opensAt: "13:00", closesAt: "14:00" },
    ];
    const faulty: [schedule: Schedule, paths: string[]][] = [
      [{ ...NIGHTLY, expression: "0 0 30 2 *" }, ["schedule.expression"]],
      [{ ...NIGHTLY, expression: "0 25 * * *" }, ["schedule.expression"]],
      [{ ...NIGHTLY, zone: "Mars/Olympus" }, ["schedule.zone"]],
      [{ ...NIGHTLY, durationMs: DAY_MS + 1 }, ["schedule.durationMs"]],
      [{ ...NIGHTLY, notAfterMs: 5 }, ["schedule.notAfterMs"]],
      [{ kind: "daily", windows, zone: "UTC" }, ["schedule.windows.0.closesAt"]],
    ];
    // The kind has no show.
    const timing = { showMs: 1 };
    const both = await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule: NIGHTLY, timing });
    expect(both).toMatchObject({ kind: "invalid", issues: [{ path: "timing.showMs" }] });
    await owner.create({ id: "old", kind: "boss", config: { hp: 1 } });
    for (const [schedule, paths] of faulty) {
      const outcomes = [
        await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule }),
        await owner.edit("old", { schedule }),
      ];
      for (const outcome of outcomes) {
        expect(outcome.kind === "invalid" ? outcome.issues.map(({ path }) => path) : outcome.kind).toEqual(paths);
      }
    }
    expect([owner.get("boss"), owner.get("old")?.schedule]).toEqual([undefined, { kind: "manual" }]);
  });

  test("one that this release can't read any more stops its activity alone, with an alarm, and keeps it as it is", async () => {
    const world = await makeWorld();
    const first = await world.begin();
    await first.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule: NIGHTLY });
    await first.create({ id: "other", kind: "boss", config: { hp: 1 }, schedule: NIGHTLY });
    await first.stop();
    const lost = { ...NIGHTLY, zone: "Mars/Olympus" };
    const bytes = encodeContent(scheduled({ schedule: lost, cursorMs: world.clock.wallMs() }));
    const { hash } = await rewrite(world, bytes);
    const owner = await world.begin();
    expect(world.alarms.all()).toMatchObject([
      {
        name: "schedule_unreadable:boss",
        detail: { path: "schedule.zone", reason: "the time zone Mars/Olympus is not known here" },
      },
    ]);
    for (let hour = 0; hour < 25; hour += 1) await advance(world, HOUR_MS);
    expect(owner.get("boss")).toMatchObject({ phase: "scheduled", schedule: lost, next: undefined });
    expect(owner.get("boss")?.version).toContain(hash);
    expect(owner.get("other")?.termNumber).toBe(1);
    expect(viewIn(await owner.open("boss")).phase).toBe("open");
    expect(world.alarms.has("schedule_unreadable:boss")).toBe(true);
    await owner.close("boss");
    expect(viewIn(await owner.edit("boss", { schedule: NIGHTLY })).next?.phase).toBe("open");
    expect(world.alarms.all()).toEqual([]);
  });

  test("the alarms of what is deleted go with it", async () => {
    const world = await makeWorld();
    const first = await world.begin();
    await first.create({ id: "boss", kind: "boss", config: { hp: 1 } });
    await first.stop();
    await rewrite(world, encodeContent(scheduled({ schedule: { ...NIGHTLY, zone: "Mars/Olympus" } })));
    const owner = await world.begin();
    expect(world.alarms.has("schedule_unreadable:boss")).toBe(true);
    expect(kindOf(await owner.remove("boss"))).toBe("changed");
    expect(world.alarms.all()).toEqual([]);
  });
});
