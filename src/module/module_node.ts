/**
 * What a module gets of the node that hosts it. Everything here is checked at the wall: what a module throws
 * ends its call, its listener or its setup, raises an alarm, and never ends the process.
 */

import type {
  ActivityEvent as TermEvent,
  AppliedEvent,
  ClosedEvent as ClosedTerm,
  OpenedEvent as OpenedTerm,
  PhaseEvent as TermPhaseEvent,
} from "#activity/activity_event.ts";
import type { OnceEvent as TermOnceEvent } from "#activity/once_hooks.ts";
import type { TermPhase } from "#activity/term.ts";
import type { LogData } from "#base/log.ts";
import type { CallOptions } from "#rpc/caller.ts";
import type { Method, ReplyOf, RequestOf } from "#rpc/contract.ts";
import type { Handler } from "#rpc/server.ts";
import type { EnterMapOutcome } from "#session/gateway_sessions.ts";
import type { PlayerOf } from "#session/session_table.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, Role } from "#wire/role.ts";
import type { PlayerAccess } from "./player_access.ts";
import type { PlayerHandler } from "./player_service.ts";
import type { ActivityKind, BodyOf, ConfigOf } from "./activity_kind.ts";
import type {
  JoinCall,
  ReportCall,
  ReportOutcome,
  StandingCall,
  StandingOutcome,
  TopCall,
  TopOutcome,
} from "./shard_activity.ts";

export type { AppliedEvent, JoinCall, ReportCall, ReportOutcome, StandingCall, StandingOutcome, TopCall, TopOutcome };

/**
 * Whom to call: a node, or the node of a role. Of a role that a shard has several of, or of the cross tier,
 * the one that rendezvous hashing (or the assignment, for `cross_center` and `cross_map`) gives the caller. Of a player the
 * `user` node that owns its data, in the caller's shard if none is said.
 */
export type Target =
  NodeId | { readonly role: Role; readonly shard?: number } | { readonly player: string; readonly shard?: number };

/** How a part of the runtime asks on a module's behalf. Rejects with CallError. */
export type CallTarget = <M extends Method>(
  method: M,
  request: RequestOf<M>,
  options: CallOptions & { readonly to: Target },
) => Promise<ReplyOf<M>>;

/** Every node of a role, in one shard or in all. */
export interface Group {
  readonly every: Role;
  readonly shard?: number;
}

/** An activity as a module sees it. */
export interface ActivityEvent<Config = unknown> extends TermEvent {
  readonly config: Config;
}

export interface OpenedEvent<Config = unknown> extends OpenedTerm {
  readonly config: Config;
}

export interface ClosedEvent<Config = unknown> extends ClosedTerm {
  readonly config: Config;
}

/** A term is in another phase. */
export interface PhaseEvent<Config = unknown> extends TermPhaseEvent {
  readonly config: Config;
}

/** Handlers of a contract; a contract may be served in part. */
export type Handlers<C extends Readonly<Record<string, Method>>> = {
  readonly [Name in keyof C]?: Handler<C[Name]>;
};

/** A phase that a term has entered. */
export interface OnceEvent<Config = unknown> extends TermOnceEvent {
  readonly config: Config;
}

export interface ActivityListener<Config, Body = unknown> {
  /** Once per term and life of the process; at once for what is open already. */
  opened(listener: (event: OpenedEvent<Config>) => void | Promise<void>): void;
  /** Once for each `opened`. */
  closed(listener: (event: ClosedEvent<Config>) => void | Promise<void>): void;
  /**
   * Each phase that the owner says, at once for those that are known already. What passed while this node was cut off
   * is not told one by one, but the last phase of a term comes before the next term's first.
   */
  phase(listener: (event: PhaseEvent<Config>) => void | Promise<void>): void;
  /** Each version of an activity of this kind that this node has applied, at once for those that it has. */
  applied(listener: (event: AppliedEvent) => void | Promise<void>): void;
  /**
   * On a `center` alone: runs once for each term that enters the phase, over all lives of the process, also when the shard
   * slept through it. It runs again until it has resolved once, so what it does is to be idempotent by (term, phase).
   * Throws TypeError on another node.
   */
  once(phase: TermPhase | "cancelled", hook: (event: OnceEvent<Config>) => void | Promise<void>): void;
  /** What is open now. */
  open(): readonly ActivityEvent<Config>[];
  /**
   * Reports to the owner of the activity, from a node of a shard. Taken once for each key, however often it is asked;
   * `ok` means that it is on the owner's disk. Rejects with CallError when the owner can't be asked.
   */
  report(report: ReportCall<Body>, options?: CallOptions): Promise<ReportOutcome>;
  /** Signs a player up, once for each term. Rejects as `report`. */
  join(join: JoinCall, options?: CallOptions): Promise<ReportOutcome>;
  /** Where somebody stands, in the group of this shard unless another one is named. Rejects as `report`. */
  standing(question: StandingCall, options?: CallOptions): Promise<StandingOutcome>;
  /** The first places. Rejects as `report`. */
  top(question: TopCall, options?: CallOptions): Promise<TopOutcome>;
}

/** Something that players of this node's shard are told unasked. */
export interface PlayerPush {
  /** At most 1,000. Without them: everybody of the shard who is logged in. */
  readonly players?: readonly string[] | undefined;
  /** [a-z][a-z0-9_.]*, for the client to tell pushes apart. */
  readonly type: string;
  /** Plain data. */
  readonly body: unknown;
}

export interface PlayerPlace {
  /** 32 hex digits; another one with each login. */
  readonly session: string;
  /** Undefined: the player is in no map. */
  readonly map: NodeId | undefined;
}

export interface EnteredMap {
  /**
   * `ok`: the map node knows the session. `no_session`: the player, or that session of theirs, is not logged in.
   * `no_such_map`: no map node of that name is linked to the shard's gateway, and nothing has changed.
   */
  readonly kind: EnterMapOutcome;
}

export interface ModuleNode {
  readonly id: NodeId;
  readonly role: Role;
  /** 0 on the cross tier. */
  readonly shard: number;
  /** Adds the module's name to each line. */
  readonly log: {
    debug(phrase: string, data?: LogData): void;
    info(phrase: string, data?: LogData): void;
    warn(phrase: string, data?: LogData): void;
    error(phrase: string, data?: LogData): void;
  };
  /** Runs `start` when the node has one of these roles. */
  on(roles: Role | readonly Role[], start: () => void): void;
  /** Serves methods of a contract here. Throws ContractError when an id is taken or is the runtime's own. */
  serve<C extends Readonly<Record<string, Method>>>(contract: C, handlers: Handlers<C>): void;
  /** Rejects with CallError. */
  call<M extends Method>(
    method: M,
    request: RequestOf<M>,
    options: CallOptions & { readonly to: Target },
  ): Promise<ReplyOf<M>>;
  /** No reply, no promise of arrival. False when it could not leave this process. */
  cast<M extends Method>(method: M, request: RequestOf<M>, to: Target | Group): boolean;
  /**
   * Serves a method to players, on the role that it says. The shard's gateway has checked the request, and says who asks.
   * Throws ContractError for a method whose contract is not among the module's `players`, or that is taken; TypeError on a
   * node of another role.
   */
  onPlayer<M extends Method>(method: M, handler: PlayerHandler<M>): void;
  /** Tells players of this node's shard. Answers how many were told. Rejects with CallError. */
  push(push: PlayerPush): Promise<{ readonly told: number }>;
  /** Ends a player's session, with the reason for the client. Rejects with CallError. */
  kick(player: string, reason: string): Promise<{ readonly ended: boolean }>;
  /**
   * Data of players of this node's shard: profile, bag, ledger, mails. On the cross tier there is none: its nodes call a
   * module of the player's shard, which knows what may be changed.
   */
  readonly playerData: PlayerAccess;
  /**
   * Where a player of this node's shard, or of another one, is; undefined: not logged in there. Rejects with CallError. On
   * the cross tier, which has no shard of its own, one has to be named.
   */
  whereis(player: string, options?: { readonly shard: number }): Promise<PlayerPlace | undefined>;
  /**
   * From now on the player is in that map of this node's shard, and in no other: it serves the player's requests for
   * `map`. Lasts until the session ends, the player leaves or enters another map, or the map's process ends. The newest
   * enter wins. With `session` (a handler may pass what it got as `from`) only that login enters.
   * Rejects with CallError; also when the map could not be told: then the player is in no map.
   */
  enterMap(of: PlayerOf, map: NodeId): Promise<EnteredMap>;
  /** With `map`: only if the player is in that one. Rejects with CallError. */
  leaveMap(of: PlayerOf, map?: NodeId): Promise<{ readonly left: boolean }>;
  activity<Kind extends ActivityKind>(kind: Kind): ActivityListener<ConfigOf<Kind>, BodyOf<Kind>>;
  /** Nodes that are reachable now. */
  nodes(role: Role, shard?: number): readonly Identity[];
  /** A node came into or went out of the directory, end to end. */
  onReachable(listener: (node: Identity) => void): void;
  onUnreachable(listener: (node: Identity) => void): void;
  /** Calls once after `delayMs`. Returns what cancels it. */
  after(delayMs: number, fn: () => void): () => void;
  /** The cluster's wall clock in ms, as far as it is known here. */
  clusterMs(): number;
}
