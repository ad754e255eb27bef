import { describe, expect, test } from "#test";
import type { ExitStatus } from "../../src/base/processes.ts";
import type { NodeRole } from "../../src/config/types.ts";
import { restartDelay } from "../../src/supervisor/backoff.ts";
import {
  RESTART_LIMIT_MS,
  SECOND_STOP_AFTER_MS,
  STOP_LIMIT_MS,
  type SupervisorAction,
  SupervisorState,
} from "../../src/supervisor/state.ts";
import { type NodeId, nodeId } from "../../src/wire/role.ts";

const ALL: readonly NodeRole[] = [
  "cross_gateway",
  "cross_center",
  "cross_map",
  "statistic",
  "gateway",
  "user",
  "center",
  "map",
];
const id = (role: NodeRole): NodeId => nodeId(role, 1);
const code = (value: number): ExitStatus => ({ kind: "code", code: value });

function started(roles: readonly NodeRole[] = ALL, staysWithoutNodes = false): SupervisorState {
  const state = new SupervisorState(
    roles.map((role) => ({ id: id(role), role })),
    { staysWithoutNodes },
  );
  state.tick(0);
  return state;
}

/** Without the log lines: `spawn center:1`, `finished 0`. */
function brief(actions: readonly SupervisorAction[]): string[] {
  return actions.flatMap((action) => {
    if (action.kind === "log") return [];
    return [action.kind === "finished" ? `finished ${action.code}` : `${action.kind} ${action.id}`];
  });
}

function logs(actions: readonly SupervisorAction[]): string[] {
  return actions.flatMap((action) => (action.kind === "log" ? [`${action.level} ${action.phrase}`] : []));
}

describe("SupervisorState: restarts", () => {
  test("starts every node at once", () => {
    const state = new SupervisorState(
      ALL.map((role) => ({ id: id(role), role })),
      { staysWithoutNodes: false },
    );
    expect(brief(state.tick(0))).toEqual(ALL.map((role) => `spawn ${role}:1`));
    expect(state.nextWakeMs()).toBe(undefined);
  });

  test("a crash waits 250 ms, doubling to 30 s; a node that held for 30 s begins anew", () => {
    const state = started(["center"]);
    const delays: number[] = [];
    let nowMs = 0;
    for (let crash = 0; crash < 9; crash += 1) {
      nowMs += 10;
      state.exited(id("center"), { kind: "signal", signal: "SIGKILL" }, nowMs);
      const wakeMs = state.nextWakeMs() ?? 0;
      delays.push(wakeMs - nowMs);
      expect(brief(state.tick(wakeMs - 1))).toEqual([]);
      expect(brief(state.tick(wakeMs))).toEqual(["spawn center:1"]);
      nowMs = wakeMs;
    }
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    nowMs += 30_000;
    state.exited(id("center"), code(70), nowMs);
    expect((state.nextWakeMs() ?? 0) - nowMs).toBe(250);
  });

  test("code 1 waits a second, doubling to 30 s", () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 60].map((failures) => restartDelay(code(1), { ranMs: 5, failures }));
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test("code 75 starts again at once and is no failure, but two starts keep 250 ms apart", () => {
    const state = started(["center"]);
    const actions = state.exited(id("center"), code(75), 5_000);
    expect(logs(actions)).toEqual(["info node asks to be restarted"]);
    expect(state.nextWakeMs()).toBe(5_000);
    state.tick(5_000);
    state.exited(id("center"), code(75), 5_010);
    expect(state.nextWakeMs()).toBe(5_250);
    state.tick(5_250);
    state.exited(id("center"), code(70), 5_260);
    expect(state.nextWakeMs()).toBe(5_510);
  });

  test("code 2 is not restarted, and the others go on", () => {
    const state = started(["center", "map"]);
    const actions = state.exited(id("center"), code(2), 50);
    expect(logs(actions)).toEqual(["error node refused its configuration and is not restarted"]);
    expect(brief(actions)).toEqual([]);
    expect(state.nextWakeMs()).toBe(undefined);
    expect([state.stateOf(id("center")), state.stateOf(id("map"))]).toEqual(["refused", "running"]);
  });

  test("ends with code 2 when all nodes refused, unless their code may still change", () => {
    const state = started(["center", "map"]);
    state.exited(id("center"), code(2), 50);
    expect(brief(state.exited(id("map"), code(2), 60))).toEqual(["finished 2"]);
    const watching = started(["center"], true);
    expect(brief(watching.exited(id("center"), code(2), 50))).toEqual([]);
    expect(brief(watching.restart([id("center")], 100))).toEqual(["spawn center:1"]);
  });

  test("a node that stopped by itself with code 0 is started again", () => {
    const state = started(["center"]);
    state.exited(id("center"), code(0), 100);
    expect(brief(state.tick(350))).toEqual(["spawn center:1"]);
  });
});

describe("SupervisorState: restart on request", () => {
  test("asks a running node to stop and starts it as soon as it has ended, whatever its code", () => {
    const state = started(["center", "map"]);
    expect(brief(state.restart([id("center")], 100))).toEqual(["terminate center:1"]);
    expect(brief(state.restart([id("center")], 110))).toEqual([]);
    expect(brief(state.exited(id("center"), code(2), 200))).toEqual(["spawn center:1"]);
  });

  test("starts a waiting node now", () => {
    const state = started(["center"]);
    state.exited(id("center"), code(1), 10);
    expect(brief(state.restart([id("center")], 20))).toEqual(["spawn center:1"]);
    expect(brief(state.tick(5_000))).toEqual([]);
  });

  test("kills once what does not stop, and starts it then", () => {
    const state = started(["center"]);
    state.restart([id("center")], 100);
    expect(state.nextWakeMs()).toBe(100 + RESTART_LIMIT_MS);
    expect(brief(state.tick(100 + RESTART_LIMIT_MS))).toEqual(["kill center:1"]);
    expect(state.nextWakeMs()).toBe(undefined);
    expect(brief(state.tick(90_000))).toEqual([]);
    expect(brief(state.exited(id("center"), { kind: "signal", signal: "SIGKILL" }, 90_001))).toEqual([
      "spawn center:1",
    ]);
  });
});

describe("SupervisorState: stopping", () => {
  test("stops shard leaves, then gateways, then cross nodes, then cross gateways", () => {
    const state = started();
    expect(brief(state.stop(0))).toEqual(["terminate user:1", "terminate center:1", "terminate map:1"]);
    expect(brief(state.exited(id("user"), code(0), 10))).toEqual([]);
    expect(brief(state.exited(id("map"), code(0), 20))).toEqual([]);
    expect(brief(state.exited(id("center"), code(0), 30))).toEqual(["terminate gateway:1"]);
    expect(brief(state.exited(id("gateway"), code(0), 40))).toEqual([
      "terminate cross_center:1",
      "terminate cross_map:1",
      "terminate statistic:1",
    ]);
    state.exited(id("cross_map"), code(0), 50);
    state.exited(id("statistic"), code(0), 50);
    expect(brief(state.exited(id("cross_center"), code(0), 60))).toEqual(["terminate cross_gateway:1"]);
    expect(brief(state.exited(id("cross_gateway"), code(0), 70))).toEqual(["finished 0"]);
    expect(state.nextWakeMs()).toBe(undefined);
  });

  test("skips groups that are empty, waiting or refused, and starts nothing any more", () => {
    const state = started(["cross_gateway", "gateway", "center"]);
    state.exited(id("center"), code(1), 10);
    state.exited(id("gateway"), code(2), 10);
    expect(brief(state.stop(20))).toEqual(["terminate cross_gateway:1"]);
    expect(brief(state.tick(5_000))).toEqual([]);
    expect(brief(state.restart([id("center")], 5_000))).toEqual([]);
    expect(brief(state.exited(id("cross_gateway"), code(75), 5_001))).toEqual(["finished 0"]);
  });

  test("ends at once when nothing runs", () => {
    const state = started(["center"]);
    state.exited(id("center"), code(1), 10);
    expect(brief(state.stop(20))).toEqual(["finished 0"]);
    expect(brief(state.stop(5_000))).toEqual([]);
  });

  test("goes on when a group takes too long, kills all before 25 s, and ends with code 1", () => {
    const state = started(["center", "gateway", "cross_map", "cross_gateway"]);
    state.stop(0);
    const seen: string[] = [];
    for (let step = 0; step < 20; step += 1) {
      const wakeMs = state.nextWakeMs();
      if (wakeMs === undefined) break;
      for (const action of brief(state.tick(wakeMs))) seen.push(`${wakeMs} ${action}`);
    }
    expect(seen).toEqual([
      "11000 terminate gateway:1",
      "15000 terminate cross_map:1",
      "19000 terminate cross_gateway:1",
      `${STOP_LIMIT_MS} kill center:1`,
      `${STOP_LIMIT_MS} kill gateway:1`,
      `${STOP_LIMIT_MS} kill cross_map:1`,
      `${STOP_LIMIT_MS} kill cross_gateway:1`,
    ]);
    expect(STOP_LIMIT_MS).toBeLessThan(25_000);
    const killed: ExitStatus = { kind: "signal", signal: "SIGKILL" };
    for (const role of ["center", "gateway", "cross_map"] as const) state.exited(id(role), killed, STOP_LIMIT_MS + 5);
    expect(brief(state.exited(id("cross_gateway"), killed, STOP_LIMIT_MS + 5))).toEqual(["finished 1"]);
  });

  test("a second request within a second is the same Ctrl-C; later it kills, once", () => {
    const state = started(["center", "gateway"]);
    state.stop(0);
    expect(brief(state.stop(SECOND_STOP_AFTER_MS - 1))).toEqual([]);
    expect(brief(state.stop(SECOND_STOP_AFTER_MS))).toEqual(["kill center:1", "kill gateway:1"]);
    expect(brief(state.stop(SECOND_STOP_AFTER_MS + 10))).toEqual([]);
  });

  test("a node that was being restarted stops like the others", () => {
    const state = started(["center", "gateway"]);
    state.restart([id("center"), id("gateway")], 0);
    expect(brief(state.stop(10))).toEqual([]);
    expect(brief(state.exited(id("center"), code(0), 20))).toEqual([]);
    expect(brief(state.exited(id("gateway"), code(0), 30))).toEqual(["finished 0"]);
  });
});

describe("SupervisorState: held nodes", () => {
  test("are stopped and stay so until they are released", () => {
    const state = started(["center", "gateway"]);
    expect(brief(state.hold([id("center")], 0))).toEqual(["terminate center:1"]);
    expect(brief(state.exited(id("center"), code(75), 10))).toEqual([]);
    expect([state.stateOf(id("center")), state.stateOf(id("gateway"))]).toEqual(["held", "running"]);
    expect(brief(state.tick(100_000))).toEqual([]);
    expect(brief(state.release([id("center"), id("gateway")], 100_000))).toEqual(["spawn center:1"]);
  });

  test("are killed when they do not stop, once", () => {
    const state = started(["center"]);
    state.hold([id("center")], 0);
    expect(state.nextWakeMs()).toBe(RESTART_LIMIT_MS);
    expect(brief(state.tick(RESTART_LIMIT_MS))).toEqual(["kill center:1"]);
    expect(brief(state.tick(RESTART_LIMIT_MS + 1))).toEqual([]);
    state.exited(id("center"), { kind: "signal", signal: "SIGKILL" }, RESTART_LIMIT_MS + 2);
    expect(state.stateOf(id("center"))).toBe("held");
  });

  test("that have not ended yet when they are released are started when they have", () => {
    const state = started(["center"]);
    state.hold([id("center")], 0);
    expect(brief(state.release([id("center")], 1))).toEqual([]);
    expect(brief(state.exited(id("center"), code(0), 2))).toEqual(["spawn center:1"]);
  });

  test("a node that waits to be started again is not, and when all stop they are stopped", () => {
    const state = started(["center", "gateway"]);
    state.exited(id("center"), code(1), 0);
    expect(brief(state.hold([id("center")], 1))).toEqual([]);
    expect(brief(state.tick(60_000))).toEqual([]);
    expect(brief(state.stop(60_000))).toEqual(["terminate gateway:1"]);
    expect(brief(state.exited(id("gateway"), code(0), 60_010))).toEqual(["finished 0"]);
  });
});
