/**
 * Players' data alone: the real PlayerData on the real store, as a `user` node has it, without a node.
 *
 *   player_data_process.ts FILE
 */

import { Alarms } from "#base/alarms.ts";
import { Counters } from "#base/counters.ts";
import { ItemKinds } from "#player/item_kinds.ts";
import { CHANGE_KEY_KEPT_MS } from "#player/ledger_table.ts";
import { PlayerData } from "#player/player_data.ts";
import { PLAYER_MIGRATIONS } from "#player/player_schema.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunDigest } from "#runtime/bun_digest.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import { answers } from "../answers.ts";
import { QUIET } from "../bench_node.ts";
import { median } from "../stats.ts";
import { timesOf } from "./load.ts";
import type { Saved, SaveQuestion } from "./saving.ts";
import { PLAYERS_ALONE } from "./saving.ts";

/** Remembers how much each commit had in it. */
class BatchCounters extends Counters {
  batches: number[] = [];

  override add(name: string, by = 1): void {
    super.add(name, by);
    if (name === "player_data.committed") this.batches.push(by);
  }
}

const [path = ""] = process.argv.slice(2);
const store = openSqliteStore({ path, clock: bunClock, isShared: true });
await migrate(store, [PLAYER_MIGRATIONS], bunDigest);
const counters = new BatchCounters();
const kinds = new ItemKinds();
kinds.add({ coin: { kind: "currency" } });
const data = new PlayerData({
  ...{ store, owner: "user:101", clock: bunClock, random: bunRandom, kinds, counters },
  keyKeptMs: CHANGE_KEY_KEPT_MS,
  clusterMs: () => bunClock.wallMs(),
  alarms: new Alarms({ clock: bunClock, log: QUIET }),
  isLoggedIn: () => true,
  admitted: () => Promise.resolve(),
});
const players = Array.from({ length: PLAYERS_ALONE }, (_, index) => `player-${index}`);
await Promise.all(players.map((player) => data.read(player)));
let keys = 0;

answers<SaveQuestion>(async ({ inFlight, durationMs }): Promise<Saved> => {
  counters.batches = [];
  const timesMs: number[] = [];
  const startMs = performance.now();
  const untilMs = startMs + durationMs;
  const worker = async (slot: number): Promise<void> => {
    let index = slot;
    for (let nowMs = startMs; nowMs < untilMs; index = (index + inFlight) % PLAYERS_ALONE) {
      keys += 1;
      const change = { key: `k${keys}`, reason: "bench.earn", items: [{ item: "coin", count: 1 }] };
      const outcome = await data.change(players[index] ?? "", change);
      if (outcome.kind !== "ok" || outcome.repeated) throw new Error(`Cannot earn a coin: ${outcome.kind}`);
      const fromMs = nowMs;
      nowMs = performance.now();
      timesMs.push(nowMs - fromMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, slot) => worker(slot)));
  const elapsedMs = performance.now() - startMs;
  const { batches } = counters;
  return {
    ...timesOf(timesMs, elapsedMs),
    batches: { least: Math.min(...batches), median: median(batches), most: Math.max(...batches) },
  };
});
