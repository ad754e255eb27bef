/**
 * Connections that are cut at once, until their players are back with their sessions: as clients come back by themselves,
 * and what the gateway could do if neither they nor the door held anything back; beside new sockets of a bare server.
 */

import { join } from "node:path";
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS } from "#client/reconnect.ts";
import { connsMax } from "#runtime/descriptor_limit.ts";
import { DOOR_LIMITS, RETRY_MS } from "#session/door_limits.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, table } from "../table.ts";
import { cpuMs } from "../worker.ts";
import type { Cut, CutQuestion } from "./cut.ts";
import type { PlayersSystem } from "./players_system.ts";
import { startBarePlayers, startKuafuPlayers } from "./players_system.ts";

const CLIENTS = join(import.meta.dir, "resumes_process.ts");
const SESSIONS = 5_000;
const ROUNDS = 3;
const { perSecond, burst } = DOOR_LIMITS.newConns;
const text = (count: number): string => count.toLocaleString("en-US");

interface Case {
  readonly name: string;
  readonly door: PlayersSystem["door"];
  readonly count: number;
  readonly hasBackoff: boolean;
}

interface Measured extends Cut {
  /** Processor time from the cut until the last was back. */
  readonly doorMs: number;
  readonly clientsMs: number;
}

const CASES: readonly Case[] = [
  { name: `${text(SESSIONS)}, as they come back`, door: "kuafu", count: SESSIONS, hasBackoff: true },
  { name: `${text(SESSIONS)}, without backoff`, door: "kuafu", count: SESSIONS, hasBackoff: false },
  { name: `bare WebSocket, ${text(SESSIONS)}, at once`, door: "bare", count: SESSIONS, hasBackoff: false },
];

const MEANING = `${text(SESSIONS)} players of one gateway, each the players' client, all in one process, lose their connections at once, without a
goodbye; from the cut on until the last of them is online again with its session; medians of ${ROUNDS} rounds. What holds them back
on purpose: the client waits a random time of up to BACKOFF_MIN_MS (${BACKOFF_MIN_MS} ms), twice as much with each failure up to
BACKOFF_MAX_MS (${text(BACKOFF_MAX_MS)} ms), before it dials; the door's \`newConns\` takes ${text(burst)} connections at once and ${perSecond} more each second, and tells
those it turns away to wait RETRY_MS.tooMany (${text(RETRY_MS.tooMany)} ms) beside that. Without backoff the clients dial as soon as their one
process comes to it. The bare server's sockets are dialled again at once: no token, no session, no limit.`;

export async function benchResumes(setting: Setting): Promise<string> {
  if (connsMax() < SESSIONS * 2) return "Skipped: the limit of open files leaves no room for the sessions.";
  const systems = [
    await startKuafuPlayers(setting, { name: "resumes", sessionsMax: SESSIONS, clients: CLIENTS }),
    await startBarePlayers(CLIENTS),
  ];
  for (const { clients } of systems) await clients.ask({ what: "enter", count: SESSIONS });
  const cuts = CASES.map((): Measured[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, { door, count, hasBackoff }] of CASES.entries()) {
      const system = systems.find((each) => each.door === door);
      if (system !== undefined) cuts[index]?.push(await measure(system, { what: "cut", count, hasBackoff }));
    }
  }
  for (const system of systems) await system.stop();
  const rows = CASES.map(({ name, door, count }, index) => {
    const own = cuts[index] ?? [];
    const of = (how: (cut: Measured) => number): number => median(own.map(how));
    return [
      name,
      number(of(({ lastMs }) => (count / lastMs) * 1_000)),
      number(of(({ halfMs }) => halfMs)),
      `${number(of(({ lastMs }) => lastMs))} (${own.map(({ lastMs }) => number(lastMs)).join(", ")})`,
      number(of(({ lastWaitedMs }) => lastWaitedMs)),
      number(of(({ doorMs }) => (doorMs / count) * 1_000)),
      number(of(({ clientsMs }) => (clientsMs / count) * 1_000)),
      door === "bare" ? "" : text(of(({ refused }) => refused)),
      door === "bare" ? "" : text(own.reduce((sum, { anew }) => sum + anew, 0)),
    ];
  });
  const head = [
    "cut at once",
    "resumes/s",
    "ms until half are back",
    "until the last is (rounds)",
    "of that it waited before its dials",
    "CPU µs/resume: gateway or server",
    "clients",
    "turned away by `newConns`",
    "new logins in all rounds",
  ];
  const shown = table(head, rows);
  setting.say(shown);
  return `${MEANING}\n\n${shown}`;
}

async function measure(system: PlayersSystem, question: CutQuestion): Promise<Measured> {
  const { clients, doorPid } = system;
  await clients.ask({ what: "rest" });
  const cpu = (): readonly [number, number] => [cpuMs(doorPid) ?? Number.NaN, cpuMs(clients.pid) ?? Number.NaN];
  const [doorBefore, clientsBefore] = cpu();
  const cut = await clients.ask<Cut>(question);
  const [doorAfter, clientsAfter] = cpu();
  return { ...cut, doorMs: doorAfter - doorBefore, clientsMs: clientsAfter - clientsBefore };
}
