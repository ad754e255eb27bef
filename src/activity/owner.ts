/**
 * The owner's side of activities, on a cross_center: persists every change before it is announced, opens and closes
 * on request and at `endsAtMs`, takes a new epoch at each start, and answers to reports of what it has not said.
 * One change at a time; each is idempotent. Throws StoreError when the store fails, then nothing has changed or been
 * announced. Knows no links: what is published goes to a callback.
 */

import { assert } from "#base/assert.ts";
import { toHex } from "#base/digest.ts";
import { isLoggedAttempt, messageOf } from "#base/log.ts";
import { Slices } from "#base/slices.ts";
import { StoreError } from "#store/store.ts";
import { TopicOwner } from "#sync/topic_owner.ts";
import { versionText } from "#sync/version.ts";
import type { Report, Version } from "#wire/sync_message.ts";
import { parseActivityTopic } from "./activity_topic.ts";
import { CreateDesk } from "./create_desk.ts";
import { dropOldDeleted, noteDeleted } from "./series/deleted_members.ts";
import { DueTimer } from "./due_timer.ts";
import type { Orphan } from "./orphans.ts";
import type {
  ActivityOutcome,
  ActivityView,
  CreateRequest,
  EditRequest,
  TopicOutcome,
  VerbOptions,
} from "./outcome.ts";
import { viewOf } from "./outcome.ts";
import { OwnedTopics } from "./owned_topics.ts";
import type { ActivityOwnerOptions } from "./owner_options.ts";
import { missKinds } from "./miss_kinds.ts";
import { ReportDesk } from "./report_desk.ts";
import { ShardWatch } from "./shards/shard_watch.ts";
import type { RankLookup } from "./ranks/rank_lookup.ts";
import type { ReportIntake } from "./reports/report_intake.ts";
import { SerialQueue } from "./serial_queue.ts";
import type { Live, TermRunner } from "./term_runner.ts";
import { TermWork } from "./term_work.ts";
import { dropOldKeys } from "./verb_keys.ts";
import { VerbDesk, conflict, isIn } from "./verb_desk.ts";
import type { PhaseVerb } from "./verbs.ts";
import { stepOf } from "./verbs.ts";

/** Changes that may wait for their turn; more are refused with StoreError `overloaded`. */
export const CHANGES_WAITING_MAX = 256;
/** How long a tombstone is kept at least. */
export const TOMBSTONE_MIN_MS = 30 * 24 * 3600 * 1000;
const TERM_ID_SIZE = 16;

export class ActivityOwner {
  readonly #options: ActivityOwnerOptions;
  readonly #topics: OwnedTopics;
  readonly #judge = new TopicOwner();
  readonly #desk: ReportDesk;
  readonly #runner: TermRunner;
  readonly #verbs: VerbDesk;
  readonly #creation: CreateDesk;
  readonly #dueTimer: DueTimer;
  readonly #watch: ShardWatch;
  readonly #work: TermWork;
  readonly #queue = new SerialQueue(CHANGES_WAITING_MAX);
  #walkFailures = 0;
  /** Reports that could not be answered; a storm of them is one line at 1, 2, 4, 8 … */
  #unanswered = 0;
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: ActivityOwnerOptions) {
    this.#options = options;
    const { self, store, clock, clusterMs, digest, log, alarms, publish, forget } = options;
    const owner = self.id;
    const isHalted = (topic: string): boolean => this.#judge.isHalted(topic);
    this.#topics = new OwnedTopics({ owner, store, digest, alarms, publish, forget, isHalted });
    this.#desk = new ReportDesk({
      owner,
      topics: this.#topics,
      judge: this.#judge,
      clock,
      digest,
      clusterMs,
      log,
      alarms,
    });
    this.#work = new TermWork({
      ...options,
      owner,
      topics: this.#topics,
      nowMs: () => this.#nowMs(),
      newTerm: () => this.#newTerm(),
      change: (work) => this.#change(work),
      missing: (id) => this.#missing(id).detail,
      isRunning: () => this.#state === "running",
      changed: () => this.#changed(),
    });
    this.#runner = this.#work.runner;
    this.#watch = new ShardWatch({
      ...{ owner, topics: this.#topics, runner: this.#runner, shards: options.shards, clock, log, alarms },
      nowMs: () => this.#nowMs(),
      inTurn: (work) => this.#change(work),
      committed: () => this.#changed(),
    });
    this.#creation = new CreateDesk({
      ...{ topics: this.#topics, kinds: options.kinds, shards: options.shards, alarms },
      missing: (id) => this.#missing(id),
      nowMs: () => this.#nowMs(),
      newTerm: () => this.#newTerm(),
    });
    this.#verbs = new VerbDesk({
      owner,
      store,
      topics: this.#topics,
      runner: this.#runner,
      shards: options.shards,
      ungrouped: (content) => this.#watch.ungrouped(content),
      isHalted,
      missing: (id) => this.#missing(id),
      checked: (request) => this.#creation.checked(request),
      nowMs: () => this.#nowMs(),
      newTerm: () => this.#newTerm(),
      held: (content) => this.#work.held(content),
      changed: () => this.#changed(),
    });
    this.#dueTimer = new DueTimer({
      clock,
      clusterMs,
      times: () => this.#runner.times(),
      act: () => this.#walkInTime(),
    });
  }

  /** Takes a new epoch, does what is past due, publishes everything. Throws StoreError; then it has not started. */
  async start(): Promise<void> {
    assert(this.#state === "new", "an owner that was not started");
    await this.#topics.start((tx) => this.#work.start(tx));
    missKinds(this.#topics.all(), this.#options);
    for (const held of this.#topics.all()) {
      if (!this.#isStopped()) await this.#runner.walk(held.id, this.#nowMs());
    }
    this.#topics.announceAll();
    this.#judge.start(this.#topics.epoch - 1);
    if (this.#isStopped()) return;
    this.#state = "running";
    this.#options.log.info("activities loaded", { epoch: this.#topics.epoch, count: this.#topics.size });
    this.#changed();
  }

  /** Lets the change under way end; refuses later ones. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#dueTimer.stop();
    this.#watch.stop();
    this.#work.stop();
    await this.#queue.drained();
  }

  /** Reports and joins of players. */
  get reports(): ReportIntake {
    return this.#work.reports;
  }

  get rankings(): RankLookup {
    return this.#work.rankings;
  }

  /** What is known of the shards has changed. */
  shardsChanged(): void {
    if (this.#state !== "running") return;
    if (this.#runner.isWaiting) this.#dueTimer.arm();
    this.#watch.changed();
  }

  #changed(): void {
    this.#dueTimer.arm();
    this.#work.wake();
    this.#watch.changed();
  }

  /** It may have been stopped while it was waiting for something. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  get epoch(): number {
    return this.#topics.epoch;
  }

  list(): readonly ActivityView[] {
    return this.#topics.all().flatMap((held) => (held.kind === "live" ? [this.#view(held)] : []));
  }

  get(id: string): ActivityView | undefined {
    const live = this.#live(id);
    return live === undefined ? undefined : this.#view(live);
  }

  /** What a change of it would find: the activity, unchanged, or why there is none. */
  find(id: string): ActivityOutcome {
    const value = this.get(id);
    return value === undefined ? this.#missing(id) : { kind: "ok", value, changed: false };
  }

  orphans(): readonly Orphan[] {
    return this.#desk.orphans.all();
  }

  /** The same id with an equal kind, config, schedule and times again: unchanged, or opened if that is asked for. */
  create(request: CreateRequest): Promise<ActivityOutcome> {
    return this.#change(() => this.#creation.create(request, this.#verbs));
  }

  /** Of what is open: unchanged, the same term. Else a new term. */
  open(id: string, options: VerbOptions = {}): Promise<ActivityOutcome> {
    return this.verb(id, "open", options);
  }

  /** Of what is closed: unchanged. */
  close(id: string, options: VerbOptions = {}): Promise<ActivityOutcome> {
    return this.verb(id, "close", options);
  }

  /** Any verb that only changes the phase. What is so already stays as it is, unchanged. */
  verb(id: string, verb: PhaseVerb, options: VerbOptions = {}): Promise<ActivityOutcome> {
    return this.#change(() => this.#verbs.phase(id, verb, options));
  }

  /** Another end for what is open: later than now. The same end again: unchanged. */
  extend(id: string, closesAtMs: number, options: VerbOptions = {}): Promise<ActivityOutcome> {
    return this.#change(() => this.#verbs.extend(id, closesAtMs, options));
  }

  /** Another config, end, schedule or timing, before a term has begun. Equal ones: unchanged. */
  edit(id: string, edit: EditRequest, options: VerbOptions = {}): Promise<ActivityOutcome> {
    return this.#change(() => this.#verbs.edit(id, edit, options));
  }

  /** Leaves a tombstone; answers the activity as it was, with the tombstone's version. */
  remove(id: string): Promise<ActivityOutcome> {
    return this.#change(async () => {
      const live = this.#live(id);
      if (live === undefined) return this.#missing(id);
      if (stepOf(live.content, "delete") === "refused")
        return conflict(`Cannot delete activity "${id}": ${isIn(live.content)}`, live);
      const halted = this.#verbs.halted(id);
      if (halted !== undefined) return halted;
      const atMs = this.#nowMs();
      await this.#runner.entomb(id, atMs, async (tx) => {
        if (live.content.series !== undefined) await noteDeleted(tx, this.#options.self.id, { id, atMs });
      });
      this.#changed();
      const version = this.#topics.get(id)?.version ?? live.version;
      this.#options.log.info("activity deleted", { activity: id, version: versionText(version) });
      return { kind: "ok", value: viewOf(live.content, { owner: this.#options.self.id, version }), changed: true };
    });
  }

  /** Makes an orphan's content, as a node has answered it, this owner's own. Of what it has: unchanged. */
  adopt(topic: string, found: { readonly bytes: Uint8Array; readonly version: Version }): Promise<TopicOutcome> {
    return this.#change(async () => {
      const outcome = await this.#desk.adopt(topic, found);
      this.#changed();
      return outcome;
    });
  }

  /** Ends a running term for good, or an orphan with a tombstone. Of what has ended so: unchanged. */
  cancel(topic: string, options: VerbOptions = {}): Promise<TopicOutcome> {
    return this.#change(async () => {
      const id = parseActivityTopic(topic)?.id ?? "";
      const outcome = await this.#verbs.phase(id, "cancel", options);
      if (outcome.kind === "ok") return { ...outcome, topic, version: outcome.value.version };
      // What was done under its key is answered first, also of what is gone since.
      if (outcome.kind !== "invalid" && this.#live(id) === undefined) return this.#desk.cancel(topic);
      return outcome;
    });
  }

  /** An operator says that a topic's other owner is gone. Of what has one owner: unchanged. */
  resume(id: string): Promise<TopicOutcome> {
    return this.#change(async () => (this.#topics.get(id) === undefined ? this.#missing(id) : this.#desk.resume(id)));
  }

  /** StateEffects.reported. Never rejects: what could not be done is done when it is reported again. */
  async reported(report: Report): Promise<void> {
    try {
      await this.#change(() => this.#desk.answer(report));
    } catch (error) {
      this.#unanswered += 1;
      if (!isLoggedAttempt(this.#unanswered)) return;
      const data = { topic: report.topic, error: messageOf(error), count: this.#unanswered };
      this.#options.log.warn("report not answered", data);
    }
  }

  /** Forgets tombstones that are old enough and applied by all configured gateways. Answers how many. */
  sweep(wallMs: number, appliedByAll: (topic: string, version: Version) => boolean): Promise<number> {
    return this.#change(async () => {
      this.#desk.orphans.expire(this.#options.clock.nowMs());
      const over = this.#topics.all().filter((held) => {
        if (held.kind !== "tombstone" || wallMs - held.changedAtMs < TOMBSTONE_MIN_MS) return false;
        return appliedByAll(this.#topics.topicOf(held.id), held.version);
      });
      await this.#topics.forget(over.map((held) => held.id));
      await this.#options.store.transaction(async (tx) => {
        await dropOldKeys(tx, this.#options.self.id, wallMs);
        await dropOldDeleted(tx, this.#options.self.id, wallMs);
      });
      for (const held of over) this.#desk.forget(this.#topics.topicOf(held.id));
      return over.length;
    });
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    if (this.#state !== "running")
      return Promise.reject(new StoreError("closed", "Cannot change activities: the owner does not run"));
    const turn = this.#queue.add(async () => {
      await this.#topics.recover();
      return work();
    });
    return (
      turn ??
      Promise.reject(new StoreError("overloaded", `Cannot change activities: ${CHANGES_WAITING_MAX} changes wait`))
    );
  }

  async #walkInTime(): Promise<boolean> {
    const slices = new Slices(this.#options.clock);
    try {
      for (const [index, { id }] of this.#topics.all().entries()) {
        if (index > 0) await slices.pause();
        if (this.#isStopped()) return true;
        await this.#change(() => this.#runner.walk(id, this.#nowMs()));
      }
      this.#work.wake();
      this.#walkFailures = 0;
      this.#watch.changed();
      return true;
    } catch (error) {
      this.#walkFailures += 1;
      const data = { error: messageOf(error), attempt: this.#walkFailures };
      if (isLoggedAttempt(this.#walkFailures)) this.#options.log.warn("activities not moved on in time", data);
      return false;
    }
  }

  #live(id: string): Live | undefined {
    const held = this.#topics.get(id);
    return held?.kind === "live" ? held : undefined;
  }

  #isOrphan(id: string): boolean {
    return this.#desk.orphans.get(this.#topics.topicOf(id)) !== undefined;
  }

  #missing(id: string): Exclude<ActivityOutcome, { readonly kind: "ok" }> {
    if (!this.#isOrphan(id)) return { kind: "not_found", detail: `there is no activity "${id}"` };
    const detail = `activity "${id}" is an orphan: nodes hold it from before this owner lost its data`;
    return { kind: "conflict", detail, allowed: ["adopt", "cancel"] };
  }

  #view(live: Live): ActivityView {
    return this.#verbs.view(live);
  }

  #nowMs(): number {
    return Math.trunc(this.#options.clusterMs());
  }

  #newTerm(): string {
    return toHex(this.#options.random.bytes(TERM_ID_SIZE));
  }
}
