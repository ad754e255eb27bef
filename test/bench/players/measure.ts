/**
 * One cell of a load: how fast it was answered, and what that cost each process.
 */

import { cpuMs } from "../worker.ts";
import type { Load, Times } from "./load.ts";
import type { PlayersSystem } from "./players_system.ts";

export interface Measured extends Times {
  readonly perSecond: number;
  /** Processor time of each process for one request; NaN where there is none. */
  readonly doorUs: number;
  readonly userUs: number;
  readonly clientsUs: number;
}

export async function measure(system: PlayersSystem, load: Load): Promise<Measured> {
  const pids = [system.doorPid, system.userPid, system.clients.pid];
  const cpu = (): number[] => pids.map((pid) => (pid === undefined ? Number.NaN : (cpuMs(pid) ?? Number.NaN)));
  const before = cpu();
  const times = await system.clients.ask<Times>({ what: "load", ...load });
  const [doorUs = Number.NaN, userUs = Number.NaN, clientsUs = Number.NaN] = cpu().map(
    (after, index) => ((after - (before[index] ?? Number.NaN)) / times.count) * 1000,
  );
  return { ...times, perSecond: (times.count / times.elapsedMs) * 1000, doorUs, userUs, clientsUs };
}
