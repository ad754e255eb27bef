/**
 * What the owner's verbs take and answer. A failure of the store is thrown as StoreError; all else is an outcome.
 */

import { versionText } from "#sync/version.ts";
import type { NodeId } from "#wire/role.ts";
import type { Version } from "#wire/sync_message.ts";
import type { ActivityContent } from "./content.ts";
import type { Issue } from "./issue.ts";
import type { KindHooks, RankScope } from "./kind_hooks.ts";
import type { DueStep } from "./phases.ts";
import { dueStep, openEndsAtMs } from "./phases.ts";
import type { GroupRule } from "./groups/groups_rule.ts";
import type { Ungrouped } from "./groups/groups_bands.ts";
import type { Phase, PlannedPhase, TermGroup, TermPhase, Timing } from "./term.ts";
import type { Schedule } from "./schedule/schedule.ts";

export type ActivityOutcome =
  | { readonly kind: "ok"; readonly value: ActivityView; readonly changed: boolean }
  | { readonly kind: "not_found"; readonly detail: string }
  | { readonly kind: "conflict"; readonly detail: string; readonly allowed: readonly string[] }
  | { readonly kind: "invalid"; readonly detail: string; readonly issues: readonly Issue[] };

/** What came of a verb for a topic in trouble: adopt, cancel, resume. */
export type TopicOutcome =
  | {
      readonly kind: "ok";
      readonly topic: string;
      /** `epoch.revision.hash` */
      readonly version: string;
      /** Undefined: what is left is a tombstone. */
      readonly value: ActivityView | undefined;
      readonly changed: boolean;
    }
  | Exclude<ActivityOutcome, { readonly kind: "ok" }>;

/** An activity as its owner has it. */
export interface ActivityView {
  readonly id: string;
  readonly kind: string;
  readonly owner: NodeId;
  readonly phase: Phase;
  readonly term: string | undefined;
  /** 0 before the first term. */
  readonly termNumber: number;
  readonly openedAtMs: number | undefined;
  /** When the term ceased to be open. */
  readonly closedAtMs: number | undefined;
  /** The planned end of what is open, else the end that terms begun by hand are to have. */
  readonly endsAtMs: number | undefined;
  /** The phases that its kind uses. */
  readonly phases: readonly TermPhase[];
  readonly schedule: Schedule;
  readonly timing: Timing;
  /** How shards are divided when a term begins. */
  readonly groups: GroupRule;
  /** The series that it is one opening of. */
  readonly series: string | undefined;
  /** Those of the current term. Undefined: no term, or every shard meets every other. */
  readonly termGroups: readonly TermGroup[] | undefined;
  /** Shards that live and have no group in the term under way, by number, and why. Undefined: the owner knows. */
  readonly ungrouped: readonly Ungrouped[] | undefined;
  /** What the current term's phases are planned for. */
  readonly plan: readonly PlannedPhase[];
  /** What comes next by itself; undefined: nothing until somebody asks for it. */
  readonly next: PlannedPhase | undefined;
  /** Why time does not move it on: its kind has failed. Undefined: it does. */
  readonly stopped: string | undefined;
  readonly config: unknown;
  /** `epoch.revision.hash` */
  readonly version: string;
}

export interface CreateRequest {
  readonly id: string;
  readonly kind: string;
  readonly config: unknown;
  readonly endsAtMs?: number | undefined;
  readonly schedule?: Schedule | undefined;
  readonly timing?: SomeTiming | undefined;
  /** Default: all. */
  readonly groups?: GroupRule | undefined;
  /** Opens it in the same step. */
  readonly open?: boolean | undefined;
}

/** What is left out is 0, or stays. */
export type SomeTiming = { readonly [Name in keyof Timing]?: number | undefined };

/** What `edit` replaces; what is left out stays. `endsAtMs: null` takes the end away. */
export interface EditRequest {
  readonly config?: unknown;
  readonly endsAtMs?: number | null | undefined;
  readonly schedule?: Schedule | undefined;
  readonly timing?: SomeTiming | undefined;
  readonly groups?: GroupRule | undefined;
}

/** How a verb is asked for. */
export interface VerbOptions {
  /** The same verb under the same key again is answered as it was, and nothing is done twice. */
  readonly key?: string | undefined;
  /** Answers what would come of it; nothing changes. */
  readonly dryRun?: boolean | undefined;
  /** The phase that the caller has seen: `next` of another one changes nothing. */
  readonly from?: Phase | undefined;
}

export type ParsedConfig =
  { readonly kind: "ok"; readonly config: unknown } | { readonly kind: "invalid"; readonly issues: readonly Issue[] };

/** A phase that a term enters, for the kind's hook. */
export interface PhaseEntry {
  readonly content: ActivityContent;
  /** What the hooks of this term have left; undefined before the first. */
  readonly state: unknown;
  /** The term's rankings; undefined for a kind that has none. */
  readonly ranks?: RankScope | undefined;
  /** When it begins, in cluster time. */
  readonly atMs: number;
}

/** The kinds of activity that this process has the code of. */
export interface ActivityKinds {
  readonly names: readonly string[];
  /** Undefined for an unknown kind. Paths of issues are below `config`. */
  parseConfig(kind: string, input: unknown): ParsedConfig | undefined;
  /** The phases that the kind uses, in order; undefined for an unknown kind. */
  phases(kind: string): readonly TermPhase[] | undefined;
  /** Runs the hook of a known kind and answers the term's state afterwards. Throws what the module throws. */
  enter(entry: PhaseEntry): Promise<unknown>;
  /** What else the kind's code does; undefined for an unknown kind. Without it no kind ranks or takes reports. */
  hooks?(kind: string): KindHooks | undefined;
}

export function viewOf(
  content: ActivityContent,
  of: {
    readonly owner: NodeId;
    readonly version: Version;
    readonly stopped?: string | undefined;
    readonly ungrouped?: readonly Ungrouped[];
  },
): ActivityView {
  const { term } = content;
  const due = dueStep(content);
  return {
    id: content.id,
    kind: content.kind,
    owner: of.owner,
    phase: content.phase,
    term: term?.id,
    termNumber: term?.number ?? content.termCount,
    openedAtMs: term !== undefined && "openedAtMs" in term ? term.openedAtMs : undefined,
    closedAtMs: term !== undefined && "closedAtMs" in term ? term.closedAtMs : undefined,
    endsAtMs: openEndsAtMs(content) ?? content.endsAtMs,
    phases: content.phases,
    schedule: content.schedule,
    timing: content.timing,
    groups: content.groups,
    series: content.series,
    termGroups: term?.groups,
    ungrouped: of.ungrouped,
    plan: term?.plan ?? [],
    next: due === undefined ? undefined : { phase: firstPhase(content, due), atMs: due.atMs },
    config: content.config,
    stopped: of.stopped,
    version: versionText(of.version),
  };
}

function firstPhase(content: ActivityContent, due: DueStep): TermPhase {
  return due.kind === "enter" ? due.phase : (content.phases[0] ?? "open");
}
