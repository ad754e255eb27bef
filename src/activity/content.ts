/**
 * What the bytes of an activity's topic say: the activity with its current term and the recent history of its phases.
 * Encoded once, by the owner. Decoding ignores properties that it does not know: a newer owner may say more.
 */

import type { InferOutput } from "valibot";
import {
  array,
  getDotPath,
  integer,
  literal,
  minValue,
  null_ as nil,
  number,
  object,
  optional,
  picklist,
  pipe,
  regex,
  safeParse,
  string,
  unknown,
  variant,
} from "valibot";
import { BodyError, packBody, unpackBody } from "#wire/body.ts";
import { TOPIC_SIZE_MAX } from "#wire/limits.ts";
import type { GroupRule } from "./groups/groups_rule.ts";
import { groupRuleSchema } from "./groups/groups_rule.ts";
import type { Schedule } from "./schedule/schedule.ts";
import { scheduleSchema } from "./schedule/schedule.ts";
import type { CancelledTerm, ClosedTerm, HistoryEntry, OpenTerm, PendingTerm, TermPhase, Timing } from "./term.ts";
import { PHASES_DEFAULT, TERM_PHASES, TIMING_NONE } from "./term.ts";

export const ACTIVITY_ID = /^[a-z0-9_-]{1,64}$/;
/** Phase changes that a content remembers: four whole terms at least; the oldest give way. */
export const HISTORY_MAX = 32;
/** What term and history may add to an activity after its creation stays below this. */
const GROWTH_SIZE_MAX = 4096;
/** Encoded size at creation: with all that is added later it stays a topic that can be sent. */
export const CONTENT_SIZE_MAX = TOPIC_SIZE_MAX - GROWTH_SIZE_MAX;
/** Encoded size of a term's groups, by which a content with a rule other than `all` has to be smaller at creation. */
export const GROUPS_SIZE_MAX = 64 * 1024;

/** What an activity is in every phase. */
export interface ActivityBase {
  readonly id: string;
  readonly kind: string;
  /** As the kind's schema has left it. */
  readonly config: unknown;
  /** The end of `open` of terms that are begun by hand, in cluster time. */
  readonly endsAtMs: number | undefined;
  /** The phases that its kind uses, in order. */
  readonly phases: readonly TermPhase[];
  readonly timing: Timing;
  readonly schedule: Schedule;
  /** How shards are divided into groups when a term begins. */
  readonly groups: GroupRule;
  /** Id of the series that it was made for, which has a schedule by the days of shards. */
  readonly series: string | undefined;
  /** Windows of the schedule that open after this have no term yet. */
  readonly cursorMs: number;
  /** Terms that have begun, those that were recalled included. */
  readonly termCount: number;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
}

export type ActivityContent =
  | (ActivityBase & { readonly phase: "scheduled"; readonly term: undefined })
  | (ActivityBase & { readonly phase: "preview" | "signup"; readonly term: PendingTerm })
  | (ActivityBase & { readonly phase: "open"; readonly term: OpenTerm })
  | (ActivityBase & { readonly phase: "settling" | "reward" | "show" | "closed"; readonly term: ClosedTerm })
  | (ActivityBase & { readonly phase: "cancelled"; readonly term: CancelledTerm });

const ms = pipe(number(), integer(), minValue(0));
const termPhase = picklist(TERM_PHASES);
const termId = pipe(string(), regex(/^[0-9a-f]{32}$/));
const termNumber = pipe(number(), integer(), minValue(1));
const pendingTerm = {
  id: termId,
  number: termNumber,
  plan: optional(array(object({ phase: termPhase, atMs: ms })), []),
  groups: optional(array(object({ name: string(), shards: array(number()) })), () => undefined),
};
const openTerm = { ...pendingTerm, openedAtMs: ms };
const closedTerm = object({ ...openTerm, closedAtMs: ms });
const constant = {
  id: pipe(string(), regex(ACTIVITY_ID)),
  kind: string(),
  config: optional(unknown()),
  endsAtMs: optional(ms),
  phases: optional(array(termPhase), () => [...PHASES_DEFAULT]),
  timing: optional(object({ previewMs: ms, signupMs: ms, showMs: ms }), TIMING_NONE),
  schedule: optional(scheduleSchema, { kind: "manual" }),
  groups: optional(groupRuleSchema, { kind: "all" }),
  series: optional(string()),
  cursorMs: optional(ms, 0),
  termCount: optional(ms),
  history: array(
    object({ term: termId, number: termNumber, phase: picklist([...TERM_PHASES, "cancelled"]), atMs: ms }),
  ),
};
/** They are tried in this order, and `open` is what is waited for. */
const contentSchema = variant("phase", [
  object({ ...constant, phase: literal("open"), term: object(openTerm) }),
  object({ ...constant, phase: picklist(["settling", "reward", "show", "closed"]), term: closedTerm }),
  object({ ...constant, phase: literal("scheduled"), term: nil() }),
  object({ ...constant, phase: picklist(["preview", "signup"]), term: object(pendingTerm) }),
  object({
    ...constant,
    phase: literal("cancelled"),
    term: object({ ...pendingTerm, openedAtMs: optional(ms), closedAtMs: ms }),
  }),
]);

/** Bytes of its own, which no later encoding overwrites. */
export function encodeContent(content: ActivityContent): Uint8Array {
  return packBody({ ...content, term: content.term ?? null }).slice();
}

export type Decoded =
  { readonly kind: "ok"; readonly content: ActivityContent } | { readonly kind: "bad"; readonly detail: string };

/** `bad`: not MessagePack, or not the content of activity `id`. */
export function decodeContent(bytes: Uint8Array, id: string): Decoded {
  let value: unknown;
  try {
    value = unpackBody(bytes);
  } catch (error) {
    if (error instanceof BodyError) return { kind: "bad", detail: error.message };
    throw error;
  }
  const parsed = safeParse(contentSchema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return { kind: "bad", detail: `${getDotPath(issue) ?? "content"}: ${issue.message}` };
  }
  if (parsed.output.id !== id) return { kind: "bad", detail: `id: it is of activity "${parsed.output.id}"` };
  return { kind: "ok", content: plain(parsed.output) };
}

function plain(parsed: InferOutput<typeof contentSchema>): ActivityContent {
  const { id, kind, phases, timing, schedule, groups, series, cursorMs, history } = parsed;
  const termCount = parsed.termCount ?? parsed.term?.number ?? 0;
  const { config, endsAtMs } = parsed;
  const same: ActivityBase = {
    id,
    kind,
    config,
    endsAtMs,
    phases,
    timing,
    schedule,
    groups,
    series,
    cursorMs,
    termCount,
    history,
  };
  switch (parsed.phase) {
    case "scheduled":
      return { ...same, phase: "scheduled", term: undefined };
    case "preview":
    case "signup":
      return { ...same, phase: parsed.phase, term: parsed.term };
    case "open":
      return { ...same, phase: "open", term: parsed.term };
    case "settling":
    case "reward":
    case "show":
    case "closed":
      return { ...same, phase: parsed.phase, term: parsed.term };
    case "cancelled": {
      const { openedAtMs, ...term } = parsed.term;
      return { ...same, phase: "cancelled", term: { ...term, openedAtMs } };
    }
  }
}
