/**
 * Stores and rewards for the tests of delivery.
 */

import { INBOX_MIGRATIONS } from "#delivery/inbox_schema.ts";
import { OUTBOX_MIGRATIONS } from "#delivery/outbox_schema.ts";
import type { Mail, Reward, RewardKey } from "#delivery/reward.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import type { Store } from "#store/store.ts";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";

export const OWNER = "cross_center:1";
export const TERM = "0".repeat(32);
export const MAIL: Mail = { title: "Boss", text: "Well done", items: [{ item: "gold", count: 100 }], expiresAtMs: 900 };

export function keyFor(player: string, of: Partial<RewardKey> = {}): RewardKey {
  return { activity: "boss", term: TERM, group: "all", ranking: "damage", player, tier: "1", ...of };
}

export function rewardFor(player: string, of: Partial<Reward> & { readonly key?: RewardKey } = {}): Reward {
  return { key: keyFor(player), shard: 1, mail: MAIL, ...of };
}

export async function deliveryStore(clock = new ManualClock()): Promise<Store> {
  const store = openSqliteStore({ path: ":memory:", clock });
  await migrate(store, [OUTBOX_MIGRATIONS, INBOX_MIGRATIONS], digest);
  return store;
}

/** All that can happen without time has happened: nothing here waits for anything but promises. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
