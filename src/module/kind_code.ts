/**
 * Runs what a kind's code says, for the owner of its activities: configs, phases, joins, reports and rewards. What the
 * code throws comes through; what a schema refuses is an outcome where a person or a shard has asked.
 */

import { getDotPath, safeParse } from "valibot";
import type { ActivityContent } from "#activity/content.ts";
import type { HookTerm, KindHooks, ParsedReport, RankScope } from "#activity/kind_hooks.ts";
import type { ParsedConfig, PhaseEntry } from "#activity/outcome.ts";
import { groupOf, groupsOf } from "#activity/groups/term_groups.ts";
import type { Schema } from "#rpc/contract.ts";
import type { ActivityKind } from "./activity_kind.ts";
import type { OwnerTerm } from "./owner_term.ts";

/** Faults of one config, or of one report, that are told: a list may have one for each of its items. */
export const KIND_ISSUES_MAX = 32;
/** A schema's own messages repeat what was found, however long. */
export const KIND_ISSUE_LENGTH_MAX = 256;

const NO_RANKS: RankScope = {
  ranking: (name) => {
    throw new TypeError(`Cannot find ranking ${JSON.stringify(name)}: allowed is none, the kind has no rank`);
  },
};

/** Validates a config; paths are below `config`. */
export function parseKindConfig(kind: ActivityKind, input: unknown): ParsedConfig {
  const parsed = parse(kind.config, input, "config");
  return parsed.kind === "ok" ? { kind: "ok", config: parsed.value } : parsed;
}

/** Runs the kind's hook for a phase; answers the state afterwards, undefined for a kind that has none. */
export async function enterPhaseOf(kind: ActivityKind, entry: PhaseEntry): Promise<unknown> {
  const { onPhase } = kind;
  if (onPhase === undefined) return undefined;
  const { content, ranks = NO_RANKS, atMs } = entry;
  const term = ownerTerm({ content, state: stateOf(kind, entry.state), ranks, atMs });
  if (term === undefined) return undefined;
  const left = await onPhase(term);
  return kind.state === undefined ? undefined : stateOf(kind, left ?? term.state);
}

export function hooksOf(kind: ActivityKind): KindHooks {
  const { report, onReport, onJoin, reward } = kind;
  return {
    rankings: new Map(Object.entries(kind.rank)),
    takesReports: report !== undefined && onReport !== undefined,
    takesJoins: onJoin !== undefined,
    givesRewards: reward !== undefined,
    hasState: kind.state !== undefined,
    stateOf: (state) => stateOf(kind, state),
    parseReport: (body): ParsedReport => {
      if (report === undefined) return { kind: "ok", body };
      const parsed = parse(report, body, "body");
      return parsed.kind === "ok" ? { kind: "ok", body: parsed.value } : parsed;
    },
    join: (term, join) => plain("onJoin", onJoin?.(termFor(term), join)),
    report: (term, asked) => plain("onReport", onReport?.(termFor(term), asked)),
    reward: (term, { group, ranking, subject: player, shard, place, score }) => {
      const given = plain("reward", reward?.(termFor(term), { group, ranking, player, shard, place, score }));
      const list = Array.isArray(given) ? (given as readonly unknown[]) : [given ?? []].flat();
      return list.map((one) => {
        const { tier, mail } = one as { readonly tier: string; readonly mail?: never };
        return { tier, mail };
      });
    },
  };
}

/** A hook that waits would hold up all changes of its owner, and what it does later could not be kept. */
function plain<T>(hook: string, left: T): T {
  if (!(left instanceof Promise)) return left;
  left.catch(() => undefined);
  throw new TypeError(`${hook} has returned a promise; allowed: what it returns at once`);
}

function termFor(term: HookTerm): OwnerTerm {
  const made = ownerTerm(term);
  if (made === undefined) throw new Error("a hook of no term");
  return made;
}

function ownerTerm({ content, state, ranks, atMs }: HookTerm): OwnerTerm | undefined {
  if (content.phase === "scheduled") return undefined;
  const { id, config, phase, term } = content;
  return {
    activity: id,
    term: term.id,
    number: term.number,
    phase,
    config,
    state,
    nowMs: atMs,
    groups: groupsOf(content),
    groupOf: (shard) => groupOf(content as ActivityContent, shard),
    ranking: (name, group) => ranks.ranking(name, group),
  };
}

function stateOf(kind: ActivityKind, value: unknown): unknown {
  if (kind.state === undefined) return undefined;
  const parsed = safeParse(kind.state, value ?? {});
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TypeError(`its state does not fit its schema: ${getDotPath(issue) ?? "state"}: ${issue.message}`);
}

function parse(
  schema: Schema,
  input: unknown,
  whole: string,
):
  | { readonly kind: "ok"; readonly value: unknown }
  | { readonly kind: "invalid"; readonly issues: readonly { readonly path: string; readonly message: string }[] } {
  const parsed = safeParse(schema, input);
  if (parsed.success) return { kind: "ok", value: parsed.output };
  return {
    kind: "invalid",
    issues: parsed.issues.slice(0, KIND_ISSUES_MAX).map((issue) => ({
      path: cut([whole, getDotPath(issue)].filter((part) => part !== null).join(".")),
      message: cut(issue.message),
    })),
  };
}

function cut(text: string): string {
  return text.length <= KIND_ISSUE_LENGTH_MAX ? text : `${text.slice(0, KIND_ISSUE_LENGTH_MAX - 1)}…`;
}
