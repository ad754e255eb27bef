import type { ActivityKinds, ActivityOutcome, PhaseEntry } from "#activity/outcome.ts";
import { TERM_PHASES } from "#activity/term.ts";
import type { ActivityOwner } from "#activity/owner.ts";
import type { Tx } from "#store/store.ts";
import { describe, expect, test } from "#test";
import type { World } from "./fixture.ts";
import { TOPIC, contentOf, kinds, makeWorld, settle, viewIn } from "./fixture.ts";

const HOUR_MS = 3_600_000;
const TIMING = { previewMs: 2 * HOUR_MS, signupMs: HOUR_MS, showMs: HOUR_MS };

/** A kind with every phase; its hook counts in the term's state which phases it has seen. */
class Counting implements ActivityKinds {
  readonly names = ["boss"];
  /** How often the hook ran, by phase. */
  readonly ran: string[] = [];
  /** Phases in which it throws. */
  readonly broken = new Set<string>();

  parseConfig(kind: string, input: unknown): ReturnType<ActivityKinds["parseConfig"]> {
    return kinds.parseConfig(kind, input);
  }

  phases(kind: string): ReturnType<ActivityKinds["phases"]> {
    return this.names.includes(kind) ? TERM_PHASES : undefined;
  }

  async enter({ content, state }: PhaseEntry): Promise<unknown> {
    this.ran.push(content.phase);
    if (this.broken.has(content.phase)) throw new Error("no dice");
    const seen = (state as { seen: string[] } | undefined)?.seen ?? [];
    return { seen: [...seen, content.phase] };
  }
}

function windowIn(world: World, delayMs: number) {
  const opensAtMs = world.clock.wallMs() + delayMs;
  return { kind: "once", opensAtMs, closesAtMs: opensAtMs + 2 * HOUR_MS } as const;
}

async function stateOf(world: World): Promise<unknown> {
  const { unpackBody } = await import("#wire/body.ts");
  const rows = await world.store.transaction((tx) => tx.all("SELECT state FROM activity_term"));
  return rows.map((row) => unpackBody(row["state"] as Uint8Array));
}

async function advance(world: World, ms: number): Promise<void> {
  world.clock.advance(ms);
  await settle();
  await settle();
}

function kindOf(outcome: ActivityOutcome): string {
  return outcome.kind === "ok" ? (outcome.changed ? "changed" : "unchanged") : outcome.kind;
}

describe("ActivityOwner: terms by schedule", () => {
  test("each phase comes at its time, is announced once, and its hook has run before", async () => {
    const counting = new Counting();
    const world = await makeWorld({ kinds: counting });
    const owner = await world.begin();
    const schedule = windowIn(world, 4 * HOUR_MS);
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule, timing: TIMING });
    expect(owner.get("boss")?.next).toEqual({ phase: "preview", atMs: schedule.opensAtMs - 3 * HOUR_MS });
    const seen: string[] = [];
    world.onPublish = (snapshot) => {
      const { phase } = contentOf(snapshot);
      seen.push(phase);
      expect(counting.ran.at(-1)).toBe(phase);
    };
    for (let hour = 0; hour < 8; hour += 1) await advance(world, HOUR_MS);
    expect(seen).toEqual([...TERM_PHASES]);
    expect(counting.ran).toEqual([...TERM_PHASES]);
    expect(await stateOf(world)).toEqual([{ seen: [...TERM_PHASES] }]);
  });

  test("an owner that was away walks every phase that has passed, at its time, before it speaks", async () => {
    const counting = new Counting();
    const world = await makeWorld({ kinds: counting });
    const first = await world.begin();
    const schedule = windowIn(world, 4 * HOUR_MS);
    await first.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule, timing: TIMING });
    await first.stop();
    world.published.length = 0;
    world.clock.advance(1000 * HOUR_MS);
    const next = await world.begin();
    expect(next.get("boss")).toMatchObject({ phase: "closed", openedAtMs: schedule.opensAtMs });
    expect(next.get("boss")).toMatchObject({ closedAtMs: schedule.closesAtMs, termNumber: 1 });
    expect(world.published.map((snapshot) => contentOf(snapshot).phase)).toEqual(["closed"]);
    expect(await stateOf(world)).toEqual([{ seen: [...TERM_PHASES] }]);
  });

  test("a crash before or after any commit repeats no effect of a hook", async () => {
    for (let crashAt = 0; crashAt < TERM_PHASES.length; crashAt += 1) {
      for (const failing of ["before", "after"] as const) {
        const counting = new Counting();
        const world = await makeWorld({ kinds: counting });
        const owner = await world.begin();
        const schedule = windowIn(world, 4 * HOUR_MS);
        await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule, timing: TIMING });
        const inner = counting.enter.bind(counting);
        counting.enter = (entry) => {
          if (counting.ran.length === crashAt) world.store.failing = failing;
          return inner(entry);
        };
        for (let hour = 0; hour < 8 && world.store.failing === "no"; hour += 1) await advance(world, HOUR_MS);
        // The process dies here; the next one finds what was committed.
        void owner.stop();
        world.store.failing = "no";
        world.clock.advance(10 * HOUR_MS);
        const next = await world.begin();
        expect(next.get("boss")?.phase).toBe("closed");
        expect(await stateOf(world)).toEqual([{ seen: [...TERM_PHASES] }]);
      }
    }
  });

  test("a kind that throws stops its own activity with an alarm, and no other", async () => {
    const counting = new Counting();
    const world = await makeWorld({ kinds: counting });
    const owner = await world.begin();
    const schedule = windowIn(world, HOUR_MS);
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule });
    counting.broken.add("signup");
    await advance(world, HOUR_MS);
    counting.broken.clear();
    await owner.create({ id: "other", kind: "boss", config: { hp: 1 }, schedule: windowIn(world, HOUR_MS) });
    await advance(world, HOUR_MS);
    expect(owner.get("other")?.phase).toBe("open");
    expect(owner.get("boss")).toMatchObject({ phase: "preview", stopped: expect.stringContaining("no dice") });
    expect(world.alarms.all().map((alarm) => alarm.name)).toEqual(["activity_stopped:boss"]);
    const runs = counting.ran.length;
    await advance(world, 20_000);
    expect(counting.ran.length).toBe(runs);
    expect(viewIn(await owner.verb("boss", "next"))).toMatchObject({ phase: "signup", stopped: undefined });
    await advance(world, 20_000);
    expect(owner.get("boss")?.phase).toBe("open");
    expect(world.alarms.all()).toEqual([]);
  });

  test("a state that can't be read stops its own activity, and no other, also at a start", async () => {
    const world = await makeWorld({ kinds: new Counting() });
    const owner = await world.begin();
    const schedule = windowIn(world, HOUR_MS);
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule: windowIn(world, HOUR_MS / 2) });
    await owner.create({ id: "other", kind: "boss", config: { hp: 1 }, schedule });
    await advance(world, HOUR_MS / 2);
    const spoil = (tx: Tx) => tx.run("UPDATE activity_term SET state = ?", [new Uint8Array([0xc1])]);
    await world.store.transaction(spoil);
    await advance(world, HOUR_MS);
    await advance(world, 2 * HOUR_MS);
    await settle();
    await settle();
    const phases = (of: ActivityOwner) => of.list().map(({ id, phase, stopped }) => [id, phase, stopped !== undefined]);
    expect(phases(owner)).toEqual([
      ["boss", "open", true],
      ["other", "closed", false],
    ]);
    expect(owner.get("boss")?.stopped).toContain("Cannot read state of term");
    await owner.stop();
    expect(phases(await world.begin())).toEqual([
      ["boss", "open", true],
      ["other", "closed", false],
    ]);
  });

  test("a verb whose hook throws changes nothing and says why", async () => {
    const counting = new Counting();
    const world = await makeWorld({ kinds: counting });
    const owner = await world.begin();
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 } });
    counting.broken.add("open");
    const outcome = await owner.open("boss");
    expect(outcome).toMatchObject({ kind: "conflict", detail: expect.stringContaining("no dice") });
    expect(owner.get("boss")?.phase).toBe("scheduled");
    expect(world.published.length).toBe(1);
  });
});

describe("ActivityOwner: verbs of a term", () => {
  test("under a key a verb is done once, and answered the same again, also after a restart", async () => {
    const world = await makeWorld({ kinds: new Counting() });
    const owner = await world.begin();
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule: windowIn(world, 9 * HOUR_MS) });
    await owner.verb("boss", "preview");
    const first = await owner.verb("boss", "next", { key: "n1" });
    expect([kindOf(first), viewIn(first).phase]).toEqual(["changed", "signup"]);
    expect(await owner.verb("boss", "next", { key: "n1" })).toEqual({ ...first, changed: false } as typeof first);
    const next = await world.begin();
    expect(viewIn(await next.verb("boss", "next", { key: "n1" })).phase).toBe("signup");
    expect(next.get("boss")?.phase).toBe("signup");
    expect(kindOf(await next.verb("boss", "open", { key: "n1" }))).toBe("invalid");
    expect(kindOf(await next.verb("boss", "next", { key: "no spaces" }))).toBe("invalid");
    expect(viewIn(await next.verb("boss", "next", { key: "n2" })).phase).toBe("open");
  });

  test("a cancel under a key is answered as it was, also when the activity is deleted since", async () => {
    const world = await makeWorld();
    const owner = await world.begin();
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, open: true });
    const first = await owner.cancel(TOPIC, { key: "c1" });
    if (first.kind !== "ok") throw new Error(first.detail);
    await owner.remove("boss");
    expect(await owner.cancel(TOPIC, { key: "c1" })).toEqual({ ...first, changed: false });
    expect(await owner.cancel(TOPIC, { key: "c2" })).toMatchObject({ kind: "ok", value: undefined, changed: false });
  });

  test("next from a phase that has passed changes nothing", async () => {
    const world = await makeWorld({ kinds: new Counting() });
    const owner = await world.begin();
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 } });
    await owner.verb("boss", "preview");
    expect(viewIn(await owner.verb("boss", "next", { from: "preview" })).phase).toBe("signup");
    expect(kindOf(await owner.verb("boss", "next", { from: "preview" }))).toBe("unchanged");
    expect(owner.get("boss")?.phase).toBe("signup");
  });

  test("a dry run says what would come of it, commits nothing and runs no hook", async () => {
    const counting = new Counting();
    const world = await makeWorld({ kinds: counting });
    const owner = await world.begin();
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 } });
    const tried = await owner.open("boss", { dryRun: true, key: "d" });
    expect([kindOf(tried), viewIn(tried).phase]).toEqual(["changed", "open"]);
    expect([owner.get("boss")?.phase, counting.ran, world.published.length]).toEqual(["scheduled", [], 1]);
    expect(kindOf(await owner.open("boss", { key: "d" }))).toBe("changed");
  });

  test("edit: before a term only, each part by itself, checked like a creation", async () => {
    const world = await makeWorld({ kinds: new Counting() });
    const owner = await world.begin();
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 } });
    expect(viewIn(await owner.edit("boss", { config: { hp: 2 } })).config).toEqual({ hp: 2, level: 1 });
    expect(kindOf(await owner.edit("boss", { config: { hp: 2 } }))).toBe("unchanged");
    const schedule = windowIn(world, HOUR_MS);
    expect(viewIn(await owner.edit("boss", { schedule, timing: { showMs: 5 } }))).toMatchObject({
      schedule,
      timing: { previewMs: 0, signupMs: 0, showMs: 5 },
      next: { phase: "preview", atMs: schedule.opensAtMs },
    });
    const wrong = await owner.edit("boss", { schedule: { ...schedule, closesAtMs: schedule.opensAtMs } });
    expect(wrong).toMatchObject({ kind: "invalid", issues: [{ path: "schedule.closesAtMs" }] });
    expect(kindOf(await owner.edit("boss", { config: { hp: "much" } }))).toBe("invalid");
    await owner.open("boss");
    expect(await owner.edit("boss", { config: { hp: 3 } })).toMatchObject({
      kind: "conflict",
      allowed: ["extend", "next", "close", "cancel"],
    });
  });

  test("extend moves the end, and only to a time that is still to come", async () => {
    const world = await makeWorld({ kinds: new Counting() });
    const owner = await world.begin();
    const endsAtMs = world.clock.wallMs() + HOUR_MS;
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, endsAtMs, open: true });
    expect(viewIn(await owner.extend("boss", endsAtMs + HOUR_MS)).endsAtMs).toBe(endsAtMs + HOUR_MS);
    expect(kindOf(await owner.extend("boss", endsAtMs + HOUR_MS))).toBe("unchanged");
    expect(kindOf(await owner.extend("boss", world.clock.wallMs()))).toBe("invalid");
    await advance(world, HOUR_MS);
    expect(owner.get("boss")?.phase).toBe("open");
    await advance(world, HOUR_MS);
    expect(owner.get("boss")).toMatchObject({ phase: "closed", closedAtMs: endsAtMs + HOUR_MS });
  });

  test("recall, cancel and reopen: a term that was taken back or cancelled never comes again", async () => {
    const world = await makeWorld({ kinds: new Counting() });
    const owner = await world.begin();
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, schedule: windowIn(world, HOUR_MS) });
    const first = viewIn(await owner.verb("boss", "preview")).term;
    expect(viewIn(await owner.verb("boss", "recall"))).toMatchObject({ phase: "scheduled", next: undefined });
    await advance(world, 5 * HOUR_MS);
    expect(owner.get("boss")?.phase).toBe("scheduled");
    const second = viewIn(await owner.open("boss"));
    expect(second.term).not.toBe(first);
    expect(second.termNumber).toBe(2);
    expect(kindOf(await owner.verb("boss", "cancel"))).toBe("changed");
    expect(kindOf(await owner.verb("boss", "cancel"))).toBe("unchanged");
    expect(viewIn(await owner.verb("boss", "reopen"))).toMatchObject({ phase: "open", termNumber: 3 });
  });

  test("what no module here brings can be cancelled and deleted, and time stops for it", async () => {
    const counting = new Counting();
    const world = await makeWorld({ kinds: counting });
    const owner = await world.begin();
    const endsAtMs = world.clock.wallMs() + HOUR_MS;
    await owner.create({ id: "boss", kind: "boss", config: { hp: 1 }, endsAtMs, open: true });
    counting.names.splice(0);
    await advance(world, 2 * HOUR_MS);
    expect(owner.get("boss")).toMatchObject({ phase: "open", stopped: expect.stringContaining("no module here") });
    expect(kindOf(await owner.close("boss"))).toBe("conflict");
    expect(viewIn(await owner.verb("boss", "cancel")).phase).toBe("cancelled");
    expect(kindOf(await owner.remove("boss"))).toBe("changed");
  });

  test("an owner that starts without the module of a kind says so at once", async () => {
    const counting = new Counting();
    const world = await makeWorld({ kinds: counting });
    const first = await world.begin();
    await first.create({ id: "boss", kind: "boss", config: { hp: 1 }, open: true });
    await first.stop();
    Object.assign(counting, { names: [] });
    await world.begin();
    expect(world.alarms.all().map(({ name, detail }) => [name, detail])).toEqual([
      ["kind_missing:boss", { count: 1, first: "boss", reason: "no module here brings it" }],
    ]);
  });
});
