/**
 * Retry budget: a token bucket per node, so that retries stay a fraction of the calls when much fails at once.
 * Each call adds RETRY_RATIO of a token, each retry takes one.
 */

const TOKENS_MAX = 100;
const RETRY_RATIO = 0.1;

export class RetryBudget {
  #tokens = TOKENS_MAX / 10;

  called(): void {
    this.#tokens = Math.min(TOKENS_MAX, this.#tokens + RETRY_RATIO);
  }

  /** True when a retry may be made; it is counted. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
