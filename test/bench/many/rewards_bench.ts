/**
 * Rewards: 100,000 to 100 shards through the real outbox, lanes and inboxes, each shard and the owner with a file of its
 * own, until the last one is acknowledged; beside bare bun:sqlite that writes the same rows in the same batches. The
 * calls in between pack and unpack their bodies and go over no socket: what is measured is what is written.
 */

import { join } from "node:path";
import { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { issueRewards } from "#delivery/outbox_table.ts";
import { takeBatch } from "#delivery/outbox_batch.ts";
import { applyRewards } from "#delivery/inbox_table.ts";
import type { Reward } from "#delivery/reward.ts";
import { Sender } from "#delivery/sender.ts";
import { STORE_MIGRATIONS } from "#module/store_migrations.ts";
import type { Caller } from "#rpc/caller.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunDigest } from "#runtime/bun_digest.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import type { Store } from "#store/store.ts";
import { packBody, unpackBody } from "#wire/body.ts";
import { identity } from "#wire/identity.ts";
import { nodeId, nodeKey } from "#wire/role.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, table } from "../table.ts";
import { bareRewards } from "./bare_rewards.ts";

export const REWARDS = 100_000;
export const SHARDS = 100;
/** Rewards that one settlement issues at once. */
export const ISSUED_AT_ONCE = 1_000;
const ROUNDS = 3;
const MILLION = 1_000_000;
const READS = 200;
const OWNER = nodeId("cross_center", 1);
const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export interface Took {
  readonly issueMs: number;
  readonly deliverMs: number;
}

export async function benchRewards(setting: Setting): Promise<string> {
  const ours: Took[] = [];
  const bare: Took[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await kuafuRewards(join(setting.folder, `rewards_${round}`)));
    bare.push(bareRewards(join(setting.folder, `bare_rewards_${round}`)));
  }
  const reads = await readsAtAMillion(join(setting.folder, "rewards_million"));
  const perSecond = (took: readonly Took[], of: (one: Took) => number): number =>
    REWARDS / (median(took.map(of)) / 1_000);
  const total = ({ issueMs, deliverMs }: Took): number => issueMs + deliverMs;
  const steps = [
    ["issued", ({ issueMs }: Took) => issueMs],
    ["sent, applied with their mails, acknowledged", ({ deliverMs }: Took) => deliverMs],
    ["both", total],
  ] as const;
  const text = table(
    ["rewards/s", "Kuafu", "bare bun:sqlite", "ratio"],
    steps.map(([name, of]) => {
      const own = perSecond(ours, of);
      const other = perSecond(bare, of);
      return [name, number(own), number(other), (own / other).toFixed(2)];
    }),
  );
  const read = `The oldest batch of one shard, read while ${number(MILLION)} rewards of ${SHARDS} shards are pending: ${median(reads).toFixed(2)} ms.`;
  setting.say(`${text}\n\n${read}`);
  return `${number(REWARDS)} rewards to ${SHARDS} shards, issued ${number(ISSUED_AT_ONCE)} at a time, until all are acknowledged: one file for the
owner and one per shard, every commit synchronized, all in one process, medians of ${ROUNDS} rounds that took turns. The bare
one inserts and updates the same rows in the same batches, with prepared statements and nothing else.

${text}

${read}`;
}

export function rewardsOf(from: number, count: number): Reward[] {
  return Array.from({ length: count }, (_, index) => {
    const place = from + index;
    return {
      key: {
        activity: "world_boss",
        term: "5f".repeat(16),
        group: "all",
        ranking: "damage",
        player: `player-${place}`,
        tier: String(1 + Math.floor(place / 1_000)),
      },
      shard: 1 + (place % SHARDS),
      mail: {
        title: "World boss",
        text: `You came ${place + 1}. in the ranking of damage.`,
        items: [
          { item: "gold", count: 1_000 },
          { item: "gem", count: 5 },
        ],
        expiresAtMs: 4_000_000_000_000,
      },
    };
  });
}

async function open(path: string): Promise<Store> {
  const store = openSqliteStore({ path, clock: bunClock });
  await migrate(store, STORE_MIGRATIONS, bunDigest);
  return store;
}

async function issue(store: Store, count: number): Promise<void> {
  for (let from = 0; from < count; from += ISSUED_AT_ONCE) {
    const rewards = rewardsOf(from, ISSUED_AT_ONCE);
    await store.transaction((tx) => issueRewards(tx, { owner: OWNER, rewards, atMs: bunClock.wallMs() }));
  }
}

/** Tells when a counter has come so far. */
class WatchedCounters extends Counters {
  readonly reached = Promise.withResolvers<void>();

  override add(name: string, by = 1): void {
    super.add(name, by);
    if (this.get("delivery.acknowledged") === REWARDS) this.reached.resolve();
  }
}

async function kuafuRewards(folder: string): Promise<Took> {
  const store = await open(join(folder, "owner.sqlite"));
  const inboxes = new Map<number, Store>();
  for (let shard = 1; shard <= SHARDS; shard += 1) {
    inboxes.set(nodeKey("center", shard), await open(join(folder, `center_${shard}.sqlite`)));
  }
  const counters = new WatchedCounters();
  const caller = {
    call: async (_method: unknown, request: { readonly rows: never }, { to }: { to: { key: number } }) => {
      const inbox = inboxes.get(to.key);
      if (inbox === undefined) throw new Error("there is such a center");
      const { rows } = unpackBody(packBody(request).slice()) as { rows: never };
      const reply = await inbox.transaction((tx) =>
        applyRewards(tx, { owner: OWNER, rows, atMs: bunClock.wallMs(), digest: bunDigest }),
      );
      return unpackBody(packBody(reply).slice());
    },
  } as unknown as Caller;
  const sender = new Sender({
    owner: OWNER,
    store,
    clock: bunClock,
    clusterMs: () => bunClock.wallMs(),
    random: bunRandom,
    digest: bunDigest,
    log: SILENT,
    counters,
    caller,
    homeOf: (shard) => shard,
    differs: nothing,
    changed: nothing,
  });
  await sender.start();
  const startMs = performance.now();
  await issue(store, REWARDS);
  const issuedMs = performance.now();
  for (let shard = 1; shard <= SHARDS; shard += 1) {
    sender.reachable(identity({ role: "center", number: shard, shard, boot: "00".repeat(16), startedAtMs: 0 }));
  }
  sender.wake();
  await counters.reached.promise;
  const endMs = performance.now();
  await sender.stop();
  await store.close();
  for (const inbox of inboxes.values()) await inbox.close();
  return { issueMs: issuedMs - startMs, deliverMs: endMs - issuedMs };
}

async function readsAtAMillion(folder: string): Promise<number[]> {
  const store = await open(join(folder, "owner.sqlite"));
  await issue(store, MILLION);
  const times: number[] = [];
  for (let read = 0; read < READS; read += 1) {
    const startMs = performance.now();
    await store.transaction((tx) => takeBatch(tx, OWNER, [1 + (read % SHARDS)]));
    times.push(performance.now() - startMs);
  }
  await store.close();
  return times;
}

function nothing(): void {
  // What happens on the way is not what is measured.
}
