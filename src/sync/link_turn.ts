/**
 * What a link writes next for its state topics: what steers (relist, list, want, report), then one snapshot. Content
 * is taken here and not before, so it is always the newest; said is marked here, so it is what was really written.
 */

import { REPORTS_PER_FRAME_MAX } from "#wire/sync_message.ts";
import type { LinkView } from "./link_view.ts";
import type { Copy, StateMessage } from "./state_types.ts";
import { WANT_TICKS_MAX } from "./state_types.ts";
import { isNewer } from "./version.ts";
import type { VersionTable } from "./version_table.ts";

export function nextMessage(link: LinkView, copies: VersionTable<Copy>, nowMs: number): StateMessage | undefined {
  if (link.relistDue) {
    link.relistDue = false;
    return { kind: "relist" };
  }
  if (link.listDue) {
    link.listDue = false;
    return takeList(link, copies, nowMs);
  }
  if (link.wants.size > 0) {
    const topics = takeWants(link, copies);
    if (topics.length > 0) return { kind: "want", topics };
  }
  if (link.reports.size > 0) return { kind: "report", reports: link.reports.take(REPORTS_PER_FRAME_MAX) };
  return takeSnapshot(link, copies, nowMs);
}

/** Whole, also when it is empty: what it lacks is known to be lacking. Dirty topics stay dirty. */
function takeList(link: LinkView, copies: VersionTable<Copy>, nowMs: number): StateMessage {
  const entries = [];
  for (const topic of link.said.topics()) if (copies.get(topic) === undefined) link.said.delete(topic);
  for (const topic of copies.topics()) {
    const copy = copies.get(topic);
    if (copy === undefined || !link.mayOffer(copy.owner)) continue;
    entries.push({ topic, version: copy.version });
    link.said.set(topic, { version: copy.version, atMs: nowMs });
  }
  return { kind: "list", entries };
}

/** What has come meanwhile from somewhere else is not wanted any more. */
function takeWants(link: LinkView, copies: VersionTable<Copy>): string[] {
  const topics = [];
  for (const topic of link.wants) {
    const heard = link.heard.get(topic);
    const held = copies.get(topic);
    if (heard === undefined || heard.settled || (held !== undefined && !isNewer(heard.version, held.version))) continue;
    heard.waitUntil = link.ticks + 1 + Math.min(2 ** heard.asks, WANT_TICKS_MAX);
    heard.asks += 1;
    topics.push(topic);
  }
  link.wants.clear();
  return topics;
}

function takeSnapshot(link: LinkView, copies: VersionTable<Copy>, nowMs: number): StateMessage | undefined {
  for (const topic of link.dirty) {
    link.dirty.delete(topic);
    const copy = copies.get(topic);
    if (copy === undefined || !link.mayOffer(copy.owner)) continue;
    link.said.set(topic, { version: copy.version, atMs: nowMs });
    return { kind: "snapshot", snapshot: copy };
  }
  return undefined;
}
