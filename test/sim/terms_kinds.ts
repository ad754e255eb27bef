/**
 * The kinds of the terms simulation. What their hooks write says what has happened: the state of a term lists the
 * phases that it has entered, and the reports of a player have powers of SCORE_BASE as points, so that a score says
 * which of them were counted, and how often.
 */

import * as v from "valibot";
import { highest, lowest } from "#activity/ranks/rank_order.ts";
import { Refusal } from "#activity/reports/refusal.ts";
import { activity } from "#module/activity_kind.ts";
import type { OwnerTerm, TermStanding } from "#module/owner_term.ts";

/** More than how often a report may be counted by mistake before its digit flows over. */
export const SCORE_BASE = 8;
/** Reports of one player in one term: their sum stays a safe integer. */
export const REPORTS_MAX = 15;
/** Every one of these reports is refused by the kind itself. */
export const REFUSED_EVERY = 5;

const config = v.object({ label: v.string() });
const report = v.object({ number: v.number() });
const state = v.object({ entered: v.optional(v.array(v.string()), []), taken: v.optional(v.number(), 0) });

export function pointsOf(number: number): number {
  return SCORE_BASE ** number;
}

export function isRefused(number: number): boolean {
  return number % REFUSED_EVERY === REFUSED_EVERY - 1;
}

type State = v.InferOutput<typeof state>;

function enter(term: OwnerTerm<unknown, State>): void {
  term.state.entered.push(term.phase);
}

function refuse(term: OwnerTerm<unknown, State>, number: number): void {
  // Counted first: what a refusal does not undo is seen.
  term.state.taken += 1;
  if (isRefused(number)) throw new Refusal("this one is refused");
}

/** The mail says which reward it is. */
function rewards(term: OwnerTerm, { group, ranking, player, place }: TermStanding) {
  const tiers = place === 1 ? ["place", "first"] : ["place"];
  return tiers.map((tier) => {
    const text = rewardText({ activity: term.activity, term: term.term, group, ranking, player, tier });
    return { tier, mail: { title: term.activity, text, items: [{ item: "gold", count: place }] } };
  });
}

/** A reward's key as one line, as a ledger keeps it. */
export function rewardText(key: {
  readonly activity: string;
  readonly term: string;
  readonly group: string;
  readonly ranking: string;
  readonly player: string;
  readonly tier: string;
}): string {
  return [key.activity, key.term, key.group, key.ranking, key.player, key.tier].join("/");
}

/** Through all phases, for all who report. */
export const contest = activity("contest", {
  config,
  state,
  phases: ["preview", "signup", "open", "settling", "reward", "show", "closed"],
  report,
  rank: { points: highest },
  onPhase: enter,
  onReport: (term, { player, body }) => {
    refuse(term, body.number);
    term.ranking("points").add(player, pointsOf(body.number));
    return { taken: term.state.taken };
  },
  reward: rewards,
});

/** For those who have joined, with two rankings. */
export const sprint = activity("sprint", {
  config,
  state,
  phases: ["open", "settling", "reward", "closed"],
  report,
  rank: { points: highest, last: lowest },
  onPhase: (term) => ({ ...term.state, entered: [...term.state.entered, term.phase] }),
  onJoin: () => ({}),
  onReport: (term, { player, body }) => {
    refuse(term, body.number);
    term.ranking("points").add(player, pointsOf(body.number));
    term.ranking("last").set(player, body.number);
    return { taken: term.state.taken };
  },
  reward: rewards,
});

/** No ranking, and no reward; its hook waits. */
export const notice = activity("notice", {
  config,
  state,
  phases: ["preview", "open", "show", "closed"],
  onPhase: async (term) => {
    await Promise.resolve();
    enter(term);
  },
});

export const TERMS_KINDS = [contest, sprint, notice] as const;
