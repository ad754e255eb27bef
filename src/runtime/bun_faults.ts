/**
 * What nobody caught is a bug: it is logged and the process ends with code 70. Without these handlers a pending
 * top-level await would let it go on in a state that nobody thought of.
 */

import type { Log } from "#base/log.ts";

export const EXIT_BUG = 70;

/** `flushNow` writes what the log still holds, and makes it write at once from then on. */
export function endOnFaults(log: Log, flushNow: () => void): void {
  const end = (phrase: string, error: unknown): void => {
    try {
      flushNow();
      log.error(phrase, { error });
    } finally {
      process.exit(EXIT_BUG);
    }
  };
  process.on("uncaughtException", (error) => end("uncaught exception", error));
  process.on("unhandledRejection", (error) => end("unhandled rejection", error));
}
