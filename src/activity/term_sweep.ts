/**
 * Drops the reports, joins, rankings and settlements of terms that are over: those of an activity that is gone, and of
 * all terms but the current one and the one before. Some rows in each turn of the owner's queue, so that millions of
 * them keep nobody waiting.
 */

import type { Clock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import { Slices } from "#base/slices.ts";
import type { NodeId } from "#wire/role.ts";
import type { OwnedTopics } from "./owned_topics.ts";
import { dropTerm } from "./ranks/rank_table.ts";
import type { TermRanks } from "./ranks/term_ranks.ts";

export interface TermSweepOptions {
  readonly owner: NodeId;
  readonly topics: OwnedTopics;
  readonly ranks: TermRanks;
  readonly clock: Clock;
  readonly log: Log;
  /** One turn of the owner's queue. */
  readonly change: <T>(work: () => Promise<T>) => Promise<T>;
}

export class TermSweep {
  readonly #options: TermSweepOptions;
  #isBusy = false;

  constructor(options: TermSweepOptions) {
    this.#options = options;
  }

  /** What is not dropped now, since the store fails or too much waits, is dropped the next time. */
  wake(): void {
    if (this.#isBusy || this.#over() === undefined) return;
    this.#isBusy = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { change, clock, log } = this.#options;
    const slices = new Slices(clock);
    try {
      while (this.#over() !== undefined) {
        await change(() => this.#turn());
        await slices.pause();
      }
    } catch (error) {
      log.debug("data of ended terms not dropped", { error: messageOf(error) });
    } finally {
      this.#isBusy = false;
    }
  }

  async #turn(): Promise<void> {
    const { owner, topics, ranks } = this.#options;
    const term = this.#over();
    if (term === undefined) return;
    const isGone = await topics.transaction((tx) => dropTerm(tx, { owner, term }));
    if (isGone) ranks.dropped(term);
  }

  /** A term whose data are to go. */
  #over(): string | undefined {
    for (const [term, activity] of this.#options.ranks.withData) if (!this.#isKept(activity, term)) return term;
    return undefined;
  }

  #isKept(activity: string, term: string): boolean {
    const held = this.#options.topics.get(activity);
    if (held?.kind !== "live") return false;
    const { content } = held;
    const current = content.term?.id ?? content.history.at(-1)?.term;
    return term === current || term === content.history.findLast((past) => past.term !== current)?.term;
  }
}
