/**
 * What runs in a folder, asked of the system: also processes that the test did not start itself.
 */

import { readFileSync, readdirSync, readlinkSync } from "node:fs";

export interface RunningProcess {
  readonly pid: number;
  /** "center:1"; the supervisor is "all". */
  readonly name: string;
}

export function processesIn(folder: string): RunningProcess[] {
  return readdirSync("/proc").flatMap((entry): RunningProcess[] => {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) return [];
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== folder) return [];
      const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const role = args[args.indexOf("--role") + 1] ?? "";
      const number = args.includes("--id") ? args[args.indexOf("--id") + 1] : undefined;
      return [{ pid, name: number === undefined ? role : `${role}:${number}` }];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}
