/**
 * The activities as one node knows them, whatever its role: takes the copies that sync has accepted, keeps what they
 * say, and raises `opened` and `closed` for the node's modules. The last state stays while the node is cut off; an
 * activity that has an end closes itself then. Does not judge versions by owner or link: sync does.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { isNewer, versionText } from "#sync/version.ts";
import type { NodeId } from "#wire/role.ts";
import type { Snapshot, Version } from "#wire/sync_message.ts";
import type { AppliedEvent, OpenedEvent } from "./activity_event.ts";
import { parseActivityTopic } from "./activity_topic.ts";
import type { ActivityContent } from "./content.ts";
import { decodeContent } from "./content.ts";
import { DueTimer } from "./due_timer.ts";
import { openEndsAtMs } from "./phases.ts";
import type { Phase } from "./term.ts";
import type { TermListener } from "./term_listeners.ts";
import { TermListeners } from "./term_listeners.ts";
import { TermTracker } from "./term_tracker.ts";

export interface ReplicaRow {
  readonly topic: string;
  readonly owner: NodeId;
  readonly id: string;
  /** `epoch.revision.hash` */
  readonly version: string;
  /** Wall clock of this node. */
  readonly appliedAtMs: number;
  readonly tombstone: boolean;
  /** Undefined for a tombstone, and until a content of it could be read. */
  readonly content: ActivityContent | undefined;
  /** As modules see it here: closed when the term has ended here, whatever the content says. */
  readonly phase: Phase | undefined;
}

export interface ActivityReplicaOptions {
  /** Of the node that this is the replica of; 0 on the cross tier. */
  readonly shard: number;
  readonly clock: Clock;
  /** Estimate of the owner's wall clock. */
  readonly clusterMs: () => number;
  /** When this process started, by the same clock. */
  readonly nodeStartedClusterMs: () => number;
  readonly log: Log;
  readonly alarms: Alarms;
}

interface Known {
  readonly topic: string;
  readonly owner: NodeId;
  readonly id: string;
  readonly tracker: TermTracker;
  version: Version;
  appliedAtMs: number;
  tombstone: boolean;
  content: ActivityContent | undefined;
}

export class ActivityReplica {
  readonly #options: ActivityReplicaOptions;
  readonly #known = new Map<string, Known>();
  readonly #listeners: TermListeners;
  readonly #dueTimer: DueTimer;

  constructor(options: ActivityReplicaOptions) {
    this.#options = options;
    this.#listeners = new TermListeners(options.alarms);
    this.#dueTimer = new DueTimer({
      clock: options.clock,
      clusterMs: options.clusterMs,
      times: () => this.#ends(),
      act: () => {
        for (const known of this.#known.values()) this.#update(known);
        return true;
      },
    });
  }

  /** StateEffects.accepted, and what this node publishes itself. A version that is not newer is ignored. */
  apply(copy: Snapshot): void {
    const name = parseActivityTopic(copy.topic);
    if (name === undefined) return;
    const before = this.#known.get(copy.topic);
    if (before !== undefined && !isNewer(copy.version, before.version)) return;
    const known: Known = before ?? {
      topic: copy.topic,
      ...name,
      tracker: new TermTracker({ owner: name.owner, shard: this.#options.shard }),
      version: copy.version,
      appliedAtMs: 0,
      tombstone: false,
      content: undefined,
    };
    this.#known.set(copy.topic, known);
    const hadEnd = endOf(known.content) !== undefined;
    const was = before === undefined ? "new" : situation(known);
    known.version = copy.version;
    known.appliedAtMs = this.#options.clock.wallMs();
    known.tombstone = copy.tombstone;
    const last = known.content;
    this.#read(known, copy);
    this.#logApplied(known, was !== situation(known));
    this.#update(known);
    const content = known.content ?? last;
    if (content !== undefined) this.#listeners.deliver([{ kind: "applied", event: appliedEvent(known, content) }]);
    // It looks at all of them, and a node that starts applies as many as there are.
    if (hadEnd || endOf(known.content) !== undefined) this.#dueTimer.arm();
  }

  /** StateEffects.dropped: the topic is on no list any more. */
  forget(topic: string): void {
    const known = this.#known.get(topic);
    if (known === undefined) return;
    known.content = undefined;
    this.#known.delete(topic);
    this.#options.alarms.clear(`bad_content:${topic}`);
    this.#update(known);
    this.#dueTimer.arm();
  }

  /** Hears at once of what is open and of the phases that are known. Answers what ends it. */
  listen(listener: TermListener): () => void {
    const phases = this.#sorted().flatMap((known) => known.tracker.phase ?? []);
    const applied = this.#sorted().flatMap((known) =>
      known.content === undefined ? [] : [appliedEvent(known, known.content)],
    );
    return this.#listeners.add(listener, { open: this.open(), phases, applied });
  }

  /** The terms that are open here, by topic. */
  open(): readonly OpenedEvent[] {
    return this.#sorted().flatMap((known) => known.tracker.open ?? []);
  }

  /** All of them, tombstones too, by topic. */
  view(): readonly ReplicaRow[] {
    return this.#sorted().map(rowOf);
  }

  /** Those of this id: one, unless several owners have one. */
  named(id: string): readonly ReplicaRow[] {
    return [...this.#known.values()].filter((known) => known.id === id).map(rowOf);
  }

  /** No timer runs afterwards. */
  stop(): void {
    this.#dueTimer.stop();
  }

  /** What can't be read leaves the last readable content in force; the version counts as applied all the same. */
  #read(known: Known, copy: Snapshot): void {
    const alarm = `bad_content:${copy.topic}`;
    if (copy.tombstone) {
      known.content = undefined;
      this.#options.alarms.clear(alarm);
      return;
    }
    const decoded = decodeContent(copy.bytes, known.id);
    if (decoded.kind === "ok") {
      known.content = decoded.content;
      this.#options.alarms.clear(alarm);
    } else {
      this.#options.alarms.raise(alarm, { version: versionText(copy.version), detail: decoded.detail });
    }
  }

  #update(known: Known): void {
    const { clusterMs, nodeStartedClusterMs } = this.#options;
    const times = { nowMs: clusterMs(), nodeStartedMs: nodeStartedClusterMs() };
    const events = known.tracker.update(known.content, times);
    for (const { kind, event } of events) {
      // The line of the version that was applied says the phase.
      if (kind === "phase" || kind === "applied") continue;
      this.#options.log.info(`activity ${kind} here`, {
        activity: event.id,
        term: event.term,
        number: event.termNumber,
      });
    }
    this.#listeners.deliver(events);
  }

  /** Once per change at level info; versions that say the same, as after a restart of the owner, at level debug. */
  #logApplied(known: Known, isChange: boolean): void {
    const data = {
      activity: known.id,
      owner: known.owner,
      version: versionText(known.version),
      phase: known.content?.phase ?? "deleted",
    };
    if (isChange) this.#options.log.info("activity applied", data);
    else this.#options.log.debug("activity applied", data);
  }

  /** Also of terms that count as past due here: the owner's clock may turn out to be behind ours. */
  #ends(): readonly number[] {
    return [...this.#known.values()].flatMap(({ content, tracker }) =>
      content?.phase === "open" && !tracker.hasEnded(content.term.id) ? (openEndsAtMs(content) ?? []) : [],
    );
  }

  #sorted(): readonly Known[] {
    return [...this.#known.values()].toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
  }
}

function endOf(content: ActivityContent | undefined): number | undefined {
  return content === undefined ? undefined : openEndsAtMs(content);
}

function rowOf(known: Known): ReplicaRow {
  return {
    topic: known.topic,
    owner: known.owner,
    id: known.id,
    version: versionText(known.version),
    appliedAtMs: known.appliedAtMs,
    tombstone: known.tombstone,
    content: known.content,
    phase: phaseOf(known),
  };
}

function appliedEvent(known: Known, content: ActivityContent): AppliedEvent {
  return {
    id: known.id,
    kind: content.kind,
    owner: known.owner,
    version: versionText(known.version),
    phase: known.tombstone ? "deleted" : content.phase,
    term: known.tombstone ? undefined : content.term?.id,
    appliedAtMs: known.appliedAtMs,
  };
}

function phaseOf(known: Known): Phase | undefined {
  const { content, tracker } = known;
  if (content?.phase === "open" && tracker.open?.term !== content.term.id) return "closed";
  return content?.phase;
}

function situation(known: Known): string {
  return `${known.tombstone ? "deleted" : known.content?.phase} ${known.content?.term?.id}`;
}
