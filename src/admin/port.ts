/**
 * What the admin API needs of a node. Implemented over the mesh by mesh_port.ts, so that the app itself
 * knows no link and no store and runs wherever a node does.
 */

import type { VerbOptions } from "#activity/outcome.ts";
import type { LinkStatus } from "#link/link_port.ts";
import type { NodeDescription, NodeHealth, NodeRow } from "#rpc/node_report.ts";
import type { NodeId } from "#wire/role.ts";
import type {
  ActivitiesPage,
  ActivityChange,
  ActivityDetail,
  ActivityList,
  ActivityRef,
  ActivityRow,
  CreateActivity,
  NodesPage,
  OrphanList,
  RankingPage,
  RankingQuestion,
  TopicState,
  Why,
} from "./port_activities.ts";
import type {
  DeliveriesQuery,
  DeliveryOverview,
  MailList,
  MailQuery,
  ReleaseRequest,
  ResendRequest,
  RewardsChange,
} from "./port_rewards.ts";
import type {
  PlayerChanged,
  PlayerChangeRequest,
  PlayerDataFound,
  PlayerDataQuery,
  PlayerLedger,
  PlayerLedgerQuery,
} from "./port_player_data.ts";
import type {
  DoorsChange,
  KickRequest,
  MaintenanceRequest,
  PlayerWhereabouts,
  SessionsOverview,
} from "./port_players.ts";
import type {
  Calendar,
  CalendarQuestion,
  GroupsDryRun,
  GroupsPreview,
  ScheduleDryRun,
  SchedulePreview,
  ShardOverview,
} from "./port_shards.ts";

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

export interface PlayerDataPort {
  /** As it is on the disk. Takes nobody over and writes nothing. */
  look(query: PlayerDataQuery): Promise<AdminResult<PlayerDataFound>>;
  ledger(query: PlayerLedgerQuery): Promise<AdminResult<PlayerLedger>>;
  /** Only of a player whom the shard knows. */
  change(request: PlayerChangeRequest): Promise<AdminResult<PlayerChanged>>;
}

export interface AdminPort {
  readonly self: NodeId;
  readonly playerData: PlayerDataPort;
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
  /** What will happen within so many days, to all shards or to one, by this node's replica. */
  calendar(asked: CalendarQuestion): Promise<AdminResult<Calendar>>;
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
  /** Of every gateway that is reachable. */
  sessions(): Promise<AdminResult<SessionsOverview>>;
  /** At the doors of every gateway that is reachable, or of the shard's. */
  findPlayer(player: string, shard?: number): Promise<AdminResult<PlayerWhereabouts>>;
  kickPlayer(request: KickRequest, actor: Actor): Promise<AdminResult<DoorsChange>>;
  /** Until a gateway starts anew. */
  setMaintenance(request: MaintenanceRequest, actor: Actor): Promise<AdminResult<DoorsChange>>;
  /** Is this process alive and linked as its role wants? For /healthz and /readyz. */
  live(): boolean;
  ready(): { readonly ready: boolean; readonly waitingFor: readonly string[] };
}
