/**
 * How long things took, in a table of fixed size however many there are: microseconds in buckets that grow with the value
 * (as HdrHistogram has them). Pure. What a percentile says is at most 1 part in 128 above a value that was recorded, and
 * never below it; the greatest is exact.
 */

/** Each power of two is cut into so many buckets. */
const PARTS_BITS = 7;
const PARTS = 1 << PARTS_BITS;
/** Up to here every microsecond has a bucket of its own. */
const EXACT = 2 * PARTS;
/** About 71 minutes; what takes longer counts as that. */
const MICROSECONDS_MAX = 2 ** 32 - 1;
const BUCKETS = EXACT + (32 - PARTS_BITS - 1) * PARTS;

export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** 0 when nothing was recorded. */
  get maxMs(): number {
    return this.#max / 1000;
  }

  record(durationMs: number): void {
    const value = Math.min(MICROSECONDS_MAX, Math.max(0, Math.round(durationMs * 1000)));
    const index = bucketOf(value);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    this.#max = Math.max(this.#max, value);
  }

  /** The least value, in milliseconds, that `percent` of a hundred do not exceed. 0 when nothing was recorded. */
  percentileMs(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#count));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index += 1) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return Math.min(this.#max, greatestOf(index)) / 1000;
    }
    return 0;
  }

  clear(): void {
    if (this.#count === 0) return;
    this.#counts.fill(0);
    this.#count = 0;
    this.#max = 0;
  }
}

function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const shift = 31 - Math.clz32(value) - PARTS_BITS;
  return EXACT + (shift - 1) * PARTS + ((value >>> shift) - PARTS);
}

/** The greatest value of a bucket. */
function greatestOf(index: number): number {
  if (index < EXACT) return index;
  const shift = Math.floor((index - EXACT) / PARTS) + 1;
  const part = PARTS + ((index - EXACT) % PARTS);
  return (part + 1) * 2 ** shift - 1;
}
