/**
 * What an owner asks of a kind's code beside its phases: which rankings it has, and what it does with joins, reports
 * and the places of a settled ranking. Implemented by module/. Types and limits only.
 *
 * All of these run synchronously inside a transaction; what they throw stops the activity, but for a Refusal.
 */

import type { Mail } from "#delivery/reward.ts";
import type { ActivityContent } from "./content.ts";
import type { Issue } from "./issue.ts";
import type { RankEntry, RankOrder } from "./ranks/rank_order.ts";

/** One ranking of one group, as a hook reads and changes it. */
export interface RankingHandle {
  /** Adds to the score, which is 0 for a subject that has none. Throws TypeError for what is no number. */
  add(subject: string, delta: number): void;
  /** The same score again changes nothing. */
  set(subject: string, score: number): void;
  /** The score, with what hooks have done just now; undefined for a subject that is not ranked. */
  get(subject: string): number | undefined;
  /** From 1 on, with what hooks have done just now; undefined for a subject that is not ranked. */
  placeOf(subject: string): number | undefined;
  /** The first places, at most TOP_MAX. */
  top(count: number): readonly { readonly subject: string; readonly score: number }[];
}

/** Places that a hook may read at once. */
export const TOP_MAX = 1_000;

/** The rankings of one term. */
export interface RankScope {
  /** Without a group: the caller's, or the only one. Throws TypeError for one that is not there. */
  ranking(name: string, group?: string): RankingHandle;
}

/** The term that a hook runs for. */
export interface HookTerm {
  readonly content: ActivityContent;
  /** As the kind's schema has left it; the hook may change it in place. Undefined for a kind without. */
  readonly state: unknown;
  readonly ranks: RankScope;
  /** When it happens, in cluster time: of a phase the time that was planned. */
  readonly atMs: number;
}

export interface JoinAsk {
  readonly player: string;
  readonly shard: number;
  readonly group: string;
}

export interface ReportAsk extends JoinAsk {
  readonly body: unknown;
}

/** One place in a settled ranking. */
export interface RewardAsk extends RankEntry {
  readonly group: string;
  readonly ranking: string;
  readonly place: number;
}

export interface GivenReward {
  readonly tier: string;
  /** Undefined: the table has no row for it, and it is held for an operator. */
  readonly mail: Mail | undefined;
}

export type ParsedReport =
  { readonly kind: "ok"; readonly body: unknown } | { readonly kind: "invalid"; readonly issues: readonly Issue[] };

export interface KindHooks {
  readonly rankings: ReadonlyMap<string, RankOrder>;
  readonly takesReports: boolean;
  readonly takesJoins: boolean;
  readonly givesRewards: boolean;
  readonly hasState: boolean;
  /** The state as the schema leaves it; what a term begins with for undefined. Throws for one that does not fit. */
  stateOf(state: unknown): unknown;
  /** Paths of issues are below `body`. */
  parseReport(body: unknown): ParsedReport;
  join(term: HookTerm, join: JoinAsk): unknown;
  report(term: HookTerm, report: ReportAsk): unknown;
  reward(term: HookTerm, place: RewardAsk): readonly GivenReward[];
}
