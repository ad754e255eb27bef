/**
 * All rankings of one term of an activity, as they are committed. Made empty; whoever reads the store fills it.
 */

import type { RankEntry, RankOrder } from "./rank_order.ts";
import { Ranking } from "./ranking.ts";

export class TermBoard {
  readonly term: string;
  readonly names: readonly string[];
  /** The store has the note that this term has data. */
  isNoted = false;
  readonly #orders: ReadonlyMap<string, RankOrder>;
  readonly #rankings = new Map<string, Ranking>();

  constructor(term: string, orders: ReadonlyMap<string, RankOrder>) {
    this.term = term;
    this.#orders = orders;
    this.names = [...orders.keys()];
  }

  /** Throws TypeError for one that the kind does not have. */
  ranking(group: string, name: string): Ranking {
    const key = `${group}/${name}`;
    const known = this.#rankings.get(key);
    if (known !== undefined) return known;
    const ranking = new Ranking(this.#order(name));
    this.#rankings.set(key, ranking);
    return ranking;
  }

  restore(group: string, name: string, entries: readonly RankEntry[]): void {
    this.#rankings.set(`${group}/${name}`, new Ranking(this.#order(name), entries));
  }

  #order(name: string): RankOrder {
    const order = this.#orders.get(name);
    if (order !== undefined) return order;
    const allowed = this.names.length === 0 ? "none, the kind has no rank" : this.names.join(", ");
    throw new TypeError(`Cannot find ranking ${JSON.stringify(name).slice(0, 80)}: allowed is ${allowed}`);
  }
}
