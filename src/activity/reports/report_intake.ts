/**
 * Reports and joins on their owner: they wait in one line, and one turn of the owner's queue commits up to
 * REPORTS_PER_COMMIT_MAX of them in one transaction; so they are never concurrent with a change of phase. Answers are
 * given after the commit. Bound: REPORTS_WAITING_MAX wait, more are answered `overloaded`.
 *
 * A kind that fails stops its activity: its reports of the batch are answered `stopped`, those of the others are
 * committed without them.
 */

import type { Alarms } from "#base/alarms.ts";
import { assert } from "#base/assert.ts";
import { StoreError } from "#store/store.ts";
import type { ActivityContent } from "../content.ts";
import { KindFault } from "../kind_fault.ts";
import type { ActivityKinds } from "../outcome.ts";
import type { OwnedTopics } from "../owned_topics.ts";
import type { ReportOutcome } from "./report_outcome.ts";
import type { Asked, ReportTaker, Taken } from "./report_taker.ts";
import type { TermRanks } from "../ranks/term_ranks.ts";
import type { TermRunner } from "../term_runner.ts";

export const REPORTS_WAITING_MAX = 8_192;
/** What is longer keeps others of the process waiting. */
export const REPORTS_PER_COMMIT_MAX = 256;

interface Waiting {
  readonly asked: Asked;
  readonly resolve: (outcome: ReportOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export interface ReportIntakeOptions {
  readonly topics: OwnedTopics;
  readonly runner: TermRunner;
  readonly taker: ReportTaker;
  readonly ranks: TermRanks;
  readonly kinds: ActivityKinds;
  readonly alarms: Alarms;
  readonly nowMs: () => number;
  /** One turn of the owner's queue. Rejects with StoreError, `overloaded` when too many wait. */
  readonly change: <T>(work: () => Promise<T>) => Promise<T>;
  /** Why there is no such activity. */
  readonly missing: (id: string) => string;
  /** Phases may have changed. */
  readonly changed: () => void;
}

export class ReportIntake {
  readonly #options: ReportIntakeOptions;
  #waiting: Waiting[] = [];
  #isBusy = false;

  constructor(options: ReportIntakeOptions) {
    this.#options = options;
  }

  /** Rejects with StoreError when the store fails: then it is not known whether it was taken; the same key asks again. */
  take(asked: Asked): Promise<ReportOutcome> {
    if (this.#waiting.length >= REPORTS_WAITING_MAX) {
      this.#options.alarms.raise("reports_overloaded", { waiting: this.#waiting.length, limit: REPORTS_WAITING_MAX });
      return Promise.resolve(overloaded(`${REPORTS_WAITING_MAX} reports wait`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ asked, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#isBusy) return;
    if (this.#waiting.length === 0) {
      this.#options.alarms.clear("reports_overloaded");
      return;
    }
    this.#isBusy = true;
    let batch: readonly Waiting[] = [];
    const turn = this.#options.change(async () => {
      batch = this.#waiting.splice(0, REPORTS_PER_COMMIT_MAX);
      return await this.#commit(batch.map(({ asked }) => asked));
    });
    turn.then(
      (outcomes) => {
        for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] as ReportOutcome);
        this.#ended();
      },
      (error: unknown) => {
        const failed = batch.length > 0 ? batch : this.#waiting.splice(0);
        for (const { resolve, reject } of failed) {
          if (error instanceof StoreError && error.code === "overloaded") resolve(overloaded(error.message));
          else reject(error);
        }
        this.#ended();
      },
    );
  }

  #ended(): void {
    this.#isBusy = false;
    this.#next();
  }

  async #commit(asked: readonly Asked[]): Promise<readonly ReportOutcome[]> {
    const { runner, nowMs } = this.#options;
    const outcomes: ReportOutcome[] = [];
    const pending = new Map<string, number[]>();
    for (const [index, { request }] of asked.entries()) {
      const known = pending.get(request.activity);
      if (known === undefined) pending.set(request.activity, [index]);
      else known.push(index);
    }
    for (const [id, indexes] of pending) {
      const before = this.#options.topics.get(id)?.version;
      // Of what is due by now nothing may be taken any more, or it may be taken now.
      await runner.walk(id, nowMs());
      if (this.#options.topics.get(id)?.version !== before) this.#options.changed();
      const refusal = this.#refusal(id);
      if (refusal === undefined) continue;
      for (const index of indexes) outcomes[index] = refusal;
      pending.delete(id);
    }
    while (pending.size > 0) {
      const done = await this.#transaction(asked, pending);
      if (done.kind === "failed") {
        for (const index of pending.get(done.id) ?? []) outcomes[index] = { kind: "stopped", detail: done.detail };
        pending.delete(done.id);
        continue;
      }
      for (const [id, { outcomes: found, draft }] of done.taken) {
        for (const [at, index] of (pending.get(id) ?? []).entries()) outcomes[index] = found[at] as ReportOutcome;
        if (draft === undefined) continue;
        runner.applied(draft);
        const full = { activity: id, kind: draft.content.kind };
        if (draft.isFull) this.#options.alarms.raise(`ranking_full:${id}`, full);
      }
      pending.clear();
    }
    return outcomes;
  }

  /** All of them, or none: then the activity whose kind has failed is stopped. */
  async #transaction(
    asked: readonly Asked[],
    pending: ReadonlyMap<string, readonly number[]>,
  ): Promise<
    | { readonly kind: "done"; readonly taken: ReadonlyMap<string, Taken> }
    | { readonly kind: "failed"; readonly id: string; readonly detail: string }
  > {
    const { topics, taker, runner, ranks, kinds, nowMs } = this.#options;
    const at: { content: ActivityContent | undefined } = { content: undefined };
    try {
      const taken = await topics.transaction(async (tx) => {
        const found = new Map<string, Taken>();
        for (const [id, indexes] of pending) {
          const content = this.#content(id);
          const hooks = content === undefined ? undefined : kinds.hooks?.(content.kind);
          assert(content !== undefined && hooks !== undefined, "an activity whose kind is known");
          at.content = content;
          const of = { content, hooks, stopped: runner.stopped(id), atMs: nowMs() };
          const theirs = indexes.map((index) => asked[index] as Asked);
          found.set(id, await taker.take(tx, of, theirs));
        }
        return found;
      });
      return { kind: "done", taken };
    } catch (error) {
      if (error instanceof KindFault && at.content !== undefined) {
        runner.stop(at.content, error);
        return { kind: "failed", id: at.content.id, detail: error.message };
      }
      for (const id of pending.keys()) ranks.drop(id);
      throw error;
    }
  }

  #refusal(id: string): ReportOutcome | undefined {
    const content = this.#content(id);
    if (content === undefined) return { kind: "not_found", detail: this.#options.missing(id) };
    if (this.#options.kinds.hooks?.(content.kind) !== undefined) return undefined;
    return { kind: "refused", detail: `no module here brings the kind "${content.kind}"` };
  }

  #content(id: string): ActivityContent | undefined {
    const held = this.#options.topics.get(id);
    return held?.kind === "live" ? held.content : undefined;
  }
}

function overloaded(why: string): ReportOutcome {
  return { kind: "overloaded", detail: `Cannot take report now: ${why}` };
}
