/**
 * Logging as an argument: a fixed lower-case phrase and data. Values named like secrets are never passed.
 * runtime/ writes JSON lines or, for people at a terminal, consola's text.
 */

export type LogData = Readonly<Record<string, unknown>>;
export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Log {
  debug(phrase: string, data?: LogData): void;
  info(phrase: string, data?: LogData): void;
  warn(phrase: string, data?: LogData): void;
  error(phrase: string, data?: LogData): void;
}

/** A log that adds `fixed` to the data of every line. */
export function withData(log: Log, fixed: LogData): Log {
  return {
    debug: (phrase, data) => log.debug(phrase, { ...fixed, ...data }),
    info: (phrase, data) => log.info(phrase, { ...fixed, ...data }),
    warn: (phrase, data) => log.warn(phrase, { ...fixed, ...data }),
    error: (phrase, data) => log.error(phrase, { ...fixed, ...data }),
  };
}

/** True at 1, 2, 4, 8 …: for a thing that repeats, so that a log says it often at first and rarely later. */
export function isLoggedAttempt(attempt: number): boolean {
  return attempt > 0 && (attempt & (attempt - 1)) === 0;
}

/** What may be said about a thrown value. Never throws, whatever a team's code has thrown. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "a value that has no text";
  }
}
