/**
 * Takes an owner's activities from phase to phase. A change is one transaction: the new content, what the kind's hook
 * has made of the term's state, and the key of the verb that asked for it; what is in it happens exactly once. The
 * hook itself runs at least once for each (term, phase). Called one at a time, by ActivityOwner.
 *
 * A kind that fails undoes the change and stops its own activity: alarm `activity_stopped:<id>`. Time does not touch
 * it then until a verb for it has succeeded or the owner has started again. A schedule that this release can't read
 * begins no terms: alarm `schedule_unreadable:<id>`; the term that runs goes on by its own plan.
 */

import { assert } from "#base/assert.ts";
import type { Alarms } from "#base/alarms.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import type { Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { versionText } from "#sync/version.ts";
import type { NodeId } from "#wire/role.ts";
import type { Held } from "./activity_table.ts";
import type { ActivityContent } from "./content.ts";
import { equalData } from "./equal_data.ts";
import { KindFault, faultOf } from "./kind_fault.ts";
import type { ActivityKinds } from "./outcome.ts";
import type { OwnedTopics } from "./owned_topics.ts";
import type { DueStep } from "./phases.ts";
import { beginWindow, dueStep, enterPhase } from "./phases.ts";
import type { ShardGroups } from "./groups/term_groups.ts";
import { pinGroups } from "./groups/term_groups.ts";
import { whyUnreadable } from "./schedule/windows.ts";
import { SettlementConflict, isSettled, settle, settlesNow } from "./ranks/settlement.ts";
import type { TermDraft } from "./ranks/term_draft.ts";
import type { TermRanks } from "./ranks/term_ranks.ts";
import { dropOtherStates, readState, writeState } from "./term_state.ts";

/** Phases that one look takes one activity through; the next look goes on. */
export const WALK_MAX = 64;

/** Of one activity, `name:id`: they go with it. */
const ALARMS = ["activity_stopped", "activity_behind", "schedule_unreadable", "settlement_conflict", "ranking_full"];

export type Live = Held & { readonly kind: "live" };

export interface TermRunnerOptions {
  readonly owner: NodeId;
  readonly topics: OwnedTopics;
  readonly kinds: ActivityKinds;
  readonly shards: ShardGroups;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly newTerm: () => string;
  readonly ranks: TermRanks;
  readonly digest: Digest;
  /** Why time does not take it out of its phase yet; undefined: it does. */
  readonly held: (content: ActivityContent) => string | undefined;
  /** Nothing in memory needs to know of it any more. */
  readonly entombed: (id: string) => void;
}

export class TermRunner {
  readonly #options: TermRunnerOptions;
  readonly #stopped = new Map<string, string>();
  /** Whose terms wait for shards to be heard. */
  readonly #early = new Set<string>();

  constructor(options: TermRunnerOptions) {
    this.#options = options;
  }

  /** Why time does not touch this activity; undefined when it does. */
  stopped(id: string): string | undefined {
    return this.#stopped.get(id);
  }

  /** Terms wait for shards that have not been heard yet. */
  get isWaiting(): boolean {
    return this.#early.size > 0;
  }

  /** When something is due by itself, of all that is not stopped. */
  times(): readonly number[] {
    return this.#options.topics.all().flatMap((held) => {
      if (held.kind !== "live" || this.#stopped.has(held.id) || this.#options.held(held.content)) return [];
      return dueStep(held.content)?.atMs ?? [];
    });
  }

  /** Commits and announces. Throws StoreError or KindFault; then nothing has changed. */
  async commit(
    content: ActivityContent,
    how: {
      readonly atMs: number;
      readonly phrase: string;
      readonly also?: (tx: Tx, held: Live) => Promise<void>;
    },
  ): Promise<Live> {
    const { topics, log, alarms, ranks } = this.#options;
    const { id } = content;
    const old = topics.get(id);
    const before = old?.kind === "live" ? old.content : undefined;
    const hasEntered = content.term?.id !== before?.term?.id || content.phase !== before?.phase;
    let draft: TermDraft | undefined;
    try {
      await topics.commit([{ id, content, atMs: how.atMs }], async (tx, [held]) => {
        if (hasEntered) draft = await this.#enter(tx, content, before);
        if (held?.kind === "live") await how.also?.(tx, held);
      });
    } catch (error) {
      if (error instanceof SettlementConflict) this.stop(content, error);
      if (!(error instanceof KindFault)) ranks.drop(id);
      const isHung = hasEntered && error instanceof StoreError && error.code === "timeout";
      throw isHung
        ? new KindFault(`Cannot enter ${content.phase}: the kind "${content.kind}" takes too long`, error)
        : error;
    }
    const live = topics.get(id);
    assert(live?.kind === "live", "a topic that was just committed");
    this.#stopped.delete(id);
    alarms.clear(`activity_stopped:${id}`);
    this.#judgeSchedule(live);
    alarms.clear(`settlement_conflict:${id}`);
    this.#ended(id);
    if (content.term?.id !== before?.term?.id) alarms.clear(`ranking_full:${id}`);
    if (draft !== undefined) this.applied(draft);
    log.info(how.phrase, {
      activity: id,
      phase: content.phase,
      term: content.term?.id,
      version: versionText(live.version),
    });
    return live;
  }

  /** Takes one activity through what is due, WALK_MAX phases at most. Throws StoreError; what was done stays done. */
  async walk(id: string, nowMs: number): Promise<void> {
    const { alarms, topics } = this.#options;
    const first = topics.get(id);
    if (first?.kind === "live") this.#judgeSchedule(first);
    for (let count = 0; ; count += 1) {
      const held = topics.get(id);
      if (held?.kind !== "live" || this.#stopped.has(id) || this.#options.held(held.content)) return;
      const step = dueStep(held.content);
      if (step === undefined || step.atMs > nowMs) {
        alarms.clear(`activity_behind:${id}`);
        return;
      }
      if (count === WALK_MAX) {
        alarms.raise(`activity_behind:${id}`, { phases: WALK_MAX, dueAtMs: step.atMs });
        return;
      }
      let { content } = held;
      try {
        const next = this.#after(content, step, nowMs);
        if (next === undefined) return;
        content = next;
        await this.commit(content, { atMs: nowMs, phrase: "activity phase" });
      } catch (error) {
        if (!(error instanceof KindFault)) throw error;
        this.stop(content, error);
        return;
      }
    }
  }

  /**
   * Undefined: its groups wait for shards that are soon to be heard, at most until its window is over. Throws KindFault
   * for a term that can't have its groups.
   */
  #after(content: ActivityContent, step: DueStep, nowMs: number): ActivityContent | undefined {
    if (step.kind === "enter") return enterPhase(content, step);
    const { shards, alarms } = this.#options;
    const { window, atMs } = step;
    const pinned = pinGroups(content.groups, shards, { atMs, isLast: window.closesAtMs <= nowMs });
    if (pinned.kind === "early") {
      this.#early.add(content.id);
      alarms.raise(`term_waits:${content.id}`, { activity: content.id, reason: pinned.detail });
      return undefined;
    }
    this.#ended(content.id);
    if (pinned.kind === "too_large") throw new KindFault(`Cannot begin a term: ${pinned.detail}`);
    return beginWindow(content, { term: this.#options.newTerm(), window, groups: pinned.groups, atMs });
  }

  /** It does not wait for shards any more. */
  #ended(id: string): void {
    if (this.#early.delete(id)) this.#options.alarms.clear(`term_waits:${id}`);
  }

  /** Leaves a tombstone of it. `also` writes what belongs to it. Throws StoreError. */
  async entomb(id: string, atMs: number, also?: (tx: Tx) => Promise<void>): Promise<void> {
    await this.#options.topics.commit([{ id, content: undefined, atMs }], also);
    this.#stopped.delete(id);
    this.#ended(id);
    for (const name of ALARMS) this.#options.alarms.clear(`${name}:${id}`);
    this.#options.entombed(id);
  }

  #judgeSchedule({ id, content }: Live): void {
    const { alarms } = this.#options;
    const fault = whyUnreadable(content.schedule);
    if (fault === undefined) alarms.clear(`schedule_unreadable:${id}`);
    else alarms.raise(`schedule_unreadable:${id}`, { path: `schedule.${fault.field}`, reason: fault.reason });
  }

  /** Nothing moves this activity on until a verb for it has succeeded or the owner has started again. */
  stop(content: ActivityContent, fault: KindFault): void {
    const { id, kind, phase } = content;
    this.#stopped.set(id, fault.message);
    const data = { activity: id, kind, phase, error: fault.message };
    this.#options.alarms.raise(`activity_stopped:${id}`, data);
    if (fault instanceof SettlementConflict) this.#options.alarms.raise(`settlement_conflict:${id}`, data);
  }

  /** What was committed of the rankings, now in memory too. A kind whose order contradicts itself stops its activity. */
  applied(draft: TermDraft): void {
    const { content } = draft;
    try {
      draft.apply();
      this.#options.ranks.noted(draft.board, content.id);
    } catch (error) {
      this.#options.ranks.drop(content.id);
      this.stop(
        content,
        new KindFault(`Cannot rank: the kind "${content.kind}" has failed: ${messageOf(error)}`, error),
      );
    }
  }

  /** Answers what it has made of the rankings; undefined for a kind that has none. */
  async #enter(tx: Tx, content: ActivityContent, before: ActivityContent | undefined): Promise<TermDraft | undefined> {
    const { owner, kinds, ranks, digest } = this.#options;
    const { id, kind, phase, term } = content;
    if (term === undefined) return undefined;
    const key = { owner, activity: id, term: term.id };
    if (kinds.phases(kind) === undefined) {
      if (phase === "cancelled") return undefined;
      throw new KindFault(`Cannot enter ${phase}: no module here brings the kind "${kind}"`);
    }
    if (before?.term !== undefined && before.term.id !== term.id) {
      await dropOtherStates(tx, { owner, activity: id, keep: [term.id, before.term.id] });
    }
    const atMs = content.history.at(-1)?.atMs ?? 0;
    const isSettling = settlesNow(content, before);
    try {
      const state = await readState(tx, key);
      const hasRanks = (kinds.hooks?.(kind)?.rankings.size ?? 0) > 0;
      const isFrozen = isSettled(content) && !isSettling;
      const draft = hasRanks ? await ranks.draft(tx, content, { isFrozen }) : undefined;
      const scope = draft?.scope({ atMs, shard: 0, player: undefined, group: undefined });
      const after = await kinds.enter({ content, state, ranks: scope, atMs });
      if (after !== undefined && !equalData(after, state)) await writeState(tx, key, after);
      await draft?.write(tx, key);
      if (draft !== undefined && isSettling) await settle(tx, key, { draft, digest, atMs });
      return draft;
    } catch (error) {
      throw faultOf(error, { doing: `enter ${phase}`, kind });
    }
  }
}
