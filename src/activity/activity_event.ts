/**
 * What modules hear of activities: that a term opened here, that it closed here.
 */

import type { NodeId } from "#wire/role.ts";
import type { ActivityContent } from "./content.ts";
import { openEndsAtMs } from "./phases.ts";
import type { OpenTerm, Phase, TermGroup } from "./term.ts";
import { groupIn } from "./groups/term_groups.ts";

export interface ActivityEvent {
  readonly id: string;
  readonly kind: string;
  readonly owner: NodeId;
  /** 32 hex digits: one run of the activity. */
  readonly term: string;
  readonly termNumber: number;
  readonly config: unknown;
  /** All times are the cluster's. */
  readonly openedAtMs: number;
  readonly endsAtMs: number | undefined;
  /** Those of the term, which do not change in it. Undefined: every shard meets every other. */
  readonly groups: readonly TermGroup[] | undefined;
  /** Name of the group that this node's shard is in, `all` for everybody's. Undefined: it has none, or is of no shard. */
  readonly group: string | undefined;
}

export interface OpenedEvent extends ActivityEvent {
  /** The term had begun before this process did. */
  readonly resumed: boolean;
}

export interface ClosedEvent extends ActivityEvent {
  /** As its owner says; when that is not known here, the time at which it was noticed. */
  readonly closedAtMs: number;
}

/** A term is in another phase, as far as this node has been told. */
export interface PhaseEvent {
  readonly id: string;
  readonly kind: string;
  readonly owner: NodeId;
  readonly term: string;
  readonly termNumber: number;
  readonly config: unknown;
  /** `scheduled`: the term was recalled. */
  readonly phase: Phase;
  /** When it began, in the cluster's time. */
  readonly sinceMs: number;
}

/** This node has applied a version of an activity. */
export interface AppliedEvent {
  readonly id: string;
  readonly kind: string;
  readonly owner: NodeId;
  /** `epoch.revision.hash` */
  readonly version: string;
  /** What that version says. */
  readonly phase: Phase | "deleted";
  readonly term: string | undefined;
  /** Wall clock of this node. */
  readonly appliedAtMs: number;
}

export type TermEvent =
  | { readonly kind: "applied"; readonly event: AppliedEvent }
  | { readonly kind: "opened"; readonly event: OpenedEvent }
  | { readonly kind: "closed"; readonly event: ClosedEvent }
  | { readonly kind: "phase"; readonly event: PhaseEvent };

export function eventOf(
  content: ActivityContent,
  of: { readonly owner: NodeId; readonly shard: number; readonly term: OpenTerm },
): ActivityEvent {
  return {
    id: content.id,
    kind: content.kind,
    owner: of.owner,
    term: of.term.id,
    termNumber: of.term.number,
    config: content.config,
    openedAtMs: of.term.openedAtMs,
    endsAtMs: openEndsAtMs(content),
    groups: of.term.groups,
    group: groupIn(of.term.groups, of.shard),
  };
}
