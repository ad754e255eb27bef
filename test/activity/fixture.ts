/**
 * An owner on a real store in memory, with a clock that stands still and everything that it publishes kept in order.
 */

import type { ActivityContent } from "#activity/content.ts";
import { decodeContent } from "#activity/content.ts";
import { afterVerb } from "#activity/verbs.ts";
import { PHASES_DEFAULT, TIMING_NONE } from "#activity/term.ts";
import { ACTIVITY_MIGRATIONS } from "#activity/activity_table.ts";
import { parseActivityTopic } from "#activity/activity_topic.ts";
import type { ActivityKinds, ActivityOutcome, ActivityView, TopicOutcome } from "#activity/outcome.ts";
import type { ShardGroups } from "#activity/groups/term_groups.ts";
import { NO_SHARDS } from "#activity/groups/term_groups.ts";
import { ActivityOwner } from "#activity/owner.ts";
import type { RewardSink } from "#activity/ranks/reward_walk.ts";
import { Alarms } from "#base/alarms.ts";
import type { Log } from "#base/log.ts";
import { seededRandom } from "#base/random.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import type { Store, Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { identity } from "#wire/identity.ts";
import type { Snapshot } from "#wire/sync_message.ts";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";

export const SELF = identity({ role: "cross_center", number: 1, shard: 0, boot: "00".repeat(16), startedAtMs: 0 });
export const TOPIC = "activity/cross_center:1/boss";

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** `boss` takes { hp: number }; `free` takes anything; `broken` throws. */
export const kinds: ActivityKinds = {
  names: ["boss", "free", "broken"],
  parseConfig(kind, input) {
    if (kind === "broken") throw new Error("module bug");
    if (kind === "free") return { kind: "ok", config: input };
    if (kind !== "boss") return undefined;
    const hp = typeof input === "object" && input !== null && "hp" in input ? input.hp : undefined;
    if (typeof hp !== "number") return { kind: "invalid", issues: [{ path: "config.hp", message: "expected number" }] };
    return { kind: "ok", config: { hp, level: 1 } };
  },
  phases: (kind) => (["boss", "free", "broken"].includes(kind) ? PHASES_DEFAULT : undefined),
  enter: async () => undefined,
};

/** One that nobody has opened yet. */
export function scheduled(of: Partial<ActivityContent> = {}): ActivityContent {
  return {
    id: "boss",
    kind: "boss",
    config: { hp: 10 },
    endsAtMs: undefined,
    phases: PHASES_DEFAULT,
    timing: TIMING_NONE,
    schedule: { kind: "manual" },
    groups: { kind: "all" },
    series: undefined,
    cursorMs: 0,
    termCount: 0,
    history: [],
    phase: "scheduled",
    term: undefined,
    ...of,
  } as ActivityContent;
}

/** With a new term that is open. */
export function opened(
  content: ActivityContent,
  at: { readonly term: string; readonly atMs: number },
): ActivityContent {
  return afterVerb(content, "open", { nowMs: at.atMs, term: at.term });
}

/** Closed now. */
export function closed(content: ActivityContent, atMs: number): ActivityContent {
  return afterVerb(content, "close", { nowMs: atMs, term: "" });
}

/** A store that can be told to fail: before the work, or after it was committed. */
export class FlakyStore implements Store {
  readonly #store: Store;
  failing: "no" | "before" | "after" = "no";

  constructor(store: Store) {
    this.#store = store;
  }

  async transaction<T>(work: (tx: Tx) => Promise<T> | T): Promise<T> {
    if (this.failing === "before") throw new StoreError("io", "Cannot commit: the disk is on fire");
    const result = await this.#store.transaction(work);
    if (this.failing === "after") throw new StoreError("io", "Cannot tell whether it was committed");
    return result;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

export interface World {
  readonly clock: ManualClock;
  readonly store: FlakyStore;
  readonly alarms: Alarms;
  readonly published: Snapshot[];
  readonly forgotten: string[];
  /** Called with each snapshot, before it is kept. */
  onPublish: (snapshot: Snapshot) => void;
  /** A process that starts on this store; the one before is to be taken as dead. */
  begin(): Promise<ActivityOwner>;
  /** The same, not started. */
  make(): ActivityOwner;
}

export async function makeWorld(
  options: {
    readonly seed?: number;
    readonly kinds?: ActivityKinds;
    readonly shards?: ShardGroups;
    readonly rewards?: RewardSink;
    readonly rankEntriesMax?: number;
  } = {},
): Promise<World> {
  const clock = new ManualClock();
  const store = new FlakyStore(openSqliteStore({ path: ":memory:", clock }));
  await migrate(store, [ACTIVITY_MIGRATIONS], digest);
  const alarms = new Alarms({ clock, log: silentLog });
  const random = seededRandom(options.seed ?? 1);
  const published: Snapshot[] = [];
  const forgotten: string[] = [];
  const world: World = {
    clock,
    store,
    alarms,
    published,
    forgotten,
    onPublish: () => undefined,
    make: () =>
      new ActivityOwner({
        self: SELF,
        store,
        clock,
        clusterMs: () => clock.wallMs(),
        random,
        digest,
        log: silentLog,
        alarms,
        kinds: options.kinds ?? kinds,
        shards: options.shards ?? NO_SHARDS,
        publish: (snapshot) => {
          world.onPublish(snapshot);
          published.push(snapshot);
          return "ok";
        },
        forget: (topic) => forgotten.push(topic),
        rewards: options.rewards,
        rankEntriesMax: options.rankEntriesMax,
      }),
    begin: async () => {
      const owner = world.make();
      await owner.start();
      return owner;
    },
  };
  return world;
}

/** The view of an outcome that is ok; the test fails with the outcome's own words otherwise. */
export function viewIn(outcome: ActivityOutcome | TopicOutcome): ActivityView {
  if (outcome.kind !== "ok") throw new Error(`${outcome.kind}: ${outcome.detail}`);
  if (outcome.value === undefined) throw new Error("a tombstone");
  return outcome.value;
}

export function contentOf(snapshot: Snapshot | undefined): ActivityContent {
  if (snapshot === undefined) throw new Error("nothing was published");
  const decoded = decodeContent(snapshot.bytes, parseActivityTopic(snapshot.topic)?.id ?? "");
  if (decoded.kind === "bad") throw new Error(decoded.detail);
  return decoded.content;
}

/** Lets promises that are ready run on, without any time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
