/**
 * What all bots of a run have seen, counted. Pure. Every request ends in one of replies, errors and unanswered, once the
 * run is over.
 */

import type { ClientStatus } from "#client/client_status.ts";
import { LatencyHistogram } from "./latency_histogram.ts";

/** Where a bot is; `resting` has no connection and wants none. */
export type Whereabouts = ClientStatus["kind"] | "resting";

export class BotFigures {
  /** New sessions, those after a loss included. */
  logins = 0;
  /** New sessions although the bot had hoped to resume one. */
  loginsAfterLoss = 0;
  resumes = 0;
  /** Connections that a bot cut itself. */
  cuts = 0;
  logouts = 0;
  requests = 0;
  replies = 0;
  /** Of the replies, those that came over another connection than the question went. */
  carried = 0;
  /** Given up by the bot itself, since it logged out. */
  unanswered = 0;
  pushes = 0;
  readonly errors = new Map<string, number>();
  /** Connections that ended, or were refused, and not by the bot. */
  readonly ends = new Map<string, number>();
  /** From the beginning of the connection to the welcome; time in the queue counts. */
  readonly login = new LatencyHistogram();
  readonly resume = new LatencyHistogram();
  /** Without those whose connection was lost in between: they tell how long the bot was away. */
  readonly request = new LatencyHistogram();
  /** The same, since the live line cleared it. */
  readonly recent = new LatencyHistogram();
  readonly #whereabouts = new Map<Whereabouts, number>();

  get errorCount(): number {
    return sumOf(this.errors);
  }

  at(where: Whereabouts): number {
    return this.#whereabouts.get(where) ?? 0;
  }

  moved(from: Whereabouts | undefined, to: Whereabouts): void {
    if (from !== undefined) this.#whereabouts.set(from, this.at(from) - 1);
    this.#whereabouts.set(to, this.at(to) + 1);
  }
}

/** True for the first of its code. */
export function countCode(counts: Map<string, number>, code: string): boolean {
  const count = (counts.get(code) ?? 0) + 1;
  counts.set(code, count);
  return count === 1;
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}
