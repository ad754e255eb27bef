/**
 * What the admin API needs of a node. Implemented over the mesh by mesh_port.ts, so that the app itself
 * knows no link and no store and runs wherever a node does.
 */

import type { CalendarRow } from "#activity/calendar.ts";
import type { ActivityView, EditRequest, SomeTiming, VerbOptions } from "#activity/outcome.ts";
import type { Schedule } from "#activity/schedule/schedule.ts";
import type { PhaseVerb } from "#activity/verbs.ts";
import type { Division } from "#activity/groups.ts";
import type { GroupRule } from "#activity/groups_rule.ts";
import type { DeliveryContract } from "#delivery/delivery_contract.ts";
import type { MailPage } from "#delivery/mail_table.ts";
import type { DeliveryState, Standing } from "#delivery/outbox_overview.ts";
import type { Mail } from "#delivery/reward.ts";
import type { LinkStatus } from "#link/link_port.ts";
import type { ReplyOf } from "#rpc/contract.ts";
import type { NodeDescription, NodeHealth, NodeRow } from "#rpc/node_report.ts";
import type { NodeId } from "#wire/role.ts";

export type { NodeDescription, NodeHealth, NodeRow };

export interface LinkList {
  readonly links: readonly (LinkStatus & { readonly node: NodeId })[];
  /** Nodes that did not answer: what they say of their links is not in the list. */
  readonly silent: readonly NodeId[];
}

export interface RouteRow {
  readonly target: NodeId;
  readonly shard: number;
  /** The next hops that this node would use, best first. */
  readonly via: readonly NodeId[];
  readonly distance: number;
}

export interface AssignmentRow {
  readonly shard: number;
  readonly crossCenter: NodeId | undefined;
  readonly crossMap: NodeId | undefined;
  readonly from: "config" | "rendezvous";
}

/** One hop of a path, with what an operator needs when it is broken. */
export interface ExplainHop {
  readonly at: NodeId;
  readonly next: NodeId | undefined;
  /** "up", or what is wrong in words. */
  readonly state: string;
  readonly link: LinkStatus | undefined;
}

export interface Explanation {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly reachable: boolean;
  readonly hops: readonly ExplainHop[];
  /** One sentence. */
  readonly verdict: string;
}

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

/** A shard as a cross_center knows it. */
export interface ShardRow {
  readonly shard: number;
  readonly openedAtMs: number | undefined;
  readonly timeZone: string | undefined;
  readonly mergedInto: number | undefined;
  readonly mergedAtMs: number | undefined;
  /** Who says so. Undefined: its gateway has not been heard yet. The owner itself: its own file alone. */
  readonly source: NodeId | undefined;
  readonly sinceMs: number | undefined;
  readonly heardAtMs: number | undefined;
  /** Its gateway is in the owner's directory. */
  readonly reachable: boolean;
  /** Who says something else. */
  readonly conflict: string | undefined;
}

export interface ShardOverview {
  /** Whose knowledge it is. */
  readonly owner: NodeId;
  readonly shards: readonly ShardRow[];
}

export interface GroupsDryRun {
  readonly rule: GroupRule;
  /** When ages count; without it now. */
  readonly atMs: number | undefined;
  readonly owner: NodeId | undefined;
}

export interface GroupsPreview extends Division {
  readonly owner: NodeId;
  readonly atMs: number;
}

export interface Calendar {
  /** Now, in the time of the cluster. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** By time of opening. */
  readonly rows: readonly CalendarRow[];
  /** There is more, of which the rows say nothing. */
  readonly truncated: boolean;
  /** Activities whose schedule this node can't read: the rows have none of their windows to come. */
  readonly unreadable: readonly { readonly activity: string; readonly owner: NodeId; readonly reason: string }[];
}

export interface ScheduleDryRun {
  readonly schedule: Schedule;
  readonly days: number;
  /** Whose knowledge of the shards counts. */
  readonly owner: NodeId | undefined;
}

export interface SchedulePreview {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly windows: readonly {
    readonly opensAtMs: number;
    readonly closesAtMs: number;
    readonly shards: "all" | readonly number[];
  }[];
  readonly truncated: boolean;
  /** Shards that have no window, with the reason. */
  readonly without: readonly { readonly shard: number; readonly reason: string }[];
}

export interface MailQuery {
  readonly shard: number;
  readonly player: string;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

export interface MailList extends MailPage {
  /** The center that keeps them. */
  readonly node: NodeId;
}

export interface DeliveriesQuery {
  readonly owner?: NodeId | undefined;
  readonly activity?: string | undefined;
  readonly term?: string | undefined;
  readonly shard?: number | undefined;
  readonly state?: DeliveryState | undefined;
}

type DeliveriesReply = ReplyOf<typeof DeliveryContract.deliveries>;
type ByOwner<T> = T & { readonly owner: NodeId };

export interface DeliveryOverview extends Standing {
  readonly deliveries: readonly ByOwner<DeliveriesReply["deliveries"][number]>[];
  readonly heldRewards: readonly ByOwner<DeliveriesReply["heldRewards"][number]>[];
  /** There are more than one answer lists. */
  readonly more: boolean;
  /** Owners that did not answer. */
  readonly silent: readonly NodeId[];
}

export interface ResendRequest {
  readonly owner?: NodeId | undefined;
  readonly activity: string;
  readonly term: string;
  readonly shard?: number | undefined;
  readonly player?: string | undefined;
  /** Only what was acknowledged until then; default: now. */
  readonly ackedUntilMs?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface ReleaseRequest {
  readonly owner?: NodeId | undefined;
  readonly activity: string;
  readonly term: string;
  readonly group: string;
  readonly ranking: string;
  readonly tier: string;
  readonly player?: string | undefined;
  readonly mail: Mail;
  readonly dryRun?: boolean | undefined;
}

export interface RewardsChange {
  readonly count: number;
  /** There are more: ask again, of a replay with `ackedUntilMs`. */
  readonly more: boolean;
  readonly ackedUntilMs: number | undefined;
}

/** Outcomes that are everyday; a transport failure is thrown as CallError. */
export type AdminResult<T> =
  | { readonly kind: "ok"; readonly value: T; readonly changed: boolean }
  | { readonly kind: "not_found"; readonly detail: string }
  | { readonly kind: "conflict"; readonly detail: string; readonly allowed: readonly string[] }
  | {
      readonly kind: "invalid";
      readonly detail: string;
      readonly issues: readonly { readonly path: string; readonly message: string }[];
    }
  | { readonly kind: "unavailable"; readonly detail: string };

/** Who asked for a change, for the audit trail. */
export interface Actor {
  /** Name of the token. */
  readonly who: string;
  readonly remote: string;
}

export interface AdminPort {
  readonly self: NodeId;
  nodes(): Promise<AdminResult<readonly NodeRow[]>>;
  describe(node: NodeId): Promise<AdminResult<NodeDescription>>;
  health(): Promise<AdminResult<readonly NodeHealth[]>>;
  links(node: NodeId | undefined): Promise<AdminResult<LinkList>>;
  routes(
    node: NodeId | undefined,
  ): Promise<AdminResult<{ readonly routes: readonly RouteRow[]; readonly assignments: readonly AssignmentRow[] }>>;
  explain(from: NodeId, to: NodeId): Promise<AdminResult<Explanation>>;
  activities(page?: ActivitiesPage): Promise<AdminResult<ActivityList>>;
  /** The summary is of all nodes, whatever the page has of them. */
  activity(ref: ActivityRef, page?: NodesPage): Promise<AdminResult<ActivityDetail>>;
  createActivity(request: CreateActivity, actor: Actor): Promise<AdminResult<ActivityRow>>;
  changeActivity(ref: ActivityRef, change: ActivityChange, actor: Actor): Promise<AdminResult<ActivityRow>>;
  /** Only one without a running term; leaves a tombstone. */
  deleteActivity(ref: ActivityRef, actor: Actor): Promise<AdminResult<ActivityRow>>;
  ranking(ref: ActivityRef, question: RankingQuestion): Promise<AdminResult<RankingPage>>;
  why(ref: ActivityRef, node: NodeId): Promise<AdminResult<Why>>;
  /** Asks every owner that is reachable. */
  orphans(): Promise<AdminResult<OrphanList>>;
  /** An orphan's content becomes its owner's own again. */
  adoptActivity(ref: ActivityRef, actor: Actor): Promise<AdminResult<TopicState>>;
  /** A running term ends for good; an orphan ends with a tombstone. */
  cancelActivity(ref: ActivityRef, options: VerbOptions, actor: Actor): Promise<AdminResult<TopicState>>;
  /** The other owner of this topic is gone: its owner speaks for it again. */
  resumeActivity(ref: ActivityRef, actor: Actor): Promise<AdminResult<TopicState>>;
  /** What the named owner knows, else the one that takes activities that name none. */
  shards(owner: NodeId | undefined): Promise<AdminResult<ShardOverview>>;
  /** Nothing is kept. */
  dryRunGroups(request: GroupsDryRun): Promise<AdminResult<GroupsPreview>>;
  /** What will happen within so many days, by this node's replica. */
  calendar(days: number): Promise<AdminResult<Calendar>>;
  /** Nothing is kept. */
  dryRunSchedule(request: ScheduleDryRun): Promise<AdminResult<SchedulePreview>>;
  /** What a player has got, as the center of the shard has it. */
  mails(query: MailQuery): Promise<AdminResult<MailList>>;
  /** Of the named owner, else of every one that is reachable. */
  deliveries(query: DeliveriesQuery): Promise<AdminResult<DeliveryOverview>>;
  /** Sends what was acknowledged once more; doubles nothing. */
  resendRewards(request: ResendRequest, actor: Actor): Promise<AdminResult<RewardsChange>>;
  /** Gives what is held a mail. */
  releaseRewards(request: ReleaseRequest, actor: Actor): Promise<AdminResult<RewardsChange>>;
  /** Is this process alive and linked as its role wants? For /healthz and /readyz. */
  live(): boolean;
  ready(): { readonly ready: boolean; readonly waitingFor: readonly string[] };
}
