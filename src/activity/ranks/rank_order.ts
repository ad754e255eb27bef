/**
 * The order of a ranking: the kind's own, then who reached the score first, then the subject, so that no two entries
 * are equal. Pure. A kind's order that answers what is no number is a fault of the kind.
 */

/** What a ranking knows of one subject. Never changed: a new score is a new entry. */
export interface RankEntry {
  /** A player's id, or whatever the kind ranks: [A-Za-z0-9_.:-]{1,64}. */
  readonly subject: string;
  readonly score: number;
  /** When the score was reached, in cluster time. */
  readonly atMs: number;
  /** Which score of the ranking was reached before which; grows within it. */
  readonly sequence: number;
  /** The shard that the last report came from which changed it; 0 when none did. */
  readonly shard: number;
}

/** Below zero when `a` is before `b`. Zero: who was first is before. */
export type RankOrder = (a: RankEntry, b: RankEntry) => number;

export const SUBJECT = /^[\w.:-]{1,64}$/;

/** The highest score is first. */
export const highest: RankOrder = (a, b) => b.score - a.score;
/** The lowest score is first. */
export const lowest: RankOrder = (a, b) => a.score - b.score;

/** A kind's order that is none. */
export class OrderFault extends Error {
  override readonly name = "OrderFault";
}

/** Zero for an entry and itself alone. Throws OrderFault, and what the kind's order throws. */
export function compareEntries(order: RankOrder, a: RankEntry, b: RankEntry): number {
  if (a === b || (a.sequence === b.sequence && a.subject === b.subject)) return 0;
  const by: unknown = order(a, b);
  if (typeof by !== "number" || Number.isNaN(by)) {
    throw new OrderFault(
      `Cannot order ${a.subject} and ${b.subject}: the order says ${String(by)}, allowed is a number`,
    );
  }
  if (by !== 0) return by;
  // Not the time: a clock that went back would put who came later before who came first.
  if (a.sequence !== b.sequence) return a.sequence - b.sequence;
  return a.subject < b.subject ? -1 : 1;
}
