/**
 * What the admin port answers about activities: rows, pages, who has applied them, their rankings, and what a person may ask
 * of them. Types only.
 */

import type { GroupRule } from "#activity/groups/groups_rule.ts";
import type { ActivityView, EditRequest, SomeTiming, VerbOptions } from "#activity/outcome.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import type { PhaseVerb } from "#activity/verbs.ts";
import type { NodeId } from "#wire/role.ts";

/** An activity as its owner has it, or as this node's replica does. */
export type ActivityRow = ActivityView;

export interface AppliedRow {
  readonly node: NodeId;
  /** Undefined: it has none. "unknown" when it did not answer. */
  readonly version: string | undefined;
  readonly current: boolean;
  /** What it lacks. Undefined when it is current, holds nothing, or did not answer. */
  readonly lag: Lag | undefined;
  readonly behindSinceMs: number | undefined;
}

/** From the version that a node holds to the newest. Both 0: it holds other contents of the same version. */
export interface Lag {
  readonly epochs: number;
  /** Undefined across epochs: revisions may begin anew in each. */
  readonly revisions: number | undefined;
}

/** Of all nodes. */
export interface AppliedSummary {
  readonly current: number;
  readonly behind: number;
  /** Of those that are behind, the ones that did not answer. */
  readonly silent: number;
  /** Since when the one is behind that has been for longest. */
  readonly behindSinceMs: number | undefined;
}

export interface ActivitySummary extends ActivityRow {
  readonly applied: AppliedSummary;
  /** Only where they were asked for; at most NODES_PAGE. */
  readonly nodes: readonly AppliedRow[] | undefined;
  /** `after` of the next page of nodes, when there are more. */
  readonly nodesNext: NodeId | undefined;
}

export interface ActivityDetail extends ActivitySummary {
  readonly nodes: readonly AppliedRow[];
}

/** The last activity of a page. Without an owner: whoever owns it. */
export interface ActivityPlace {
  readonly id: string;
  readonly owner?: NodeId | undefined;
}

export interface ActivitiesPage {
  /** ACTIVITIES_PAGE, or ACTIVITIES_PAGE_WITH_NODES, when not said. */
  readonly limit?: number | undefined;
  readonly after?: ActivityPlace | undefined;
  readonly nodes?: boolean | undefined;
}

export interface ActivityList {
  readonly activities: readonly ActivitySummary[];
  /** `after` of the next page, when there is one. */
  readonly next: string | undefined;
}

export interface NodesPage {
  /** Only those that lack it. */
  readonly behind?: boolean | undefined;
  readonly after?: NodeId | undefined;
}

export interface WhyHop {
  readonly at: NodeId;
  readonly version: string | undefined;
  readonly current: boolean;
  readonly reason: string;
}

export interface Why {
  readonly activity: string;
  readonly node: NodeId;
  readonly wanted: string;
  readonly hops: readonly WhyHop[];
  /** The first hop that lacks the version, or undefined when all have it. */
  readonly firstLacking: NodeId | undefined;
  readonly verdict: string;
}

export interface CreateActivity {
  /** [a-z0-9_-]{1,64}; unique under its owner. */
  readonly id: string;
  readonly kind: string;
  readonly config: unknown;
  /** Which cross_center owns it; without it the one that the assignment names, or the only one. */
  readonly owner?: NodeId;
  readonly endsAtMs?: number;
  readonly schedule?: Schedule | undefined;
  readonly timing?: SomeTiming | undefined;
  /** How shards are divided when a term begins; without it all of them meet. */
  readonly groups?: GroupRule | undefined;
  /** Opens it in the same step. */
  readonly open?: boolean;
}

/** What a person asks of an activity that exists. */
export type ActivityChange = VerbOptions &
  (
    | { readonly verb: Exclude<PhaseVerb, "cancel"> }
    | { readonly verb: "extend"; readonly closesAtMs: number }
    | ({ readonly verb: "edit" } & EditRequest)
  );

/** A page of a ranking of an activity's current term. */
export interface RankingQuestion {
  readonly ranking: string;
  /** Undefined: the only one. */
  readonly group: string | undefined;
  /** Places that are left out from the first on. */
  readonly offset: number;
  readonly limit: number;
}

export interface RankingPage {
  readonly owner: NodeId;
  readonly term: string;
  readonly group: string;
  /** All groups of the term. */
  readonly groups: readonly string[];
  /** Subjects in the ranking. */
  readonly count: number;
  /** What it was frozen as, 64 hex digits; undefined while it may change. */
  readonly settled: string | undefined;
  readonly places: readonly {
    readonly place: number;
    readonly subject: string;
    readonly score: number;
    readonly atMs: number;
    readonly shard: number;
  }[];
}

/** Which activity; with its owner where several have one of this id. */
export interface ActivityRef {
  readonly id: string;
  readonly owner?: NodeId | undefined;
}

/** A topic that nodes hold in an owner's name and that this owner does not have: its data was lost. */
export interface OrphanRow {
  readonly owner: NodeId;
  readonly id: string;
  readonly topic: string;
  /** The highest that was reported, `epoch.revision.hash`. */
  readonly version: string;
  /** A node that holds it. */
  readonly reporter: NodeId;
}

export interface OrphanList {
  readonly orphans: readonly OrphanRow[];
  /** Owners that are reachable and did not answer: what they miss is not in the list. */
  readonly silent: readonly NodeId[];
}

/** What adopt, cancel and resume leave. */
export interface TopicState {
  readonly topic: string;
  /** `epoch.revision.hash` */
  readonly version: string;
  /** Undefined: what is left is a tombstone. */
  readonly activity: ActivityRow | undefined;
}
