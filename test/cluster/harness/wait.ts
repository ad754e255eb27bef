/**
 * Waiting with a deadline: looks again whenever something happened, and every so often for what nobody announces.
 * Never sleeps for a result.
 */

/** How often what is asked over HTTP is asked again. */
const POLL_MS = 40;

/** Told by whoever notices that something happened: a line, an exit. */
export class Notices {
  #next = Promise.withResolvers<void>();

  tell(): void {
    const told = this.#next;
    this.#next = Promise.withResolvers<void>();
    told.resolve();
  }

  next(): Promise<void> {
    return this.#next.promise;
  }
}

export class WaitError extends Error {
  override readonly name = "WaitError";
}

export interface Wait {
  /** Completes "waited N ms for ...". */
  readonly what: string;
  readonly withinMs: number;
  readonly notices?: Notices;
  /** What was seen last, for the message. */
  readonly seen?: () => unknown;
}

/** Resolves with the first answer that is not undefined; throws WaitError after `withinMs`. */
export async function waitFor<T>(look: () => T | undefined | Promise<T | undefined>, wait: Wait): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    const happened = wait.notices?.next() ?? new Promise<void>(() => {});
    const found = await look();
    if (found !== undefined) return found;
    const leftMs = wait.withinMs - (performance.now() - startedMs);
    if (leftMs <= 0) {
      const seen = wait.seen === undefined ? "" : `, last seen: ${JSON.stringify(wait.seen())}`;
      throw new WaitError(`waited ${wait.withinMs} ms for ${wait.what}${seen}`);
    }
    await Promise.race([happened, pause(Math.min(POLL_MS, leftMs))]);
  }
}

/** For a span during which something must not happen; what is waited for has `waitFor`. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
