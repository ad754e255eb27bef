/**
 * What follows when an owner's word of what a shard has got and that shard's own word are held against each other, term
 * by term. Pure. Only a term of which nothing is pending can be judged: of any other the shard may have got rewards of
 * which the owner does not know yet.
 */

import type { TermCounts } from "./outbox_terms.ts";

export interface ShardWord {
  readonly applied: number;
  readonly keySum: string;
}

export type Verdict =
  | "equal"
  /** Something of it is pending: to be judged when that has arrived. */
  | "later"
  /** The shard lacks something: all of it is sent again, and the inbox takes what it lacks. */
  | "lost"
  /** All of it was sent again before, and still they differ. */
  | "differs"
  /** The shard has more than the owner knows of, and has got all that the owner knows of. */
  | "more";

export function judgeTerm(
  owner: TermCounts,
  shard: ShardWord,
  /** It was sent again to this very process of the center. */
  wasSentAgain: boolean,
): Verdict {
  if (owner.pending > 0) return "later";
  if (owner.acknowledged === shard.applied && owner.keySum === shard.keySum) return "equal";
  if (!wasSentAgain) return "lost";
  return shard.applied > owner.acknowledged ? "more" : "differs";
}

/** A name for sets of terms. */
export function termName({ shard, activity, term }: Pick<TermCounts, "shard" | "activity" | "term">): string {
  return `${shard}/${activity}/${term}`;
}
