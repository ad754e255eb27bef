/**
 * The figures that the benchmarks print: medians, percentiles, and a histogram that takes a sample for a few
 * nanoseconds, so that measuring costs what is measured as little as it can.
 */

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Linear between the two nearest ranks. `percent` is 0 to 100; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

const BINS = 1 << 18;

/** Times in whole microseconds; those beyond the last bin count as the last one. */
export class Histogram {
  readonly #bins = new Uint32Array(BINS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(microseconds: number): void {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(microseconds)));
    this.#bins[bin] = (this.#bins[bin] as number) + 1;
    this.#count += 1;
  }

  /** The smallest time that at least `percent` of the samples do not exceed; NaN of nothing. */
  percentile(percent: number): number {
    if (this.#count === 0) return Number.NaN;
    const wanted = Math.max(1, Math.ceil((this.#count * percent) / 100));
    let seen = 0;
    for (let bin = 0; bin < BINS; bin += 1) {
      seen += this.#bins[bin] as number;
      if (seen >= wanted) return bin;
    }
    return BINS - 1;
  }
}

/** The largest bin over the mean of all of them; NaN of nothing. */
export function peakOverMean(bins: readonly number[]): number {
  const sum = bins.reduce((total, bin) => total + bin, 0);
  return bins.length === 0 ? Number.NaN : Math.max(...bins) / (sum / bins.length);
}

/** How many of the times fall into each interval of `binMs` from `fromMs` to the one that holds `toMs`. */
export function binned(
  timesMs: readonly number[],
  span: { readonly fromMs: number; readonly toMs: number; readonly binMs: number },
): number[] {
  const bins = Array.from({ length: Math.floor((span.toMs - span.fromMs) / span.binMs) + 1 }, () => 0);
  for (const timeMs of timesMs) {
    const bin = Math.floor((timeMs - span.fromMs) / span.binMs);
    if (bin >= 0 && bin < bins.length) bins[bin] = (bins[bin] as number) + 1;
  }
  return bins;
}
