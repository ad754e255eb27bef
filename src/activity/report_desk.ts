/**
 * What the owner does about reports of versions that it has not said: it takes the topic back with a higher epoch,
 * stops speaking for a topic that has two owners, and keeps the list of orphans until a person adopts or cancels
 * them. Called one at a time, by ActivityOwner.
 */

import type { Alarms } from "#base/alarms.ts";
import { assert } from "#base/assert.ts";
import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { isEpochJump } from "#sync/topic_judge.ts";
import type { TopicOwner } from "#sync/topic_owner.ts";
import { hashOf, versionText } from "#sync/version.ts";
import type { NodeId } from "#wire/role.ts";
import type { Report, Version } from "#wire/sync_message.ts";
import type { Held } from "./activity_table.ts";
import { parseActivityTopic } from "./activity_topic.ts";
import { decodeContent } from "./content.ts";
import { Orphans } from "./orphans.ts";
import type { TopicOutcome } from "./outcome.ts";
import { viewOf } from "./outcome.ts";
import type { OwnedTopics } from "./owned_topics.ts";

export interface ReportDeskOptions {
  readonly owner: NodeId;
  readonly topics: OwnedTopics;
  readonly judge: TopicOwner;
  readonly clock: Clock;
  readonly digest: Digest;
  readonly clusterMs: () => number;
  readonly log: Log;
  readonly alarms: Alarms;
}

export class ReportDesk {
  readonly #options: ReportDeskOptions;
  readonly orphans: Orphans;
  /** The highest claim on each topic that has two owners. */
  readonly #rivals = new Map<string, Version>();

  constructor(options: ReportDeskOptions) {
    this.#options = options;
    this.orphans = new Orphans(options.alarms);
  }

  /** Throws StoreError when a higher epoch could not be kept; the report will come again. */
  async answer(report: Report): Promise<void> {
    const { alarms, clock, judge, owner, topics } = this.#options;
    const { topic, claims } = report;
    const parsed = parseActivityTopic(topic);
    if (parsed?.owner !== owner) return;
    const held = topics.get(parsed.id)?.version;
    const verdict = judge.judge(topic, { held, claims }, clock.nowMs());
    switch (verdict.kind) {
      case "ignore":
        return;
      case "bump":
        await this.#bump(parsed.id, verdict.epoch);
        return;
      case "two_owners":
        this.#rivals.set(topic, verdict.claim);
        alarms.raise(`two_owners:${topic}`, {
          claim: versionText(verdict.claim),
          held: held === undefined ? "none" : versionText(held),
        });
        return;
      case "orphan":
        this.orphans.reported(report, clock.nowMs());
        return;
      case "epoch_jump":
        alarms.raise(`epoch_jump:${topic}`, { claim: versionText(verdict.claim), epoch: topics.epoch });
        return;
    }
  }

  async #bump(id: string, epoch: number): Promise<void> {
    const { judge, log, topics } = this.#options;
    const topic = topics.topicOf(id);
    try {
      await topics.republish(id, epoch);
    } catch (error) {
      // Else the judge takes the new epoch for said, and ignores the report when it comes again.
      judge.forget(topic);
      throw error;
    }
    log.warn("epoch raised on a report", { topic, epoch });
  }

  /**
   * An operator says that the other owner is gone: speaks for a topic that is held again, above what was claimed.
   * Unchanged when it has one owner.
   */
  async resume(id: string): Promise<TopicOutcome> {
    const { alarms, judge, log, topics } = this.#options;
    const topic = topics.topicOf(id);
    // Not isHalted: a resume whose commit failed is finished by the next one.
    const rival = this.#rivals.get(topic);
    if (rival === undefined) return this.#told(id, false);
    judge.resume(topic);
    await topics.republish(id, rival.epoch + 1);
    this.#rivals.delete(topic);
    alarms.clear(`two_owners:${topic}`);
    const outcome = this.#told(id, true);
    log.info("activity resumed", { activity: id, version: outcome.version });
    return outcome;
  }

  /** Makes an orphan's content, as a node has answered it, the owner's own. Unchanged for what the owner has. */
  async adopt(topic: string, found: { readonly bytes: Uint8Array; readonly version: Version }): Promise<TopicOutcome> {
    const { clusterMs, digest, log, topics } = this.#options;
    const held = this.#held(topic);
    if (held?.kind === "live") return this.#told(held.id, false);
    const orphan = this.#orphan(topic);
    if (orphan === undefined) return notOrphan(topic);
    const { id } = orphan;
    const decoded = decodeContent(found.bytes, id);
    if (decoded.kind === "bad") return notAdopted(id, "bytes", decoded.detail);
    // A node that lies must not take the owner's last epochs.
    if (isEpochJump(found.version, topics.epoch)) {
      return notAdopted(id, "version", `epoch is ${found.version.epoch}, this owner's is ${topics.epoch}`);
    }
    if (hashOf(digest, found.bytes) !== found.version.hash) return notAdopted(id, "version", "hash is of other bytes");
    const epochMin = Math.max(orphan.version.epoch, found.version.epoch) + 1;
    const atMs = Math.trunc(clusterMs());
    await topics.commit([{ id, content: decoded.content, atMs, epochMin }]);
    this.orphans.resolved(topic);
    const outcome = this.#told(id, true);
    log.info("activity adopted", { activity: id, version: outcome.version });
    return outcome;
  }

  /** Ends an orphan with a tombstone. Unchanged for what has one. */
  async cancel(topic: string): Promise<TopicOutcome> {
    const { clusterMs, log, topics } = this.#options;
    const held = this.#held(topic);
    if (held?.kind === "tombstone") return this.#told(held.id, false);
    const orphan = this.#orphan(topic);
    if (orphan === undefined) return notOrphan(topic);
    const { id } = orphan;
    const atMs = Math.trunc(clusterMs());
    await topics.commit([{ id, content: undefined, atMs, epochMin: orphan.version.epoch + 1 }]);
    this.orphans.resolved(topic);
    const outcome = this.#told(id, true);
    log.info("activity cancelled", { activity: id, version: outcome.version });
    return outcome;
  }

  #held(topic: string): Held | undefined {
    const id = parseActivityTopic(topic)?.id;
    return id === undefined ? undefined : this.#options.topics.get(id);
  }

  /** What is held now. */
  #told(id: string, changed: boolean): Extract<TopicOutcome, { readonly kind: "ok" }> {
    const { owner, topics } = this.#options;
    const held = topics.get(id);
    assert(held !== undefined, "a topic that is held");
    const { version } = held;
    const value = held.kind === "live" ? viewOf(held.content, { owner, version }) : undefined;
    return { kind: "ok", topic: topics.topicOf(id), version: versionText(version), value, changed };
  }

  #orphan(topic: string): { readonly id: string; readonly version: Version } | undefined {
    const version = this.orphans.get(topic)?.version;
    const id = parseActivityTopic(topic)?.id;
    if (version === undefined || id === undefined || this.#options.topics.get(id) !== undefined) return undefined;
    return { id, version };
  }

  /** The topic is no more. */
  forget(topic: string): void {
    this.#options.judge.forget(topic);
    this.#rivals.delete(topic);
    this.#options.alarms.clear(`two_owners:${topic}`);
  }
}

function notAdopted(id: string, path: string, message: string): TopicOutcome {
  return { kind: "invalid", detail: `Cannot adopt activity "${id}": ${path}: ${message}`, issues: [{ path, message }] };
}

function notOrphan(topic: string): TopicOutcome {
  return { kind: "not_found", detail: `there is no orphan ${topic}` };
}
