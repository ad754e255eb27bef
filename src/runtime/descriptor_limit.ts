/**
 * How many conns this process may have open. At the limit of file descriptors accept would spin a core, so some
 * are left for files, logs and the HTTP server.
 */

import { readFileSync } from "node:fs";

const RESERVED = 128;
const ASSUMED = 1024;
const CONNS_LEAST = 64;
const CONNS_MOST = 200_000;

/** `limits`: the text of /proc/self/limits, or undefined where there is none. */
export function connsMaxOf(limits: string | undefined): number {
  const soft = /^Max open files\s+(\S+)/m.exec(limits ?? "")?.[1];
  const open = soft === "unlimited" ? CONNS_MOST : Number(soft ?? ASSUMED);
  const known = Number.isInteger(open) ? open : ASSUMED;
  return Math.max(CONNS_LEAST, Math.min(CONNS_MOST, known - RESERVED));
}

export function connsMax(): number {
  try {
    return connsMaxOf(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return connsMaxOf(undefined);
  }
}
