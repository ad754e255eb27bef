/**
 * Kuafu's public surface: what a team's modules import as "kuafu". Everything that is here keeps its meaning
 * within a major version; everything that is not may change at any time.
 */

import * as v from "valibot";

export { v };
export { highest, lowest } from "./activity/ranks/rank_order.ts";
export type { RankEntry, RankOrder } from "./activity/ranks/rank_order.ts";
export type { RankingHandle } from "./activity/kind_hooks.ts";
export { Refusal } from "./activity/reports/refusal.ts";
export type { Mail, MailItem } from "./delivery/reward.ts";
export { activity } from "./module/activity_kind.ts";
export type { ActivityKind, ActivityOptions, BodyOf, ConfigOf } from "./module/activity_kind.ts";
export type { BotAsking, BotRequest } from "./module/bot_request.ts";
export type { OwnerTerm, TermJoin, TermReport, TermReward, TermStanding } from "./module/owner_term.ts";
export type { ItemKind } from "./player/item_kinds.ts";
export type { LedgerPage, LedgerRecord } from "./player/ledger_table.ts";
export type { ChangeOutcome, ClaimOutcome, ItemChange, ItemCount, PlayerChange } from "./player/player_change.ts";
export { ChangeFault } from "./player/change_fault.ts";
export type { PlayerView, Profile, UniqueItem } from "./player/player_record.ts";
export type { MailList, PlayerAccess } from "./module/player_access.ts";
export type { PlayerCall, PlayerHandler } from "./module/player_service.ts";
export type { Phase, TermPhase } from "./activity/term.ts";
export { module } from "./module/module.ts";
export type { Module } from "./module/module.ts";
export type {
  ActivityEvent,
  ActivityListener,
  AppliedEvent,
  ClosedEvent,
  EnteredMap,
  Group,
  Handlers,
  JoinCall,
  ModuleNode,
  OnceEvent,
  OpenedEvent,
  PhaseEvent,
  PlayerPlace,
  PlayerPush,
  ReportCall,
  ReportOutcome,
  StandingCall,
  StandingOutcome,
  Target,
  TopCall,
  TopOutcome,
} from "./module/module_node.ts";
export { contract, ContractError } from "./rpc/contract.ts";
export type { Contract, Method, MethodDeclaration, ReplyOf, RequestOf } from "./rpc/contract.ts";
export { CallError, isCallError } from "./rpc/call_failure.ts";
export type { CallOptions } from "./rpc/caller.ts";
export type { CallContext, Handler } from "./rpc/server.ts";
export type { PlayerOf } from "./session/session_table.ts";
export type { CallErrorCode } from "./wire/call_error.ts";
export type { Identity } from "./wire/identity.ts";
export type { NodeId, Role } from "./wire/role.ts";
