/**
 * Players' data on a real store in memory, with a clock that the test moves, and as many owners of it as wanted.
 */

import { Alarms } from "#base/alarms.ts";
import { Counters } from "#base/counters.ts";
import { seededRandom } from "#base/random.ts";
import { ItemKinds } from "#player/item_kinds.ts";
import { CHANGE_KEY_KEPT_MS } from "#player/ledger_table.ts";
import { PlayerData } from "#player/player_data.ts";
import { PLAYER_MIGRATIONS } from "#player/player_schema.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import type { Row, Store } from "#store/store.ts";
import { digest } from "../link/harness.ts";
import { recordingLog } from "../mesh/harness.ts";
import { ManualClock } from "../store/manual_clock.ts";

export const START_MS = 1_000_000;

export function someKinds(): ItemKinds {
  const kinds = new ItemKinds();
  kinds.add({
    gold: { kind: "currency" },
    apple: { kind: "stack", stackMax: 10 },
    sword: { kind: "unique" },
  });
  return kinds;
}

export interface Owner {
  readonly data: PlayerData;
  readonly alarms: Alarms;
  readonly counters: Counters;
  /** Who is logged in here. */
  readonly present: Set<string>;
}

export class PlayerGround {
  readonly clock = new ManualClock();
  readonly kinds = someKinds();
  readonly store: Store;
  nowMs = START_MS;

  private constructor() {
    this.store = openSqliteStore({ path: ":memory:", clock: this.clock });
  }

  static async open(): Promise<PlayerGround> {
    const ground = new PlayerGround();
    await migrate(ground.store, [PLAYER_MIGRATIONS], digest);
    return ground;
  }

  /** A node that uses the store. `store`: as this node sees it. */
  owner(name: string, options: { readonly store?: Store; readonly admitted?: () => Promise<void> } = {}): Owner {
    const { clock, kinds } = this;
    const alarms = new Alarms({ clock, log: recordingLog().log });
    const counters = new Counters();
    const present = new Set<string>();
    const data = new PlayerData({
      store: options.store ?? this.store,
      owner: name,
      keyKeptMs: CHANGE_KEY_KEPT_MS,
      ...{ clock, kinds, alarms, counters },
      clusterMs: () => this.nowMs,
      random: seededRandom(name.length),
      isLoggedIn: (player) => present.has(player),
      admitted: options.admitted ?? (() => Promise.resolve()),
    });
    return { data, alarms, counters, present };
  }

  rows(sql: string): Promise<readonly Row[]> {
    return this.store.transaction((tx) => tx.all(sql));
  }
}
