/**
 * Runs asynchronous work one at a time, in the order in which it was asked for. Bound: `waitingMax`; more is refused.
 */

export class SerialQueue {
  readonly #waitingMax: number;
  /** Settles when the last work has ended; never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** Undefined when too many wait; else settles as the work does. */
  add<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= this.#waitingMax) return undefined;
    this.#waiting += 1;
    const turn = this.#tail.then(() => {
      this.#waiting -= 1;
      return work();
    });
    this.#tail = turn.then(ignore, ignore);
    return turn;
  }

  /** Resolves when all that was added before has ended. */
  async drained(): Promise<void> {
    await this.#tail;
  }
}

function ignore(): void {
  // Who has added the work hears of its failure; the queue waits for its end only.
}
