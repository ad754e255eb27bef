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

export const ACTIVITY_ID = /^[a-z0-9_-]{1,64}$/;
/** Phase changes that a content remembers; the oldest give way. */
export const HISTORY_MAX = 16;
/** What term and history may add to an activity after its creation stays below this. */
const GROWTH_SIZE_MAX = 4096;
/** Encoded size at creation: with all that is added later it stays a topic that can be sent. */
export const CONTENT_SIZE_MAX = TOPIC_SIZE_MAX - GROWTH_SIZE_MAX;

/** One phase change of one term. */
export interface HistoryEntry {
  /** Id of the term. */
  readonly term: string;
  readonly number: number;
  readonly phase: "open" | "closed";
  readonly atMs: number;
}

export interface OpenTerm {
  /** 128 random bits as 32 hex digits: a restored owner can't draw one again. */
  readonly id: string;
  /** 1 for the first term of the activity. */
  readonly number: number;
  readonly openedAtMs: number;
}

export interface ClosedTerm extends OpenTerm {
  readonly closedAtMs: number;
}

interface Constant {
  readonly id: string;
  readonly kind: string;
  /** As the kind's schema has left it. */
  readonly config: unknown;
  /** Closes by itself then, in the owner's time. */
  readonly endsAtMs: number | undefined;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
}

export type ActivityContent =
  | (Constant & { readonly phase: "scheduled"; readonly term: undefined })
  | (Constant & { readonly phase: "open"; readonly term: OpenTerm })
  | (Constant & { readonly phase: "closed"; readonly term: ClosedTerm });

export type Phase = ActivityContent["phase"];

const ms = pipe(number(), integer(), minValue(0));
const termId = pipe(string(), regex(/^[0-9a-f]{32}$/));
const termNumber = pipe(number(), integer(), minValue(1));
const openTerm = { id: termId, number: termNumber, openedAtMs: ms };
const constant = {
  id: pipe(string(), regex(ACTIVITY_ID)),
  kind: string(),
  config: optional(unknown()),
  endsAtMs: optional(ms),
  history: array(object({ term: termId, number: termNumber, phase: picklist(["open", "closed"]), atMs: ms })),
};
const contentSchema = variant("phase", [
  object({ ...constant, phase: literal("scheduled"), term: nil() }),
  object({ ...constant, phase: literal("open"), term: object(openTerm) }),
  object({ ...constant, phase: literal("closed"), term: object({ ...openTerm, closedAtMs: ms }) }),
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
  const { id, kind, history } = parsed;
  const same = { id, kind, config: parsed.config, endsAtMs: parsed.endsAtMs, history };
  switch (parsed.phase) {
    case "scheduled":
      return { ...same, phase: "scheduled", term: undefined };
    case "open":
      return { ...same, phase: "open", term: parsed.term };
    case "closed":
      return { ...same, phase: "closed", term: parsed.term };
  }
}
