/**
 * Carries out what a person asks of an activity: judges it by verbs.ts, by its key and by its time, and has it
 * committed. Called one at a time, by ActivityOwner.
 */

import type { Store } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { ActivityContent } from "./content.ts";
import type { CheckedCreate } from "./create_check.ts";
import { timingOf } from "./create_check.ts";
import { equalData } from "./equal_data.ts";
import { KindFault } from "./kind_fault.ts";
import type { ActivityOutcome, ActivityView, CreateRequest, EditRequest, VerbOptions } from "./outcome.ts";
import { viewOf } from "./outcome.ts";
import type { OwnedTopics } from "./owned_topics.ts";
import { baseOf, cursorAt, isRunning } from "./phases.ts";
import { isSeries } from "./series/shard_series.ts";
import type { ShardGroups } from "./groups/term_groups.ts";
import { pinGroups } from "./groups/term_groups.ts";
import type { Ungrouped } from "./groups/groups_bands.ts";
import type { Live, TermRunner } from "./term_runner.ts";
import type { KeyedVerb } from "./verb_keys.ts";
import { VERB_KEY, findKey, keepKey } from "./verb_keys.ts";
import type { PhaseVerb, Verb } from "./verbs.ts";
import { afterVerb, allowedVerbs, extended, stepOf } from "./verbs.ts";

const OPENING: readonly Verb[] = ["preview", "open", "reopen"];
const PHRASES: Readonly<Record<PhaseVerb, string>> = {
  preview: "activity previewed",
  open: "activity opened",
  next: "activity phase",
  close: "activity closed",
  recall: "activity recalled",
  cancel: "activity cancelled",
  reopen: "activity opened",
};

/** What a verb is to make of an activity, or why it does not. */
type Planned = { readonly content: ActivityContent; readonly phrase: string } | ActivityOutcome;

interface Ask {
  readonly verb: Verb;
  readonly detail?: unknown;
  readonly options?: VerbOptions | undefined;
}

export interface VerbDeskOptions {
  readonly owner: NodeId;
  readonly store: Store;
  readonly topics: OwnedTopics;
  readonly runner: TermRunner;
  readonly shards: ShardGroups;
  readonly ungrouped: (content: ActivityContent) => readonly Ungrouped[];
  readonly isHalted: (topic: string) => boolean;
  /** Why there is no such activity. */
  readonly missing: (id: string) => ActivityOutcome;
  readonly checked: (request: CreateRequest) => CheckedCreate;
  readonly nowMs: () => number;
  readonly newTerm: () => string;
  /** Why a content does not leave its phase yet. */
  readonly held: (content: ActivityContent) => string | undefined;
  /** After every commit. */
  readonly changed: () => void;
}

export class VerbDesk {
  readonly #options: VerbDeskOptions;

  constructor(options: VerbDeskOptions) {
    this.#options = options;
  }

  /** A verb that only changes the phase. */
  phase(id: string, verb: PhaseVerb, options?: VerbOptions): Promise<ActivityOutcome> {
    return this.#perform(id, { verb, options }, this.#planOf(verb));
  }

  extend(id: string, closesAtMs: number, options: VerbOptions): Promise<ActivityOutcome> {
    return this.#perform(id, { verb: "extend", detail: closesAtMs, options }, ({ content }, nowMs): Planned => {
      if (content.phase !== "open") throw new Error("extend of what is not open");
      if (!Number.isSafeInteger(closesAtMs) || closesAtMs <= nowMs) {
        const message = `found ${closesAtMs}; allowed: milliseconds after now, which is ${nowMs}`;
        return invalid("extend", "closesAtMs", message);
      }
      return { content: extended(content, closesAtMs), phrase: "activity extended" };
    });
  }

  edit(id: string, edit: EditRequest, options: VerbOptions): Promise<ActivityOutcome> {
    return this.#perform(id, { verb: "edit", detail: edit, options }, ({ content }, nowMs): Planned => {
      const { kind } = content;
      const endsAtMs = edit.endsAtMs === undefined ? content.endsAtMs : (edit.endsAtMs ?? undefined);
      const schedule = edit.schedule ?? content.schedule;
      const timing = timingOf(content.timing, edit.timing);
      const groups = edit.groups ?? content.groups;
      const config = edit.config === undefined ? content.config : edit.config;
      const checked = this.#options.checked({ id, kind, config, endsAtMs, schedule, timing, groups });
      if (checked.kind === "invalid")
        return { ...checked, detail: checked.detail.replace("Cannot create", "Cannot edit") };
      const late = edit.endsAtMs === undefined ? undefined : tooLate("edit", checked.content, nowMs);
      if (late !== undefined) return late;
      const isSameSchedule = equalData(schedule, content.schedule);
      const next = {
        ...baseOf(checked.content),
        cursorMs: isSameSchedule ? content.cursorMs : cursorAt(schedule, nowMs),
        history: content.history,
        termCount: content.termCount,
      };
      return { content: { ...content, ...next }, phrase: "activity edited" };
    });
  }

  async commit(
    content: ActivityContent,
    how: { readonly phrase: string; readonly keyed?: KeyedVerb },
  ): Promise<ActivityOutcome> {
    const { keyed, phrase } = how;
    const atMs = this.#options.nowMs();
    try {
      const live = await this.#options.runner.commit(content, {
        atMs,
        phrase,
        also: async (tx, held) => {
          if (keyed !== undefined) await keepKey(tx, keyed, { answer: this.view(held), atMs });
        },
      });
      this.#options.changed();
      return { kind: "ok", value: this.view(live), changed: true };
    } catch (error) {
      if (!(error instanceof KindFault)) throw error;
      const live = this.#live(content.id);
      return { kind: "conflict", detail: error.message, allowed: live === undefined ? [] : allowedVerbs(live.content) };
    }
  }

  /** A change that could not be announced is not made. */
  halted(id: string): ActivityOutcome | undefined {
    if (!this.#options.isHalted(this.#options.topics.topicOf(id))) return undefined;
    const detail = `Cannot change activity "${id}": another process speaks as its owner`;
    return { kind: "conflict", detail, allowed: ["resume"] };
  }

  view(live: Live): ActivityView {
    const { owner, runner, ungrouped } = this.#options;
    const stopped = runner.stopped(live.id);
    return viewOf(live.content, { owner, version: live.version, stopped, ungrouped: ungrouped(live.content) });
  }

  #planOf(verb: PhaseVerb): (live: Live, nowMs: number) => Planned {
    return (live, nowMs) => {
      const { content } = live;
      const begins = verb === "open" || verb === "reopen" || verb === "preview";
      if (begins && content.schedule.kind === "manual" && content.endsAtMs !== undefined && content.endsAtMs <= nowMs) {
        const detail = `Cannot ${verb} activity "${live.id}": its end, ${content.endsAtMs}, is over`;
        return { kind: "conflict", detail, allowed: allowedVerbs(content).filter((other) => !OPENING.includes(other)) };
      }
      const pinned = pinGroups(content.groups, this.#options.shards, { atMs: nowMs });
      if (begins && !isRunning(content) && pinned.kind === "early") return early(verb, live.id, pinned.detail);
      if (begins && pinned.kind === "too_large") return invalid(verb, "groups", pinned.detail);
      const groups = pinned.kind === "ok" ? pinned.groups : undefined;
      const next = afterVerb(content, verb, { nowMs, term: this.#options.newTerm(), groups });
      return { content: next, phrase: PHRASES[verb] };
    };
  }

  async #perform(id: string, ask: Ask, plan: (live: Live, nowMs: number) => Planned): Promise<ActivityOutcome> {
    const { verb, options = {} } = ask;
    const keyed = this.#keyed(id, ask);
    if (keyed === "bad") return invalid(verb, "key", `allowed: ${VERB_KEY.source}`);
    if (keyed !== undefined) {
      const found = await this.#options.store.transaction((tx) => findKey(tx, keyed));
      if (found.kind === "done") return { kind: "ok", value: found.answer as ActivityView, changed: false };
      if (found.kind === "taken") return invalid(verb, "key", `it was used for another request: ${found.request}`);
    }
    const live = this.#live(id);
    if (live === undefined) return this.#options.missing(id);
    const step = stepOf(live.content, verb);
    const isPast = verb === "next" && options.from !== undefined && options.from !== live.content.phase;
    if (step === "already" || isPast) return { kind: "ok", value: this.view(live), changed: false };
    if (step === "refused") {
      const hasNone = verb === "preview" && !live.content.phases.includes("preview");
      const why = hasNone ? `its kind "${live.content.kind}" has no preview` : isIn(live.content);
      return conflict(`Cannot ${verb} activity "${id}": ${why}`, live);
    }
    const held = verb === "next" ? this.#options.held(live.content) : undefined;
    if (held !== undefined) return { kind: "conflict", detail: `Cannot next activity "${id}": ${held}`, allowed: [] };
    const planned = plan(live, this.#options.nowMs());
    if ("kind" in planned && !("phrase" in planned)) return planned;
    const { content, phrase } = planned as Exclude<Planned, ActivityOutcome>;
    if (equalData(content, live.content)) return { kind: "ok", value: this.view(live), changed: false };
    if (options.dryRun === true) return { kind: "ok", value: this.view({ ...live, content }), changed: true };
    return this.halted(id) ?? this.commit(content, { phrase, ...(keyed === undefined ? {} : { keyed }) });
  }

  /** Undefined without a key, "bad" for one that is none. */
  #keyed(id: string, ask: Ask): KeyedVerb | "bad" | undefined {
    const key = ask.options?.key;
    if (key === undefined) return undefined;
    if (!VERB_KEY.test(key)) return "bad";
    const request = `${ask.verb} ${id}${ask.detail === undefined ? "" : ` ${JSON.stringify(ask.detail)}`}`;
    return { owner: this.#options.owner, key, request };
  }

  #live(id: string): Live | undefined {
    const held = this.#options.topics.get(id);
    return held?.kind === "live" ? held : undefined;
  }
}

/** To be asked again in a moment: groups that are made now would be pinned for the whole term. */
export function early(verb: Verb | "create", id: string, detail: string): ActivityOutcome {
  return { kind: "conflict", detail: `Cannot ${verb} activity "${id}": ${detail}; ask again in a moment`, allowed: [] };
}

export function conflict(detail: string, live: Live): ActivityOutcome {
  return { kind: "conflict", detail, allowed: allowedVerbs(live.content) };
}

function invalid(verb: Verb, path: string, message: string): ActivityOutcome {
  return { kind: "invalid", detail: `Cannot ${verb} activity: ${path}: ${message}`, issues: [{ path, message }] };
}

/** A manual end that is not after now. */
export function tooLate(verb: "create" | "edit", content: ActivityContent, nowMs: number): ActivityOutcome | undefined {
  const { endsAtMs } = content;
  if (endsAtMs === undefined || endsAtMs > nowMs) return undefined;
  const message = `is not after now, which is ${nowMs}`;
  return {
    kind: "invalid",
    detail: `Cannot ${verb} activity: endsAtMs: ${message}`,
    issues: [{ path: "endsAtMs", message }],
  };
}

export function isIn(content: ActivityContent): string {
  if (isSeries(content)) return "it is a series, whose openings are activities of their own";
  return content.phase === "open" ? "it is open" : `it is in the phase ${content.phase}`;
}
