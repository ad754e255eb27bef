/**
 * Signals that ask a process to stop: SIGINT and SIGTERM, and SIGHUP, which a closed terminal sends; and the one that
 * asks a supervisor for a rolling restart: SIGUSR2.
 */

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

const STOP_SIGNALS: readonly StopSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Calls `handler` for each; returns what ends that. */
export function onStopSignals(handler: (signal: StopSignal) => void): () => void {
  const removals = STOP_SIGNALS.map((signal) => {
    const listener = (): void => handler(signal);
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => {
    for (const remove of removals) remove();
  };
}

/** Calls `handler` for each. */
export function onRollingSignal(handler: () => void): void {
  process.on("SIGUSR2", handler);
}
