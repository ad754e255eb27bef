import { describe, expect, test } from "#test";
import { Alarms } from "#base/alarms.ts";
import { seededRandom } from "#base/random.ts";
import { PlayerDataError } from "#player/player_data_error.ts";
import { PLAYER_MIGRATIONS } from "#player/player_schema.ts";
import { pinStore, SHARD_STORE_MIGRATIONS } from "#player/shard_store.ts";
import { ADMISSION_RETRY_MS, REFUSED_RETRY_MS, STORE_ALARM, StoreAdmission } from "#player/store_admission.ts";
import { CallError } from "#rpc/call_failure.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import type { Store } from "#store/store.ts";
import { nodeId } from "#wire/role.ts";
import { digest } from "../link/harness.ts";
import { recordingLog } from "../mesh/harness.ts";
import { ManualClock } from "../store/manual_clock.ts";

const GONE = new CallError({
  ...{ code: "NO_ROUTE", at: nodeId("user", 101), sent: false },
  ...{ method: "player_data.pin", detail: "gone" },
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

class Ground {
  readonly clock = new ManualClock();
  readonly alarms = new Alarms({ clock: this.clock, log: recordingLog().log });
  readonly center = openSqliteStore({ path: ":memory:", clock: this.clock });
  readonly asked: string[] = [];
  isCenterThere = true;

  async playerStore(): Promise<Store> {
    const store = openSqliteStore({ path: ":memory:", clock: this.clock });
    await migrate(store, [PLAYER_MIGRATIONS], digest);
    return store;
  }

  async open(): Promise<void> {
    await migrate(this.center, [SHARD_STORE_MIGRATIONS], digest);
  }

  async start(store: Store, seed: number): Promise<StoreAdmission> {
    const { clock, alarms } = this;
    const pin = async (id: string): Promise<string> => {
      this.asked.push(id);
      if (!this.isCenterThere) throw GONE;
      return await this.center.transaction((tx) => pinStore(tx, { shard: 1, store: id }));
    };
    const admission = new StoreAdmission({ store, clock, random: seededRandom(seed), alarms, pin });
    await admission.start();
    await turns();
    return admission;
  }
}

async function stateOf(admission: StoreAdmission): Promise<string> {
  const answer = admission.admitted().then(
    () => "admitted",
    (error: unknown) => (error instanceof PlayerDataError ? error.code : String(error)),
  );
  return await Promise.race([answer, turns().then(() => "waiting")]);
}

describe("StoreAdmission", () => {
  test("waits for the center, which the first store is pinned by; later starts wait for nobody", async () => {
    const ground = new Ground();
    await ground.open();
    ground.isCenterThere = false;
    const store = await ground.playerStore();
    const first = await ground.start(store, 1);
    expect(await stateOf(first)).toBe("waiting");
    ground.isCenterThere = true;
    ground.clock.advance(ADMISSION_RETRY_MS);
    await turns();
    expect(await stateOf(first)).toBe("admitted");
    ground.isCenterThere = false;
    expect(await stateOf(await ground.start(store, 2))).toBe("admitted");
    expect(new Set(ground.asked).size).toBe(1);
  });

  test("of a store that was admitted once tells the center all the same: one that has lost it takes no other", async () => {
    const ground = new Ground();
    await ground.open();
    const store = await ground.playerStore();
    await ground.start(store, 1);
    await ground.center.transaction((tx) => tx.run("DELETE FROM shard_store"));
    expect(await stateOf(await ground.start(store, 2))).toBe("admitted");
    const stranger = await ground.start(await ground.playerStore(), 3);
    expect(await stateOf(stranger)).toBe("refused");
    stranger.stop();
    expect(ground.clock.pending).toBe(0);
  });

  test("of a store that was admitted once stays, with an alarm, when the center has another one", async () => {
    const ground = new Ground();
    await ground.open();
    const store = await ground.playerStore();
    await ground.start(store, 1);
    await ground.center.transaction((tx) => tx.run("UPDATE shard_store SET store = ?", ["ab".repeat(16)]));
    const again = await ground.start(store, 2);
    expect(await stateOf(again)).toBe("admitted");
    expect(ground.alarms.all()).toMatchObject([{ name: STORE_ALARM, detail: { allowed: "ab".repeat(16) } }]);
    again.stop();
    expect([await stateOf(again), ground.clock.pending]).toEqual(["admitted", 0]);
  });

  test("refuses another store than the shard's, says both, and takes it when the center does", async () => {
    const ground = new Ground();
    await ground.open();
    await ground.start(await ground.playerStore(), 1);
    const second = await ground.start(await ground.playerStore(), 2);
    expect(await stateOf(second)).toBe("refused");
    const [alarm] = ground.alarms.all();
    expect(alarm).toMatchObject({ name: STORE_ALARM, detail: { allowed: ground.asked[0], found: ground.asked[1] } });
    await ground.center.transaction((tx) => tx.run("DELETE FROM shard_store"));
    ground.clock.advance(REFUSED_RETRY_MS);
    await turns();
    expect([await stateOf(second), ground.alarms.all()]).toEqual(["admitted", []]);
  });

  test("ends the wait of those who have waited for it when it refuses, and when it is stopped", async () => {
    const ground = new Ground();
    await ground.open();
    await ground.start(await ground.playerStore(), 1);
    ground.isCenterThere = false;
    const second = await ground.start(await ground.playerStore(), 2);
    const third = await ground.start(await ground.playerStore(), 3);
    const waiting = [stateOf(second), stateOf(third)];
    ground.isCenterThere = true;
    third.stop();
    ground.clock.advance(ADMISSION_RETRY_MS);
    expect(await Promise.all(waiting)).toEqual(["refused", "closed"]);
    expect(await stateOf(third)).toBe("closed");
  });

  test("asks no more when it was stopped", async () => {
    const ground = new Ground();
    await ground.open();
    ground.isCenterThere = false;
    const admission = await ground.start(await ground.playerStore(), 1);
    admission.stop();
    expect([ground.asked.length, ground.clock.pending]).toEqual([1, 0]);
  });
});
