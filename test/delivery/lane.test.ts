import { describe, expect, test } from "#test";
import type { Lane, LaneEvent } from "#delivery/lane.ts";
import {
  dueAtMs,
  LANE_NEW,
  LANE_RETRY_MAX_MS,
  LANE_RETRY_MIN_MS,
  laneAfter,
  NO_WORK,
  retryMs,
} from "#delivery/lane.ts";

const BOOT = "aa";

function after(...events: readonly LaneEvent[]): Lane {
  return events.reduce(laneAfter, LANE_NEW);
}

const found: LaneEvent = { kind: "found", nowMs: 1 };
const here: LaneEvent = { kind: "reachable", boot: BOOT, nowMs: 2 };
const gone: LaneEvent = { kind: "unreachable", nowMs: 3 };
const taken: LaneEvent = { kind: "taken", nowMs: 4 };
const failed: LaneEvent = { kind: "failed", error: "DEADLINE", unit: 0.5, nowMs: 10 };

function went(pending: boolean, comparing: "no" | "first" | "last" = "no"): LaneEvent {
  return { kind: "went", left: { pending, comparing }, nowMs: 5 };
}

describe("Lane", () => {
  test("waits without an attempt while its center is not there, and counts the looks", () => {
    expect(after(found, { kind: "looked" }, { kind: "looked" }).state).toEqual({
      kind: "unreachable",
      sinceMs: 1,
      looks: 2,
    });
    expect(dueAtMs(after(found))).toBe(undefined);
    expect(after({ kind: "looked" })).toEqual(LANE_NEW);
  });

  test("is due at once when its center comes, and first compares", () => {
    const lane = after(found, here);
    expect([lane.state, lane.work]).toEqual([
      { kind: "due", sinceMs: 2 },
      { pending: true, comparing: "first" },
    ]);
    const sending = laneAfter(lane, taken);
    expect([sending.state, sending.work]).toEqual([
      { kind: "sending", sinceMs: 4, taken: { pending: true, comparing: "first" } },
      NO_WORK,
    ]);
  });

  test("is idle when nothing is left, and compares the same process no second time", () => {
    const done = after(found, here, taken, went(true), taken, went(false));
    expect(done).toEqual({
      state: { kind: "idle" },
      work: NO_WORK,
      boot: BOOT,
      comparedBoot: BOOT,
      attempt: 0,
      lastError: undefined,
    });
    const again = [gone, here].reduce(laneAfter, done);
    expect(again.state).toEqual({ kind: "idle" });
    const other = [gone, { ...here, boot: "bb" }].reduce(laneAfter, done);
    expect([other.state.kind, other.work]).toEqual(["due", { pending: false, comparing: "first" }]);
  });

  test("a comparison that could not judge all is made again when nothing is pending, and until then is not done", () => {
    const later = after(found, here, taken, went(true, "last"));
    expect([later.work, later.comparedBoot]).toEqual([{ pending: true, comparing: "last" }, undefined]);
    const sent = [taken, went(false, "last")].reduce(laneAfter, later);
    expect([sent.state.kind, sent.work]).toEqual(["due", { pending: false, comparing: "last" }]);
    expect([taken, went(false)].reduce(laneAfter, sent).comparedBoot).toBe(BOOT);
  });

  test("backs off after a failure with what it had taken, and is reset by a success", () => {
    const lane = after(found, here, taken, failed);
    expect([lane.state, lane.attempt, lane.lastError, lane.work]).toEqual([
      { kind: "backing_off", untilMs: 10 + LANE_RETRY_MIN_MS / 2 },
      1,
      "DEADLINE",
      { pending: true, comparing: "first" },
    ]);
    const twice = [taken, failed].reduce(laneAfter, lane);
    expect([twice.attempt, dueAtMs(twice)]).toEqual([2, 10 + LANE_RETRY_MIN_MS]);
    const well = [taken, went(false)].reduce(laneAfter, twice);
    expect([well.attempt, well.lastError]).toEqual([0, undefined]);
  });

  test("what is found, comes or goes while it is sending counts when that has ended", () => {
    const work = after(found, here, taken, found, went(false));
    expect([work.state.kind, work.work.pending]).toEqual(["due", true]);
    const left = after(found, here, taken, gone, failed);
    expect([left.state, left.work, left.boot]).toEqual([
      { kind: "unreachable", sinceMs: 10, looks: 0 },
      { pending: true, comparing: "no" },
      undefined,
    ]);
    const another = after(found, here, taken, gone, { ...here, boot: "bb", nowMs: 6 }, failed);
    expect([another.attempt, another.boot, another.work.comparing]).toEqual([1, "bb", "first"]);
    const compared = after(found, here, taken, gone, { ...here, boot: "bb", nowMs: 6 }, went(false));
    expect([compared.comparedBoot, compared.work.comparing]).toEqual([undefined, "first"]);
  });

  test("a shard that moved here is compared, where there is a center", () => {
    const moved: LaneEvent = { kind: "moved", nowMs: 7 };
    expect(after(found, moved).work.comparing).toBe("no");
    const lane = after(found, here, taken, went(false), moved);
    expect([lane.state, lane.work]).toEqual([
      { kind: "due", sinceMs: 7 },
      { pending: false, comparing: "first" },
    ]);
  });

  test("its center's coming ends a pause", () => {
    const lane = after(found, here, taken, failed, gone);
    expect(lane.state).toEqual({ kind: "unreachable", sinceMs: 3, looks: 0 });
    expect(laneAfter(lane, here).state).toEqual({ kind: "due", sinceMs: 2 });
  });

  test("the pause has full jitter below a bound that doubles up to its limit", () => {
    expect([retryMs(1, 0), retryMs(1, 0.99), retryMs(4, 1)]).toEqual([
      0,
      LANE_RETRY_MIN_MS * 0.99,
      LANE_RETRY_MIN_MS * 8,
    ]);
    expect([retryMs(9, 1), retryMs(100_000, 1)]).toEqual([LANE_RETRY_MAX_MS, LANE_RETRY_MAX_MS]);
  });
});
