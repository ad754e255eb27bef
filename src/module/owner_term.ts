/**
 * What the hooks of a kind get on the owner of an activity: the term, whose report or join it is, and the places of a
 * settled ranking. Types only; kind_code.ts makes them.
 */

import type { RankingHandle } from "#activity/kind_hooks.ts";
import type { TermPhase } from "#activity/term.ts";
import type { MeetingGroup } from "#activity/groups/term_groups.ts";
import type { Mail } from "#delivery/reward.ts";

/** A term of an activity, for the hooks on its owner. */
export interface OwnerTerm<Config = unknown, State = unknown, RankingName extends string = string> {
  /** Id of the activity. */
  readonly activity: string;
  /** 32 hex digits: one run of the activity. */
  readonly term: string;
  /** 1 for the first term. */
  readonly number: number;
  readonly phase: TermPhase | "cancelled";
  readonly config: Config;
  /** What the hooks of this term have left; what a hook changes in it is kept with what the hook runs for. */
  readonly state: State;
  /** When it happens, in cluster time: of a phase the time that was planned. */
  readonly nowMs: number;
  readonly groups: readonly MeetingGroup[];
  /** The group that a shard takes part in; undefined: in none. */
  groupOf(shard: number): string | undefined;
  /**
   * A ranking of one group: the named one, else that of the report or join, else the only one. Its changes are kept with
   * what the hook runs for, and are refused once the term is settled. Throws TypeError for one that is not there.
   */
  ranking(name: RankingName, group?: string): RankingHandle;
}

/** Somebody who takes part. */
export interface TermJoin {
  readonly player: string;
  /** The shard whose node has said so. */
  readonly shard: number;
  readonly group: string;
}

export interface TermReport<Body = unknown> extends TermJoin {
  readonly body: Body;
}

/** A place in a settled ranking, from 1 on. */
export interface TermStanding {
  readonly group: string;
  readonly ranking: string;
  /** The subject that was ranked. */
  readonly player: string;
  /** Where the last report came from that changed its score. */
  readonly shard: number;
  readonly place: number;
  readonly score: number;
}

export interface TermReward {
  /** Which row of the reward table this is: one player gets each tier of a ranking once. [1 to 64 characters] */
  readonly tier: string;
  /** Undefined: there is no row for it. The recipient is held back until an operator has given one, and nobody else. */
  readonly mail?: Mail | undefined;
}
