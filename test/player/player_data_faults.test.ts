/**
 * Players' data under everything at once: a store that is slow, busy, or commits and does not say so, admissions that
 * take their time, owners that take players from each other, logins that come and go. Then what must be true is looked at.
 */

import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { PlayerDataError } from "#player/player_data_error.ts";
import type { PlayerChange } from "#player/player_change.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { Owner } from "./ground.ts";
import { PlayerGround } from "./ground.ts";

const SEEDS = 40;
const STEPS = 300;
const PLAYERS = ["ann", "ben", "cid"];

class FaultyRun {
  readonly ground: PlayerGround;
  readonly owners: readonly Owner[];
  /** What was answered ok, by player and key. */
  readonly done = new Map<string, number>();
  readonly codes = new Map<string, number>();
  readonly twice: string[] = [];
  isHealthy = false;
  begun = 0;
  ended = 0;
  readonly #unit: () => number;

  constructor(ground: PlayerGround, seed: number) {
    this.ground = ground;
    const random = seededRandom(seed);
    this.#unit = () => random.unit();
    const options = { store: this.#store(), admitted: () => this.#late(0.3) };
    this.owners = ["user:1", "user:22", "user:333"].map((name) => ground.owner(name, options));
  }

  /** Goes on until `isOver`, for at most so many turns. */
  async turn(ms: number, turns: number, isOver: () => boolean): Promise<void> {
    for (let turn = 0; turn < turns && !isOver(); turn += 1) {
      this.ground.clock.advance(ms);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async steps(): Promise<void> {
    for (let index = 0; index < STEPS; index += 1) {
      this.#step(index);
      if (this.#unit() < 0.5) await this.turn(this.#unit() * 400, 1, () => false);
    }
  }

  #step(index: number): void {
    const owner = this.#oneOf(this.owners);
    const player = this.#oneOf(PLAYERS);
    const dice = this.#unit();
    if (dice < 0.15) {
      owner.present.add(player);
      owner.data.loggedIn(player);
    } else if (dice < 0.3) {
      owner.present.delete(player);
      owner.data.loggedOut(player);
    } else if (dice < 0.35) owner.data.doubt();
    else if (dice < 0.5) void this.#watched(owner.data.read(player));
    else void this.#watched(this.#change(owner, player, index));
  }

  async #change(owner: Owner, player: string, index: number): Promise<void> {
    // Each key is asked for by two, who want different things of it.
    const key = `${Math.floor(index / 2)}`;
    const change: PlayerChange = { key, reason: "test", items: [{ item: "gold", count: 1 + (index % 7) }] };
    const outcome = await owner.data.change(player, change);
    if (outcome.kind !== "ok") throw new Error(`refused: ${outcome.kind}`);
    const name = `${player} change:${key}`;
    const count = outcome.items[0]?.count ?? 0;
    if ((this.done.get(name) ?? count) !== count) this.twice.push(name);
    this.done.set(name, count);
  }

  async #watched(running: Promise<unknown>): Promise<void> {
    this.begun += 1;
    let code = "ok";
    try {
      await running;
    } catch (error) {
      code = error instanceof PlayerDataError ? error.code : String(error);
    }
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    this.ended += 1;
  }

  #store(): Store {
    return {
      transaction: async (work) => {
        await this.#late(0.5);
        if (this.#fails(0.15)) throw new StoreError("busy", "Cannot begin: it is taken");
        const result = await this.ground.store.transaction(work);
        if (this.#fails(0.1)) throw new StoreError("io", "Cannot commit: it is committed, and nobody knows");
        return result;
      },
      close: () => this.ground.store.close(),
    };
  }

  #fails(rate: number): boolean {
    return !this.isHealthy && this.#unit() < rate;
  }

  async #late(rate: number): Promise<void> {
    if (!this.#fails(rate)) return;
    await new Promise<void>((resolve) => {
      this.ground.clock.after(this.#unit() * 2_500, resolve);
    });
  }

  #oneOf<T>(all: readonly T[]): T {
    return all[Math.floor(this.#unit() * all.length)] as T;
  }
}

describe("PlayerData under faults", () => {
  test("everything ends, what was answered ok is there once, and memory says what the disk says", async () => {
    const codes = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const ground = await PlayerGround.open();
      const run = new FaultyRun(ground, seed);
      await run.steps();
      await run.turn(200, 400, () => run.ended === run.begun);
      expect([seed, run.begun - run.ended, run.twice]).toEqual([seed, 0, []]);
      run.isHealthy = true;
      await run.turn(1_000, 50, () => false);
      for (const { data, present } of run.owners) {
        expect([seed, data.heldCount <= present.size]).toEqual([seed, true]);
        for (const player of PLAYERS) expect(await data.read(player)).toEqual((await data.look(player)).view);
      }
      const lines = await ground.rows(
        `SELECT player, key, SUM(after_count - before_count) AS sum, COUNT(*) AS lines FROM player_ledger
         WHERE subject = 'item' GROUP BY player, key`,
      );
      const kept = new Map(lines.map((row) => [`${String(row["player"])} ${String(row["key"])}`, row]));
      for (const [name, count] of run.done)
        expect([name, kept.get(name)]).toMatchObject([name, { sum: count, lines: 1 }]);
      const items = await ground.rows("SELECT player, count FROM player_item ORDER BY player");
      const sums = await ground.rows(
        `SELECT player, SUM(after_count - before_count) AS count FROM player_ledger
         WHERE subject = 'item' GROUP BY player ORDER BY player`,
      );
      expect(sums).toEqual(items);
      let areStopped = false;
      const stopping = Promise.all(run.owners.map(({ data }) => data.stop())).then(() => (areStopped = true));
      await run.turn(200, 60, () => areStopped);
      expect([seed, areStopped]).toEqual([seed, true]);
      await stopping;
      for (const code of run.codes.keys()) codes.add(code);
      await ground.store.close();
    }
    expect([...codes].toSorted()).toEqual(["deadline", "fenced", "ok", "store"]);
  });
});
