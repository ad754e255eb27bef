/**
 * What of many activities, and of the many nodes of one, goes into one answer: pages in a fixed order, so that the last
 * row of one names where the next begins whatever came or went meanwhile, and a summary of who has what. Pure.
 */

import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import type { ActivityPlace, AppliedRow, AppliedSummary } from "./port_activities.ts";

/** Activities of a page when nothing is said, and at most. */
export const ACTIVITIES_PAGE = 50;
export const ACTIVITIES_PAGE_MAX = 200;
/** The same when each comes with its nodes. */
export const ACTIVITIES_PAGE_WITH_NODES = 20;
/** Nodes of one activity in one answer. */
export const NODES_PAGE = 1000;

interface Row {
  readonly id: string;
  readonly owner: NodeId;
}

/** By id, and those of one id by owner. */
export function pageOfActivities<R extends Row>(
  rows: readonly R[],
  page: { readonly limit: number; readonly after: ActivityPlace | undefined },
): { readonly rows: readonly R[]; readonly next: string | undefined } {
  const { limit, after } = page;
  const left = rows.filter((row) => after === undefined || isAfter(row, after)).toSorted(compareRows);
  const taken = left.slice(0, limit);
  const last = taken.at(-1);
  return { rows: taken, next: left.length > limit && last !== undefined ? `${last.owner}/${last.id}` : undefined };
}

/** By node, as the registry has them. */
export function pageOfNodes(
  rows: readonly AppliedRow[],
  page: { readonly behind: boolean; readonly after: NodeId | undefined },
): { readonly rows: readonly AppliedRow[]; readonly next: NodeId | undefined } {
  const { behind, after } = page;
  const left = rows
    .filter((row) => !(behind && row.current) && (after === undefined || keyOfId(row.node) > keyOfId(after)))
    .toSorted((a, b) => keyOfId(a.node) - keyOfId(b.node));
  const taken = left.slice(0, NODES_PAGE);
  return { rows: taken, next: left.length > NODES_PAGE ? taken.at(-1)?.node : undefined };
}

export function summaryOf(rows: readonly AppliedRow[]): AppliedSummary {
  let [current, silent] = [0, 0];
  let behindSinceMs: number | undefined;
  for (const row of rows) {
    if (row.current) current += 1;
    if (row.version === "unknown") silent += 1;
    if (row.behindSinceMs !== undefined) behindSinceMs = Math.min(row.behindSinceMs, behindSinceMs ?? Infinity);
  }
  return { current, behind: rows.length - current, silent, behindSinceMs };
}

/** A place without an owner is behind all owners of that id. */
function isAfter(row: Row, place: ActivityPlace): boolean {
  if (row.id !== place.id) return row.id > place.id;
  return place.owner !== undefined && keyOfId(row.owner) > keyOfId(place.owner);
}

function compareRows(a: Row, b: Row): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  return keyOfId(a.owner) - keyOfId(b.owner);
}
