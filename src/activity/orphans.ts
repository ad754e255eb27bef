/**
 * Topics that others hold in this owner's name and that it does not have: its data was lost, or a backup was put back.
 * They are told, never published or deleted without a person's word. An orphan that nobody reports any more is
 * forgotten after ORPHAN_SILENT_MAX_MS. Bound: TOPICS_MAX; more are counted in no list, their holders report again.
 */

import type { Alarms } from "#base/alarms.ts";
import { compareOrder, versionText } from "#sync/version.ts";
import { TOPICS_MAX } from "#wire/limits.ts";
import { idOfKey } from "#wire/role.ts";
import type { NodeId } from "#wire/role.ts";
import type { Report, Version } from "#wire/sync_message.ts";

/** Holders report every ten heartbeats. */
export const ORPHAN_SILENT_MAX_MS = 600_000;

export interface Orphan {
  readonly topic: string;
  /** Whom to ask for the content. */
  readonly reporter: NodeId;
  /** The highest version that was reported. */
  readonly version: Version;
  readonly reportedAtMs: number;
}

export class Orphans {
  readonly #alarms: Alarms;
  readonly #byTopic = new Map<string, Orphan>();

  constructor(alarms: Alarms) {
    this.#alarms = alarms;
  }

  get(topic: string): Orphan | undefined {
    return this.#byTopic.get(topic);
  }

  all(): readonly Orphan[] {
    return [...this.#byTopic.values()];
  }

  reported(report: Report, nowMs: number): void {
    const { topic } = report;
    const known = this.#byTopic.get(topic);
    if (known === undefined && this.#byTopic.size >= TOPICS_MAX) return;
    const highest = report.claims.toSorted(compareOrder).at(-1);
    if (highest === undefined) return;
    const isHigher = known === undefined || compareOrder(highest, known.version) >= 0;
    const orphan: Orphan = isHigher
      ? { topic, reporter: idOfKey(report.reporter), version: highest, reportedAtMs: nowMs }
      : { ...known, reportedAtMs: nowMs };
    this.#byTopic.set(topic, orphan);
    const claims = report.claims.map(versionText);
    this.#alarms.raise(`orphan:${topic}`, { reporter: orphan.reporter, version: versionText(orphan.version), claims });
  }

  resolved(topic: string): void {
    if (this.#byTopic.delete(topic)) this.#alarms.clear(`orphan:${topic}`);
  }

  expire(nowMs: number): void {
    for (const orphan of this.all()) {
      if (nowMs - orphan.reportedAtMs > ORPHAN_SILENT_MAX_MS) this.resolved(orphan.topic);
    }
  }
}
