/**
 * Named counters of one node: what was refused, dropped or closed, and how often. Read by `describe`,
 * `health` and, later, metrics. Names are `layer.what` or `layer.what:reason`, from closed sets.
 */

const NAMES_MAX = 512;

export class Counters {
  readonly #values = new Map<string, number>();

  /** Adds `by`. Beyond NAMES_MAX names the count goes to "base.counter_overflow". */
  add(name: string, by = 1): void {
    const known = this.#values.get(name);
    if (known === undefined && this.#values.size >= NAMES_MAX) {
      this.#values.set("base.counter_overflow", (this.#values.get("base.counter_overflow") ?? 0) + by);
      return;
    }
    this.#values.set(name, (known ?? 0) + by);
  }

  get(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** All of them, by name. */
  all(): Record<string, number> {
    return Object.fromEntries([...this.#values].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}
