/**
 * The load of one cell: so many calls in flight for so long, each begun when another has ended. What it costs is
 * the same for every system that is measured.
 */

import { Histogram } from "../stats.ts";

export interface Cell {
  readonly size: number;
  readonly inFlight: number;
  readonly durationMs: number;
}

export interface CellResult {
  readonly calls: number;
  readonly elapsedMs: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** For systems whose call is a promise. */
export async function runLoad(call: () => Promise<unknown>, cell: Cell): Promise<CellResult> {
  const histogram = new Histogram();
  const startMs = performance.now();
  const untilMs = startMs + cell.durationMs;
  const worker = async (): Promise<void> => {
    for (let nowMs = performance.now(); nowMs < untilMs;) {
      await call();
      const endMs = performance.now();
      histogram.add((endMs - nowMs) * 1000);
      nowMs = endMs;
    }
  };
  await Promise.all(Array.from({ length: cell.inFlight }, worker));
  return resultOf(histogram, performance.now() - startMs);
}

export function resultOf(histogram: Histogram, elapsedMs: number): CellResult {
  return {
    calls: histogram.count,
    elapsedMs,
    p50Us: histogram.percentile(50),
    p99Us: histogram.percentile(99),
  };
}
