/**
 * Logins of one player, one after the other: while one runs, the newest of the others waits and the older are replaced.
 */

interface Turn<Waiter> {
  waiting: Waiter | undefined;
}

export class LoginTurns<Waiter> {
  readonly #turns = new Map<string, Turn<Waiter>>();
  readonly #run: (player: string, waiter: Waiter) => Promise<void>;
  readonly #replaced: (waiter: Waiter) => void;
  readonly #done: (player: string) => void;

  /** `run` must not reject. */
  constructor(options: {
    readonly run: (player: string, waiter: Waiter) => Promise<void>;
    readonly replaced: (waiter: Waiter) => void;
    /** Nobody is left who wants to log in as that player. */
    readonly done: (player: string) => void;
  }) {
    this.#run = options.run;
    this.#replaced = options.replaced;
    this.#done = options.done;
  }

  has(player: string): boolean {
    return this.#turns.has(player);
  }

  enter(player: string, waiter: Waiter): void {
    const turn = this.#turns.get(player);
    if (turn === undefined) {
      void this.#runAll(player, waiter);
      return;
    }
    if (turn.waiting !== undefined) this.#replaced(turn.waiting);
    turn.waiting = waiter;
  }

  async #runAll(player: string, first: Waiter): Promise<void> {
    const turn: Turn<Waiter> = { waiting: first };
    this.#turns.set(player, turn);
    for (let waiter = turn.waiting; waiter !== undefined; waiter = turn.waiting) {
      turn.waiting = undefined;
      await this.#run(player, waiter);
    }
    this.#turns.delete(player);
    this.#done(player);
  }
}
