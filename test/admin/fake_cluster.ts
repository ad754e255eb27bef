/**
 * The cluster that FakePort shows: two gateways with a node below each, and one link that is down.
 */

import { pageOfNodes, summaryOf } from "#admin/activity_pages.ts";
import type { ActivityDetail, ActivityRow, AppliedRow, NodesPage, OrphanRow } from "#admin/port_activities.ts";
import type { AdminResult, NodeRow } from "#admin/port.ts";
import type { ShardRow } from "#admin/port_shards.ts";
import type { LinkStatus } from "#link/link_port.ts";
import { nodeId, parseNodeId, type NodeId } from "#wire/role.ts";

export const STARTED_AT_MS = 1_700_000_000_000;
export const GATEWAY = nodeId("gateway", 1);
export const CENTER = nodeId("center", 1);
export const CROSS_GATEWAY = nodeId("cross_gateway", 1);
export const CROSS_CENTER = nodeId("cross_center", 1);
export const ATTACHED_TO: ReadonlyMap<NodeId, NodeId> = new Map([
  [GATEWAY, GATEWAY],
  [CENTER, GATEWAY],
  [CROSS_GATEWAY, CROSS_GATEWAY],
  [CROSS_CENTER, CROSS_GATEWAY],
]);

/** One that is there, one that is down and says little, one that is no more, one that was not heard. */
export const SHARDS: readonly ShardRow[] = [
  {
    shard: 1,
    openedAtMs: STARTED_AT_MS,
    timeZone: "Asia/Shanghai",
    mergedInto: undefined,
    mergedAtMs: undefined,
    source: GATEWAY,
    sinceMs: STARTED_AT_MS,
    heardAtMs: STARTED_AT_MS + 5,
    reachable: true,
    conflict: "gateway:9 says nothing",
  },
  { ...bareShard(2), source: nodeId("gateway", 2), sinceMs: STARTED_AT_MS, heardAtMs: STARTED_AT_MS },
  { ...bareShard(3), mergedInto: 1, source: GATEWAY, sinceMs: STARTED_AT_MS, heardAtMs: STARTED_AT_MS },
  { ...bareShard(4), reachable: true },
];

function bareShard(shard: number): ShardRow {
  return {
    shard,
    openedAtMs: undefined,
    timeZone: undefined,
    mergedInto: undefined,
    mergedAtMs: undefined,
    source: undefined,
    sinceMs: undefined,
    heardAtMs: undefined,
    reachable: false,
    conflict: undefined,
  };
}

/** What an owner says of a list with a shard that does not exist. */
export function noShard() {
  const issues = [{ path: "rule.groups.0.shards.0", message: "found 9, and there is no such shard; allowed: 1" }];
  return { kind: "invalid" as const, detail: "Cannot divide shards: 1 fault", issues };
}

export type Link = LinkStatus & { readonly node: NodeId };

export function ok<T>(value: T, changed = true): AdminResult<T> {
  return { kind: "ok", value, changed };
}

export function noNode(id: NodeId): { readonly kind: "not_found"; readonly detail: string } {
  return { kind: "not_found", detail: `Cannot find node ${id}` };
}

export function noOrphan(id: string): { readonly kind: "not_found"; readonly detail: string } {
  return { kind: "not_found", detail: `there is no orphan ${orphanOf(id).topic}` };
}

export function orphanOf(id: string): OrphanRow {
  const topic = `activity/${CROSS_CENTER}/${id}`;
  return { owner: CROSS_CENTER, id, topic, version: "8.3.00000000", reporter: GATEWAY };
}

/** A new activity of the one kind that there is. */
export function blankRow(id: string): ActivityRow {
  return {
    id,
    kind: "boss",
    owner: CROSS_CENTER,
    phase: "scheduled",
    term: undefined,
    termNumber: 0,
    openedAtMs: undefined,
    closedAtMs: undefined,
    endsAtMs: undefined,
    phases: ["open", "closed"],
    schedule: { kind: "manual" },
    timing: { previewMs: 0, signupMs: 0, showMs: 0 },
    groups: { kind: "all" },
    series: undefined,
    termGroups: undefined,
    ungrouped: undefined,
    plan: [],
    next: undefined,
    stopped: undefined,
    config: {},
    version: "",
  };
}

export function detailOf(row: ActivityRow, page: NodesPage = {}): ActivityDetail {
  const nodes: AppliedRow[] = [
    { node: GATEWAY, version: row.version, current: true, lag: undefined, behindSinceMs: undefined },
    { node: CENTER, version: undefined, current: false, lag: undefined, behindSinceMs: STARTED_AT_MS },
  ];
  const { rows, next } = pageOfNodes(nodes, { behind: page.behind === true, after: page.after });
  return {
    ...row,
    applied: summaryOf(nodes),
    nodes: rows,
    nodesNext: next,
  };
}

export function linksOf(node: NodeId): Link[] {
  return statusesOf(node).map((status) => ({ node, ...status }));
}

export function statusesOf(node: NodeId): LinkStatus[] {
  const gateway = ATTACHED_TO.get(node);
  if (gateway === undefined || gateway === node) return [];
  return [
    {
      peer: gateway,
      relation: "above",
      address: "127.0.0.1:7001",
      state: "backing_off",
      sinceMs: STARTED_AT_MS,
      attempt: 3,
      lastError: "dial_failed",
      nextRetryMs: 400,
      rttMs: undefined,
      queuedSize: 0,
      boot: undefined,
    },
  ];
}

export function rowOf(id: NodeId): NodeRow {
  const role = parseNodeId(id)?.role ?? "admin";
  const gateway = ATTACHED_TO.get(id) ?? id;
  const shard = gateway === GATEWAY ? 1 : 0;
  const behindSinceMs = id === CENTER ? STARTED_AT_MS : undefined;
  const current = behindSinceMs === undefined;
  return { id, role, shard, boot: "00ff", startedAtMs: STARTED_AT_MS, gateway, current, behindSinceMs };
}
