/**
 * What a module may ask of the owner of an activity: to take a report or a join, and where who stands. Finds the owner
 * by the activity's topic, as far as this node has applied it.
 */

import type { PlacedEntry, StandingOutcome, TopOutcome } from "#activity/ranks/rank_lookup.ts";
import type { ActivityReplica, ReplicaRow } from "#activity/replica.ts";
import { ReportContract } from "#activity/reports/report_contract.ts";
import type { ReportOutcome } from "#activity/reports/report_outcome.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { CallOptions, Caller } from "#rpc/caller.ts";
import type { NodeKey } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";

export type { PlacedEntry, ReportOutcome, StandingOutcome, TopOutcome };

/** Within the time of the call; a report's key makes the second try harmless. */
const RETRIES = 3;

export interface JoinCall {
  /** Id of the activity. */
  readonly activity: string;
  /** Default: the term that this node knows. */
  readonly term?: string | undefined;
  /** [A-Za-z0-9_.:-]{1,64} */
  readonly player: string;
}

export interface ReportCall<Body = unknown> extends JoinCall {
  /** [A-Za-z0-9_.:-]{1,64}, unique in the term: the same key again is answered as it was, and changes nothing. */
  readonly key: string;
  readonly body: Body;
}

export interface StandingCall {
  readonly activity: string;
  readonly ranking: string;
  /** A player, or whatever the kind ranks. */
  readonly player: string;
  readonly group?: string | undefined;
}

export interface TopCall {
  readonly activity: string;
  readonly ranking: string;
  readonly group?: string | undefined;
  /** Places that are left out from the first on. */
  readonly offset?: number | undefined;
  /** 1 to 100. */
  readonly count: number;
}

export class ShardActivity {
  readonly #kind: string;
  readonly #replica: ActivityReplica;
  readonly #caller: Caller;
  readonly #polled: () => Promise<void>;

  constructor(options: {
    readonly kind: string;
    readonly replica: ActivityReplica;
    readonly caller: Caller;
    /** Resolves when the event loop has looked for I/O. */
    readonly polled: () => Promise<void>;
  }) {
    this.#kind = options.kind;
    this.#replica = options.replica;
    this.#caller = options.caller;
    this.#polled = options.polled;
  }

  async report(report: ReportCall, options: CallOptions = {}): Promise<ReportOutcome> {
    return await this.#ask(report.activity, options, async (row, to) => {
      const { activity, player, key, body, term = row.content?.term?.id } = report;
      return await this.#caller.call(ReportContract.report, { activity, term, player, key, body }, to);
    });
  }

  async join(join: JoinCall, options: CallOptions = {}): Promise<ReportOutcome> {
    return await this.#ask(join.activity, options, async (row, to) => {
      const { activity, player, term = row.content?.term?.id } = join;
      return await this.#caller.call(ReportContract.join, { activity, term, player }, to);
    });
  }

  async standing(question: StandingCall, options: CallOptions = {}): Promise<StandingOutcome> {
    return await this.#ask(question.activity, options, async (_, to) => {
      return await this.#caller.call(ReportContract.standing, question, to);
    });
  }

  async top(question: TopCall, options: CallOptions = {}): Promise<TopOutcome> {
    return await this.#ask(question.activity, options, async (_, to) => {
      return await this.#caller.call(ReportContract.top, question, to);
    });
  }

  async #ask<T>(
    id: string,
    options: CallOptions,
    ask: (row: ReplicaRow, to: CallOptions & { readonly to: { readonly key: NodeKey } }) => Promise<T>,
  ): Promise<T | { readonly kind: "not_found"; readonly detail: string }> {
    const rows = this.#replica.named(id).filter((row) => row.content?.kind === this.#kind);
    const [row] = rows;
    // Whoever asks again at once must not keep the node from hearing of it.
    if (rows.length !== 1) await this.#polled();
    if (row === undefined) {
      return { kind: "not_found", detail: `no activity "${id}" of the kind "${this.#kind}" is known here` };
    }
    if (rows.length > 1) {
      const owners = rows.map(({ owner }) => owner).join(", ");
      return { kind: "not_found", detail: `activity "${id}" has several owners: ${owners}` };
    }
    try {
      return await ask(row, { retries: RETRIES, ...options, to: { key: keyOfId(row.owner) } });
    } catch (error) {
      if (isCallError(error) && !error.sent) await this.#polled();
      throw error;
    }
  }
}
