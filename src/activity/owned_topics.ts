/**
 * The topics of one owner: what is stored, held in memory and published, kept in step. A change is committed first,
 * then held, then published; what was not committed is never announced. Does not know verbs, terms or time.
 *
 * When a commit fails it may be unknown whether it took place. So everything is read again before the next change,
 * and what turns out to be newer than what was announced is announced.
 */

import { assert } from "#base/assert.ts";
import type { Alarms } from "#base/alarms.ts";
import type { Digest } from "#base/digest.ts";
import type { Store, Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { hashOf, isSame } from "#sync/version.ts";
import type { NodeId } from "#wire/role.ts";
import type { Snapshot, Version } from "#wire/sync_message.ts";
import type { Held } from "./activity_table.ts";
import { checkEpoch, erase, raiseEpoch, readAll, readEpoch, write } from "./activity_table.ts";
import { activityTopic } from "./activity_topic.ts";
import type { ActivityContent } from "./content.ts";
import { encodeContent } from "./content.ts";
import { KindFault } from "./kind_fault.ts";

const EPOCH_MAX = 0xffff_ffff;
const NO_BYTES = new Uint8Array(0);

/** StateTopics.publish. Anything but "ok" raises the alarm `unpublished:<topic>`. */
export type Publish = (snapshot: Snapshot) => "ok" | "too_many_topics" | "too_large";

export interface OwnedTopicsOptions {
  readonly owner: NodeId;
  readonly store: Store;
  readonly digest: Digest;
  readonly alarms: Alarms;
  readonly publish: Publish;
  readonly forget: (topic: string) => void;
  /** Its versions are stored and not published. */
  readonly isHalted: (topic: string) => boolean;
}

/** What a topic is to become. */
export interface Change {
  readonly id: string;
  /** Undefined: a tombstone. */
  readonly content: ActivityContent | undefined;
  readonly atMs: number;
  /** The owner's epoch rises to this first, when it is lower. */
  readonly epochMin?: number;
}

export class OwnedTopics {
  readonly #options: OwnedTopicsOptions;
  readonly #held = new Map<string, Held>();
  #epoch = 0;
  /** The epoch that a commit of unknown outcome would have raised ours to. */
  #triedEpoch = 0;
  /** New topics start above the revisions of those that were forgotten in this epoch. */
  #revisionFloor = 0;
  #isStale = false;
  #isAnnouncing = false;

  constructor(options: OwnedTopicsOptions) {
    this.#options = options;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get size(): number {
    return this.#held.size;
  }

  get(id: string): Held | undefined {
    return this.#held.get(id);
  }

  /** By id. */
  all(): readonly Held[] {
    return [...this.#held.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  topicOf(id: string): string {
    return activityTopic(this.#options.owner, id);
  }

  /**
   * Takes the next epoch and gives every topic a version in it, in one transaction, in which `also` reads what belongs
   * to them. Publishes nothing yet.
   */
  async start(also?: (tx: Tx) => Promise<void>): Promise<void> {
    const { owner, store } = this.#options;
    const loaded = await store.transaction(async (tx) => {
      const last = await readEpoch(tx, owner);
      const epoch = last + 1;
      assert(epoch <= EPOCH_MAX, "an epoch that fits into 32 bits");
      await raiseEpoch(tx, owner, { from: last, to: epoch });
      const held: Held[] = [];
      for (const old of await readAll(tx, owner)) {
        const { revision, hash } = old.version;
        const next: Held = { ...old, version: { epoch, revision: revision + 1, hash } };
        await write(tx, owner, { from: old.version, to: next });
        held.push(next);
      }
      await also?.(tx);
      return { epoch, held };
    });
    this.#epoch = loaded.epoch;
    for (const held of loaded.held) this.#held.set(held.id, held);
  }

  /** Publishes all, and from now on every change. */
  announceAll(): void {
    this.#isAnnouncing = true;
    for (const held of this.#held.values()) this.#announce(held);
  }

  /** To be awaited before each look at what is held, by one caller at a time. Throws StoreError. */
  async recover(): Promise<void> {
    if (!this.#isStale) return;
    const { owner, store, forget } = this.#options;
    const found = await store.transaction(async (tx) => ({
      epoch: await readEpoch(tx, owner),
      held: await readAll(tx, owner),
    }));
    if (found.epoch !== this.#epoch && found.epoch !== this.#triedEpoch) {
      throw new StoreError("fenced", `Cannot go on as ${owner}: another process has taken epoch ${found.epoch}`);
    }
    this.#isStale = false;
    this.#options.alarms.clear(`fenced:${owner}`);
    this.#epoch = found.epoch;
    const gone = new Set(this.#held.keys());
    const newer: Held[] = [];
    for (const held of found.held) {
      const known = this.#held.get(held.id);
      gone.delete(held.id);
      this.#held.set(held.id, held);
      if (known === undefined || !isSame(known.version, held.version)) newer.push(held);
    }
    for (const held of newer) this.#announce(held);
    for (const id of gone) {
      this.#drop(id);
      forget(this.topicOf(id));
    }
  }

  /**
   * Commits all or none, then publishes them. `also` writes what belongs to the changes in the same transaction; what
   * it throws undoes them. Throws StoreError, and what `also` throws.
   */
  async commit(changes: readonly Change[], also?: (tx: Tx, next: readonly Held[]) => Promise<void>): Promise<void> {
    const { owner } = this.#options;
    const before = this.#epoch;
    const epoch = Math.max(before, ...changes.map((change) => change.epochMin ?? 0));
    assert(epoch <= EPOCH_MAX, "an epoch that fits into 32 bits");
    const next = changes.map((change) => this.#next(change, epoch));
    this.#triedEpoch = epoch;
    await this.#save(async (tx) => {
      if (epoch === before) await checkEpoch(tx, owner, epoch);
      else await raiseEpoch(tx, owner, { from: before, to: epoch });
      for (const held of next) await write(tx, owner, { from: this.#held.get(held.id)?.version, to: held });
      await also?.(tx, next);
    });
    this.#epoch = epoch;
    for (const held of next) this.#held.set(held.id, held);
    for (const held of next) this.#announce(held);
  }

  /** The same content, or the same tombstone, under a new version with at least this epoch. Throws StoreError. */
  async republish(id: string, epochMin: number): Promise<void> {
    const held = this.#held.get(id);
    assert(held !== undefined, "a topic that is held");
    const content = held.kind === "live" ? held.content : undefined;
    await this.commit([{ id, content, atMs: held.changedAtMs, epochMin }]);
  }

  /**
   * What belongs to topics and is no version of one, in a transaction of its own. Throws StoreError, also `fenced` when
   * another process speaks as this owner, and what `work` throws; then nothing was written.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const { owner } = this.#options;
    this.#triedEpoch = this.#epoch;
    return await this.#save(async (tx) => {
      await checkEpoch(tx, owner, this.#epoch);
      return await work(tx);
    });
  }

  /** Takes tombstones out of the store, then off the lists. Throws StoreError. */
  async forget(ids: readonly string[]): Promise<void> {
    const { owner, forget } = this.#options;
    const gone = ids.flatMap((id) => this.#held.get(id) ?? []);
    assert(
      gone.every((held) => held.kind === "tombstone"),
      "tombstones only",
    );
    if (gone.length === 0) return;
    this.#triedEpoch = this.#epoch;
    await this.#save(async (tx) => {
      await checkEpoch(tx, owner, this.#epoch);
      for (const held of gone) await erase(tx, owner, held);
    });
    for (const held of gone) {
      this.#drop(held.id);
      forget(this.topicOf(held.id));
    }
  }

  async #save<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.#options.store.transaction(work);
    } catch (error) {
      // What a kind has thrown has undone the whole, for certain.
      if (error instanceof KindFault) throw error;
      this.#isStale = true;
      if (error instanceof StoreError && error.code === "fenced") {
        this.#options.alarms.raise(`fenced:${this.#options.owner}`, { detail: error.message });
      }
      throw error;
    }
  }

  #next(change: Change, epoch: number): Held {
    const { id, content, atMs } = change;
    const bytes = content === undefined ? NO_BYTES : encodeContent(content);
    const revision = (this.#held.get(id)?.version.revision ?? this.#revisionFloor) + 1;
    const version: Version = { epoch, revision, hash: hashOf(this.#options.digest, bytes) };
    const base = { id, version, bytes, changedAtMs: atMs };
    return content === undefined ? { ...base, kind: "tombstone" } : { ...base, kind: "live", content };
  }

  #announce(held: Held): void {
    const topic = this.topicOf(held.id);
    if (!this.#isAnnouncing || this.#options.isHalted(topic)) return;
    const { version, bytes } = held;
    const result = this.#options.publish({ topic, version, bytes, tombstone: held.kind === "tombstone" });
    if (result === "ok") this.#options.alarms.clear(`unpublished:${topic}`);
    else this.#options.alarms.raise(`unpublished:${topic}`, { reason: result });
  }

  #drop(id: string): void {
    this.#revisionFloor = Math.max(this.#revisionFloor, this.#held.get(id)?.version.revision ?? 0);
    this.#held.delete(id);
  }
}
