/**
 * Signals that ask a process to stop: SIGINT and SIGTERM, and SIGHUP, which a closed terminal sends.
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
