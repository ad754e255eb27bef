/**
 * A typed list of listeners. A listener that throws is reported to `fault` and the others still hear.
 */

export class Emitter<Event> {
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #fault: (error: unknown) => void;

  constructor(fault: (error: unknown) => void) {
    this.#fault = fault;
  }

  /** Returns what ends the subscription. */
  on(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: Event): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#fault(error);
      }
    }
  }
}
