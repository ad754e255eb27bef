import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import type { BotInput, BotOutput, BotState } from "#bots/bot_plan.ts";
import {
  AWAY_MS_MAX,
  BotPlan,
  CATCH_UP_MS,
  CUT_MEAN_MS,
  LOG_OUT_MEAN_MS,
  PAUSE_MS,
  REST_MEAN_MS,
} from "#bots/bot_plan.ts";
import { RESUME_WINDOW_MS } from "#session/client_packets.ts";

const LN2 = Math.LN2;

/** Every draw is 0.5: a gap is the mean times the logarithm of 2. */
function plan(unit = 0.5): BotPlan {
  return new BotPlan({ random: { unit: () => unit }, perSecond: 2, nowMs: 0 });
}

const TICK: BotInput = { kind: "tick" };
const TURN: BotInput = { kind: "turn" };
const NEW: BotInput = { kind: "online", resumed: false };
const RESUMED: BotInput = { kind: "online", resumed: true };
const LOST: BotInput = { kind: "lost" };
const FOR_NOW: BotInput = { kind: "offline", forGood: false };
const FOR_GOOD: BotInput = { kind: "offline", forGood: true };
const STOP: BotInput = { kind: "stop" };

const INPUTS: readonly BotInput[] = [TICK, TURN, NEW, RESUMED, LOST, FOR_NOW, FOR_GOOD, STOP];

/** How each state is reached, from the start. */
const WAYS: Readonly<Record<BotState["kind"], readonly BotInput[]>> = {
  resting: [],
  in_line: [TICK],
  entering: [TICK, TURN],
  playing: [TICK, TURN, NEW],
  away: [TICK, TURN, NEW, TICK],
  returning: [TICK, TURN, NEW, LOST],
  over: [STOP],
};

function at(kind: BotState["kind"]): BotPlan {
  const made = plan();
  for (const input of WAYS[kind]) made.step(input, cutAt(made));
  return made;
}

function cutAt({ state }: BotPlan): number {
  return state.kind === "playing" ? state.cutAtMs : 0;
}

describe("BotPlan", () => {
  test("goes from each state to the next as its table says, and other inputs change nothing", () => {
    const TABLE: readonly (readonly [BotState["kind"], BotInput, BotState["kind"], readonly BotOutput[]])[] = [
      ["resting", TICK, "in_line", ["line_up"]],
      ["in_line", TURN, "entering", ["connect"]],
      ["entering", NEW, "playing", ["logged_in"]],
      ["entering", RESUMED, "playing", ["logged_in"]],
      ["entering", FOR_NOW, "resting", []],
      ["entering", FOR_GOOD, "over", []],
      ["playing", LOST, "returning", []],
      ["playing", FOR_NOW, "resting", []],
      ["playing", FOR_GOOD, "over", []],
      ["away", TICK, "returning", ["come_back"]],
      ["returning", RESUMED, "playing", ["resumed"]],
      ["returning", NEW, "playing", ["logged_in_anew"]],
      ["returning", FOR_NOW, "resting", []],
      ["returning", FOR_GOOD, "over", []],
      ["away", STOP, "returning", ["come_back"]],
      ["entering", STOP, "entering", []],
      ["returning", STOP, "returning", []],
      ["resting", STOP, "over", []],
      ["in_line", STOP, "over", []],
      ["playing", STOP, "over", []],
    ];
    const kinds = Object.keys(WAYS) as BotState["kind"][];
    for (const kind of kinds) {
      for (const input of INPUTS) {
        // What a tick does while playing is a matter of time: below.
        if (kind === "playing" && input === TICK) continue;
        const one = at(kind);
        expect(one.state.kind).toBe(kind);
        const outputs = one.step(input, 10_000_000);
        const row = TABLE.find(([from, by]) => from === kind && by === input);
        expect([kind, input, one.state.kind, outputs]).toEqual([kind, input, row?.[2] ?? kind, row?.[3] ?? []]);
      }
    }
  });

  test("asks at its pace while it plays, and catches up on a second at most", () => {
    const one = at("playing");
    const gapMs = 500 * LN2;
    expect(one.wakeAtMs).toBeCloseTo(gapMs, 6);
    expect(one.step(TICK, gapMs - 1)).toEqual([]);
    expect(one.step(TICK, gapMs + 1)).toEqual(["ask"]);
    expect(one.wakeAtMs).toBeCloseTo(2 * gapMs, 6);
    // The process stood still for thirty seconds.
    const missed = one.step(TICK, 30_000);
    expect(missed).toEqual(Array.from({ length: Math.floor(CATCH_UP_MS / gapMs) + 1 }, () => "ask"));
    expect(one.wakeAtMs).toBeGreaterThan(30_000);
  });

  test("is cut off for a while that is far shorter than the window, and then comes back", () => {
    expect(AWAY_MS_MAX).toBeLessThan(RESUME_WINDOW_MS / 2);
    const one = at("playing");
    const cutAtMs = CUT_MEAN_MS * LN2;
    expect(cutAt(one)).toBeCloseTo(cutAtMs, 6);
    expect(one.step(TICK, cutAt(one))).toEqual(["cut"]);
    expect(one.wakeAtMs).toBeCloseTo(cutAtMs + AWAY_MS_MAX / 2, 6);
    // Of its own cut it hears too.
    expect(one.step(LOST, cutAtMs)).toEqual([]);
    expect(one.step(TICK, one.wakeAtMs - 1)).toEqual([]);
    expect(one.step(TICK, one.wakeAtMs)).toEqual(["come_back"]);
    expect(one.state).toEqual({ kind: "returning" });
  });

  test("asks right before the cut as often as not", () => {
    const one = plan(0.4);
    for (const input of WAYS.playing) one.step(input, 0);
    expect(one.step(TICK, cutAt(one))).toEqual(["ask", "cut"]);
  });

  test("that is told to stop while it is on its way in is over once it is there, or has been turned away", () => {
    for (const kind of ["entering", "returning", "away"] as const) {
      for (const input of [RESUMED, FOR_NOW] as const) {
        const one = at(kind);
        one.step(STOP, 10_000_000);
        expect([kind, one.state.kind, one.wakeAtMs]).toEqual([kind, kind === "away" ? "returning" : kind, Infinity]);
        const said: readonly BotOutput[] = input === FOR_NOW ? [] : [kind === "entering" ? "logged_in" : "resumed"];
        expect([kind, input, one.step(input, 10_000_000)]).toEqual([kind, input, said]);
        expect([kind, one.state, one.wakeAtMs]).toEqual([kind, { kind: "over" }, Infinity]);
      }
    }
  });

  test("logs out, rests, and lines up again", () => {
    const one = at("playing");
    const atMs = LOG_OUT_MEAN_MS * LN2;
    expect(one.step(TICK, atMs + 1)).toEqual(["log_out"]);
    expect(one.step(FOR_NOW, atMs + 1)).toEqual([]);
    expect(one.wakeAtMs).toBeCloseTo(atMs + 1 + REST_MEAN_MS * LN2, 6);
    expect(one.step(TICK, one.wakeAtMs)).toEqual(["line_up"]);
  });

  test("waits before it logs in again when the server has ended its session", () => {
    const one = at("playing");
    one.step(FOR_NOW, 1_000);
    expect(one.state).toEqual({ kind: "resting", untilMs: 1_000 + PAUSE_MS });
  });

  test("does the same with the same seed, and on the average what was asked of it", () => {
    const lived = (seed: number): Record<string, number> => {
      const random = seededRandom(seed);
      const one = new BotPlan({ random, perSecond: 2, nowMs: 0 });
      const counts: Record<string, number> = {};
      for (let nowMs = 0; nowMs < 3_600_000; nowMs = one.wakeAtMs) {
        for (const output of one.step(TICK, nowMs)) {
          counts[output] = (counts[output] ?? 0) + 1;
          if (output === "line_up") one.step(TURN, nowMs);
          if (output === "line_up") one.step(NEW, nowMs);
          if (output === "come_back") one.step(RESUMED, nowMs);
        }
      }
      return counts;
    };
    const counts = lived(11);
    expect(lived(11)).toEqual(counts);
    expect(lived(12)).not.toEqual(counts);
    // An hour has 3600 seconds; of them it is away, or rests, for about 240.
    expect(counts["ask"]).toBeGreaterThan(6_200);
    expect(counts["ask"]).toBeLessThan(7_200);
    expect(counts["cut"]).toBeGreaterThan(35);
    expect(counts["cut"]).toBeLessThan(85);
    expect(counts["log_out"]).toBeGreaterThan(8);
    expect(counts["log_out"]).toBeLessThan(35);
    // The hour may end while it is away.
    expect([0, 1]).toContain((counts["cut"] ?? 0) - (counts["come_back"] ?? 0));
  });
});
