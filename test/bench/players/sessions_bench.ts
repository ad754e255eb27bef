/**
 * Logins, a push to everybody, and what an idle session costs its gateway: new processes in each run, beside the bare
 * WebSocket server.
 */

import { connsMax } from "#runtime/descriptor_limit.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, ratio, table } from "../table.ts";
import { cpuMs, residentSize } from "../worker.ts";
import type { Pushed, Times } from "./load.ts";
import { AT_ONCE, PUSHED_TEXT } from "./load.ts";
import type { PlayersSystem } from "./players_system.ts";
import { startBarePlayers, startKuafuPlayers } from "./players_system.ts";

/** As many as the door lets in at once; the others come as fast as it lets them. */
const FIRST = 1_000;
const SESSIONS = 5_000;
const FIRST_TEXT = FIRST.toLocaleString("en-US");
const SESSIONS_TEXT = SESSIONS.toLocaleString("en-US");
const RUNS = 3;
const PUSHES = 7;
const SAMPLES = 25;
const SAMPLE_MS = 200;

interface Run {
  readonly loginsPerSecond: number;
  readonly loginP50Ms: number;
  readonly loginP99Ms: number;
  readonly loginCpuUs: number;
  readonly pushMs: number;
  /** Processor time of one push to all. */
  readonly pushDoorMs: number;
  readonly pushClientsMs: number;
  /** From none to all of them, and from the first ones to all. */
  readonly kib: number;
  readonly laterKib: number;
}

const ROWS: readonly (readonly [string, keyof Run])[] = [
  ["logins/s", "loginsPerSecond"],
  ["login p50 ms", "loginP50Ms"],
  ["login p99 ms", "loginP99Ms"],
  ["CPU µs/login of the gateway or server", "loginCpuUs"],
  [`push to ${SESSIONS_TEXT} until the last has it, ms`, "pushMs"],
  ["CPU ms of that: gateway or server", "pushDoorMs"],
  ["CPU ms of that: clients", "pushClientsMs"],
  [`KiB per idle session, from none to ${SESSIONS_TEXT}`, "kib"],
  [`KiB per idle session, from ${FIRST_TEXT} to ${SESSIONS_TEXT}`, "laterKib"],
];

export async function benchSessions(setting: Setting): Promise<string> {
  if (connsMax() < SESSIONS * 2) return "Skipped: the limit of open files leaves no room for the sessions.";
  const own: Run[] = [];
  const bare: Run[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    own.push(await oneRun(await startKuafuPlayers(setting, { name: `sessions_${run}`, sessionsMax: SESSIONS })));
    bare.push(await oneRun(await startBarePlayers()));
  }
  const inTurns = (how: (run: Run, bareRun: Run) => number): number[] =>
    own.flatMap((run, index) => {
      const other = bare[index];
      return other === undefined ? [] : [how(run, other)];
    });
  const withRuns = (values: readonly number[]): string =>
    `${number(median(values))} (${values.map(number).join(", ")})`;
  const rows = ROWS.map(([name, field]) => [
    name,
    withRuns(own.map((run) => run[field])),
    withRuns(bare.map((run) => run[field])),
    ratio(median(inTurns((run, other) => run[field] / other[field]))),
  ]);
  const beyond = inTurns((run, other) => run.kib - other.kib);
  rows.push([`KiB beyond the bare one, from none to ${SESSIONS_TEXT}`, withRuns(beyond), "", ""]);
  const text = table(["medians (runs)", "Kuafu", "bare WebSocket", "Kuafu / bare"], rows);
  setting.say(text);
  return `${RUNS} runs in turns, each with new processes. Logins: the first ${FIRST_TEXT} players of a gateway that has just started, ${AT_ONCE} at a
time, from the dial to the welcome, with signed tokens (of the bare server: to the open socket). Push: a player has the \`center\` tell
everybody ${PUSHED_TEXT.length} bytes of text, ${PUSHES} times, from its request to the last of ${SESSIONS_TEXT} clients; the bare server sends the same bytes to
each of its sockets; all clients are one process, which takes its part of either time. Memory: what resident memory has grown by when ${SESSIONS_TEXT} players idle and ping every 10 s, nothing was
pushed yet, each the least of ${(SAMPLES * SAMPLE_MS) / 1000} s. The executable is asked for no collection: from none on, garbage of the logins and compiled code
are counted too; from the first ${FIRST_TEXT} on, sessions may have filled room that was there. The first is rather too much, the
second rather too little. The wish: at most 12 KiB per idle session beyond the bare one.

${text}`;
}

async function oneRun(system: PlayersSystem): Promise<Run> {
  const { clients, doorPid } = system;
  const none = await settledSize(doorPid);
  const cpuBefore = cpuMs(doorPid) ?? Number.NaN;
  const entered = await clients.ask<Times>({ what: "enter", count: FIRST });
  const loginCpuUs = (((cpuMs(doorPid) ?? Number.NaN) - cpuBefore) / FIRST) * 1000;
  const first = await settledSize(doorPid);
  await clients.ask({ what: "enter", count: SESSIONS });
  const after = await settledSize(doorPid);
  const pushes: number[] = [];
  const cpu = (pid: number): number => cpuMs(pid) ?? Number.NaN;
  const pushBefore = [cpu(doorPid), cpu(clients.pid)] as const;
  for (let turn = 0; turn < PUSHES; turn += 1) {
    const { lastMs } = await clients.ask<Pushed>({ what: "push" });
    pushes.push(lastMs);
  }
  const pushDoorMs = (cpu(doorPid) - pushBefore[0]) / PUSHES;
  const pushClientsMs = (cpu(clients.pid) - pushBefore[1]) / PUSHES;
  await system.stop();
  return {
    loginsPerSecond: (FIRST / entered.elapsedMs) * 1000,
    loginP50Ms: entered.p50Ms,
    loginP99Ms: entered.p99Ms,
    loginCpuUs,
    pushMs: median(pushes),
    pushDoorMs,
    pushClientsMs,
    kib: (after - none) / SESSIONS / 1024,
    laterKib: (after - first) / (SESSIONS - FIRST) / 1024,
  };
}

async function settledSize(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await Bun.sleep(SAMPLE_MS);
    least = Math.min(least, residentSize(pid) ?? Number.NaN);
  }
  return least;
}
