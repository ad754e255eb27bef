/**
 * Activity kinds: what a module says about an activity that it brings: its config, the phases that a term of it goes
 * through, what its owner does at each of them and with reports, how it ranks, and what the places are rewarded with.
 */

import type { InferInput, InferOutput } from "valibot";
import { safeParse } from "valibot";
import type { RankOrder } from "#activity/ranks/rank_order.ts";
import type { TermPhase } from "#activity/term.ts";
import { PHASES_DEFAULT, TERM_PHASES, inOrder } from "#activity/term.ts";
import type { Schema } from "#rpc/contract.ts";
import type { OwnerTerm, TermJoin, TermReport, TermReward, TermStanding } from "./owner_term.ts";

/** Rankings of one kind. */
export const RANKINGS_MAX = 8;
const NAME = /^[a-z][a-z0-9_]{0,63}$/;

type Given = TermReward | readonly TermReward[] | undefined;

export interface ActivityKind<
  Config extends Schema = Schema,
  State extends Schema = Schema,
  Body extends Schema = Schema,
> {
  /** [a-z][a-z0-9_]*, unique among the kinds of a cluster. */
  readonly name: string;
  readonly config: Config;
  readonly state: State | undefined;
  /** In order, with `open` and `closed` among them. */
  readonly phases: readonly TermPhase[];
  readonly report: Body | undefined;
  readonly rank: Readonly<Record<string, RankOrder>>;
  readonly onPhase: ((term: OwnerTerm) => unknown) | undefined;
  readonly onJoin: ((term: OwnerTerm, join: TermJoin) => unknown) | undefined;
  readonly onReport: ((term: OwnerTerm, report: TermReport) => unknown) | undefined;
  readonly reward: ((term: OwnerTerm, standing: TermStanding) => Given) | undefined;
}

export type ConfigOf<Kind extends ActivityKind> = InferOutput<Kind["config"]>;

/** What a report of this kind is made of, before its schema. */
export type BodyOf<Kind extends ActivityKind> = InferInput<NonNullable<Kind["report"]>>;

export interface ActivityOptions<
  Config extends Schema,
  State extends Schema,
  Body extends Schema = Schema,
  RankingName extends string = string,
> {
  /** Validates what an operator passes at creation, on the owner. */
  readonly config: Config;
  /** Of one term, on its owner. A term begins with what the schema makes of `{}`. At most 256 KiB as MessagePack. */
  readonly state?: State;
  /** A subset of preview, signup, open, settling, reward, show and closed. Default: open and closed. */
  readonly phases?: readonly TermPhase[];
  /** Validates the body of a report. Without it the kind takes none. */
  readonly report?: Body;
  /**
   * Its rankings by name, [a-z][a-z0-9_]*, at most RANKINGS_MAX, each with its order: `highest`, `lowest`, or a function
   * that says below zero when `a` is before `b`. Of equals the one is before that reached its score first.
   */
  readonly rank?: Readonly<Record<RankingName, RankOrder>>;
  /**
   * Runs on the owner when a term enters a phase, inside the transaction that keeps the phase: at least once for each
   * (term, phase), and what it leaves in `state` exactly once. Change `term.state`, or return another one. What it
   * throws, and a state that does not fit the schema, undoes the change and stops this activity, with an alarm.
   */
  readonly onPhase?: (term: OwnerTerm<InferOutput<Config>, InferOutput<State>, RankingName>) => unknown;
  /**
   * Runs on the owner for each player who joins, once. With it only those who have joined may report. Synchronous, in a
   * transaction as `onPhase`. A `Refusal` that it throws is the answer; anything else stops this activity. What it
   * returns is plain data for who has asked, at most 16 KiB.
   */
  readonly onJoin?: (term: OwnerTerm<InferOutput<Config>, InferOutput<State>, RankingName>, join: TermJoin) => unknown;
  /** The same for each report, once for each key. */
  readonly onReport?: (
    term: OwnerTerm<InferOutput<Config>, InferOutput<State>, RankingName>,
    report: TermReport<InferOutput<Body>>,
  ) => unknown;
  /**
   * Says what a place of a settled ranking gets, in the phase `reward`, from the first place on: at least once for each
   * place, and what it says is issued exactly once. Synchronous. What it throws stops this activity; it goes on from
   * there when its owner has started again. Needs `rank` and the phases settling and reward.
   */
  readonly reward?: (
    term: OwnerTerm<InferOutput<Config>, InferOutput<State>, RankingName>,
    standing: TermStanding,
  ) => Given;
}

/**
 * Declares a kind of activity. Throws TypeError for a name that is not [a-z][a-z0-9_]*, for phases without `open` and
 * `closed`, for a state whose schema refuses `{}`, and for hooks without what they need.
 */
export function activity<
  const Config extends Schema,
  const State extends Schema = Schema,
  const Body extends Schema = Schema,
  const RankingName extends string = string,
>(name: string, options: ActivityOptions<Config, State, Body, RankingName>): ActivityKind<Config, State, Body> {
  const cannot = (found: string): TypeError => new TypeError(`Cannot declare activity kind ${name}: ${found}`);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw cannot(`name is "${name}", allowed is [a-z][a-z0-9_]*`);
  const given = options.phases ?? PHASES_DEFAULT;
  const phases = inOrder(given);
  const strange = given.find((phase) => !TERM_PHASES.includes(phase));
  if (strange !== undefined) throw cannot(`phase is "${String(strange)}", allowed are ${TERM_PHASES.join(", ")}`);
  if (!phases.includes("open") || !phases.includes("closed")) throw cannot("its phases need open and closed");
  const { state } = options;
  if (state !== undefined && !safeParse(state, {}).success) {
    throw cannot("its state's schema refuses {}, which a term begins with: give its entries defaults");
  }
  const rank: Readonly<Record<string, RankOrder>> = options.rank ?? {};
  const fault = faultOfHooks({ ...options, rank }, phases);
  if (fault !== undefined) throw cannot(fault);
  return {
    name,
    config: options.config,
    state,
    phases,
    report: options.report,
    rank,
    onPhase: options.onPhase as ActivityKind["onPhase"],
    onJoin: options.onJoin as ActivityKind["onJoin"],
    onReport: options.onReport as ActivityKind["onReport"],
    reward: options.reward as ActivityKind["reward"],
  };
}

function faultOfHooks(
  options: {
    readonly report?: unknown;
    readonly onReport?: unknown;
    readonly reward?: unknown;
    readonly rank: Readonly<Record<string, unknown>>;
  },
  phases: readonly TermPhase[],
): string | undefined {
  const names = Object.keys(options.rank);
  const strange = names.find((name) => !NAME.test(name));
  if (strange !== undefined) return `a ranking is called "${strange}", allowed is ${NAME.source}`;
  if (names.length > RANKINGS_MAX) return `it has ${names.length} rankings, limit is ${RANKINGS_MAX}`;
  const noOrder = names.find((name) => typeof options.rank[name] !== "function");
  if (noOrder !== undefined) return `the ranking ${noOrder} has no order: give highest, lowest or a function`;
  if ((options.report === undefined) !== (options.onReport === undefined)) {
    return "it has one of report and onReport, which need each other";
  }
  if (options.reward === undefined) return undefined;
  if (names.length === 0) return "reward needs a rank";
  const missing = (["settling", "reward"] as const).filter((phase) => !phases.includes(phase));
  return missing.length === 0 ? undefined : `reward needs the phase ${missing.join(" and ")}`;
}
