/**
 * What nobody caught is a bug: it is logged and the process ends with code 70, as on Bun.
 */

import type { Log } from "#base/log.ts";

const EXIT_BUG = 70;

/** `flushNow` writes what the log still holds, and makes it write at once from then on. */
export function endOnDenoFaults(log: Log, flushNow: () => void): void {
  const end = (phrase: string, error: unknown): void => {
    try {
      flushNow();
      log.error(phrase, { error });
    } finally {
      Deno.exit(EXIT_BUG);
    }
  };
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    end("uncaught exception", "error" in event ? event.error : event);
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    end("unhandled rejection", "reason" in event ? event.reason : event);
  });
}
