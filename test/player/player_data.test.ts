import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import type { ChangeOutcome } from "#player/player_change.ts";
import { ChangeFault } from "#player/change_fault.ts";
import { BELIEVED_MS_MAX, CHANGES_WAITING_MAX, LOAD_MS_MAX, TURN_MS_MAX, UNSAVED_ALARM } from "#player/player_data.ts";
import { PlayerDataError } from "#player/player_data_error.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import { PlayerGround, START_MS } from "./ground.ts";

async function codeOf(running: Promise<unknown>): Promise<string> {
  try {
    await running;
  } catch (error) {
    return error instanceof PlayerDataError ? error.code : `no PlayerDataError: ${String(error)}`;
  }
  return "no error";
}

const gold = (
  key: string,
  count: number,
): { key: string; reason: string; items: { item: string; count: number }[] } => ({
  ...{ key, reason: "test" },
  items: [{ item: "gold", count }],
});

describe("PlayerData: a change", () => {
  test("is on the disk when it is answered, with its rows of the ledger, whoever reads it next", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    expect(await data.change("ann", gold("first", 5))).toEqual({
      ...{ kind: "ok", version: 1, repeated: false },
      items: [{ item: "gold", count: 5 }],
      made: [],
    });
    const other = ground.owner("user:102").data;
    expect((await other.read("ann")).bag.items).toEqual([{ item: "gold", count: 5 }]);
    expect(await other.ledger({ player: "ann", limit: 10 })).toEqual({
      rows: [
        {
          ...{ number: 1, atMs: START_MS, version: 1, key: "change:first", reason: "test" },
          ...{ subject: "item", name: "gold", id: "", before: 0, after: 5, values: null },
        },
      ],
      next: undefined,
    });
    await ground.store.close();
  });

  test("with a key that was used does nothing, and answers as it was answered then", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    const made = await data.change("ann", { key: "k", reason: "test", items: [{ item: "sword", count: 1 }] });
    await data.change("ann", gold("other", 1));
    const again = await data.change("ann", gold("k", 7));
    expect(again).toEqual({ ...made, repeated: true } as ChangeOutcome);
    expect(await ground.owner("user:102").data.change("ann", gold("k", 7))).toEqual(again);
    expect(await data.change("ann", { ...gold("k", 7), reason: "elsewhere" })).toEqual({
      kind: "conflict",
      detail: "key k was used for test, not for elsewhere",
    });
    expect(await data.change("ben", gold("k", 7))).toMatchObject({ kind: "ok", repeated: false });
    await ground.store.close();
  });

  test("that is refused may be asked for again, and holds when it can be done", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    expect(await data.change("ann", gold("spend", -5))).toEqual({ kind: "short", item: "gold", found: 0, wanted: 5 });
    await data.change("ann", gold("earn", 5));
    expect(await data.change("ann", gold("spend", -5))).toMatchObject({ kind: "ok", version: 2 });
    await ground.store.close();
  });

  test("shares its transaction with those of others, which is counted", async () => {
    const ground = await PlayerGround.open();
    const { data, counters, present } = ground.owner("user:101");
    const players = ["ann", "ben", "cid"];
    for (const player of players) present.add(player);
    await Promise.all(players.map((player) => data.read(player)));
    const before = { commits: counters.get("player_data.commits"), committed: counters.get("player_data.committed") };
    expect(before).toEqual({ commits: 1, committed: 3 });
    await Promise.all(players.map((player) => data.change(player, gold("k", 1))));
    const after = { commits: counters.get("player_data.commits"), committed: counters.get("player_data.committed") };
    expect(after).toEqual({ commits: 2, committed: 6 });
    await ground.store.close();
  });

  test("that can't be one is the fault of whoever asks for it", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    for (const wrong of [
      gold("k", 0),
      gold("", 1),
      { key: "k", reason: "No" },
      gold("k", 1.5),
      { key: "k", reason: "test", profile: { at: new Date(0) } },
      // Readers leave these out: what was answered ok would be gone with the next load.
      { key: "k", reason: "test", profile: { prototype: 1 } },
      { key: "k", reason: "test", profile: { constructor: 1 } },
    ]) {
      const failed = await data.change("ann", wrong).then(
        () => "nothing",
        (error: unknown) => (error instanceof Error ? error.name : "?"),
      );
      expect(["TypeError", "BodyError"]).toContain(failed);
    }
    expect(data.heldCount).toBe(0);
    await ground.store.close();
  });
});

describe("PlayerData: a change that this player's items do not allow", () => {
  test("is thrown at whoever asks, and is not in the way of those who share the transaction", async () => {
    const ground = await PlayerGround.open();
    let transactions = 0;
    const store: Store = {
      transaction: (work) => {
        transactions += 1;
        return ground.store.transaction(work);
      },
      close: () => ground.store.close(),
    };
    const { data, present } = ground.owner("user:101", { store });
    const players = ["ann", "ben", "cid"];
    for (const player of players) {
      present.add(player);
      await data.change(player, gold("a", 1));
    }
    transactions = 0;
    const wrong = { key: "b", reason: "test", items: [{ item: "sword", count: -1 }] };
    const changes = players.map((player) => data.change(player, player === "ben" ? wrong : gold("b", 1)));
    const results = await Promise.allSettled(changes);
    expect(results.map((result) => (result.status === "rejected" ? result.reason : result.value.kind))).toEqual([
      "ok",
      new ChangeFault("Cannot take 1 of sword: unique items are taken by their id"),
      "ok",
    ]);
    expect(transactions).toBe(1);
    await ground.store.close();
  });
});

describe("PlayerData: who owns a player", () => {
  test("is who took it over last: the older one saves nothing, and plans again on what is true", async () => {
    const ground = await PlayerGround.open();
    const first = ground.owner("user:101");
    const second = ground.owner("user:102");
    first.present.add("ann");
    second.present.add("ann");
    await first.data.change("ann", gold("a", 10));
    await second.data.change("ann", gold("b", -10));
    // What it holds says 10.
    expect(await first.data.change("ann", gold("c", -10))).toMatchObject({ kind: "short", found: 0 });
    expect(first.counters.get("player_data.fenced")).toBe(1);
    expect(await ground.rows("SELECT owner, epoch, version FROM player")).toEqual([
      { owner: "user:101", epoch: 3, version: 2 },
    ]);
    await ground.store.close();
  });

  test("believes what it holds only until it is in doubt", async () => {
    const ground = await PlayerGround.open();
    const first = ground.owner("user:101");
    first.present.add("ann");
    await first.data.change("ann", gold("a", 10));
    await ground.owner("user:102").data.change("ann", gold("b", 1));
    first.data.doubt();
    expect((await first.data.read("ann")).bag.items).toEqual([{ item: "gold", count: 11 }]);
    await ground.store.close();
  });

  test("is looked at again before a read that comes long after, however surely the player is logged in here", async () => {
    const ground = await PlayerGround.open();
    const first = ground.owner("user:101");
    first.present.add("ann");
    await first.data.change("ann", gold("a", 10));
    // A node that does not see the first one has taken the player over, and nobody has told the first one.
    await ground.owner("user:102").data.change("ann", gold("b", 1));
    ground.clock.advance(BELIEVED_MS_MAX);
    expect((await first.data.read("ann")).bag.items).toEqual([{ item: "gold", count: 11 }]);
    await ground.store.close();
  });

  test("is loaded for those who log in, many at once, without leaving changes no room", async () => {
    const ground = await PlayerGround.open();
    const { data, counters, present } = ground.owner("user:101");
    const players = Array.from({ length: 10_000 }, (_, index) => `p${index}`);
    for (const player of players) {
      present.add(player);
      data.loggedIn(player);
    }
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    expect(await data.change("ann", gold("a", 1))).toMatchObject({ kind: "ok" });
    expect(await data.change("p9999", gold("a", 1))).toMatchObject({ kind: "ok" });
    expect(counters.get("player_data.load_failed")).toBe(0);
    await ground.store.close();
  });

  test("keeps its data as it was saved, whatever becomes of the objects that it was given", async () => {
    const ground = await PlayerGround.open();
    const { data, present } = ground.owner("user:101");
    present.add("ann");
    const given = {
      ...{ key: "a", reason: "test" },
      items: [{ item: "sword", count: 1, data: { level: 1 } }],
      profile: { house: { rooms: 1 } },
    };
    const saving = data.change("ann", given);
    given.profile.house.rooms = 2;
    for (const entry of given.items) Object.assign(entry, { count: 5, data: { level: 2 } });
    await saving;
    const { profile, bag } = await data.read("ann");
    expect([profile, bag.uniques.map((unique) => unique.data)]).toEqual([{ house: { rooms: 1 } }, [{ level: 1 }]]);
    await ground.store.close();
  });

  test("keeps in memory who is logged in, and nobody else once it is saved", async () => {
    const ground = await PlayerGround.open();
    const { data, present } = ground.owner("user:101");
    await data.change("ann", gold("a", 1));
    expect(data.heldCount).toBe(0);
    present.add("ben");
    data.loggedIn("ben");
    await data.change("ben", gold("a", 1));
    expect(data.heldCount).toBe(1);
    present.delete("ben");
    const saving = data.change("ben", gold("b", 1));
    data.loggedOut("ben");
    expect(data.heldCount).toBe(1);
    expect(await saving).toMatchObject({ kind: "ok", version: 2 });
    expect(data.heldCount).toBe(0);
    await ground.store.close();
  });
});

describe("PlayerData: a look", () => {
  test("at a player whom nobody knows, or who is not logged in, takes nobody over and writes nothing", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    expect(await data.look("eve")).toMatchObject({ view: { version: 0, bag: { used: 0 } }, known: undefined });
    expect((await data.read("eve")).version).toBe(0);
    expect(await ground.rows("SELECT player FROM player")).toEqual([]);
    await data.change("ann", gold("a", 3));
    const other = ground.owner("user:102").data;
    expect((await other.read("ann")).bag.items).toEqual([{ item: "gold", count: 3 }]);
    expect((await other.look("ann")).known).toEqual({
      ...{ owner: "user:101", epoch: 1, createdAtMs: START_MS, changedAtMs: START_MS },
    });
    await ground.store.close();
  });
});

describe("PlayerData: what it can't do", () => {
  test("is said in time: a load that takes too long ends, and nothing is saved before it", async () => {
    const ground = await PlayerGround.open();
    const admission = Promise.withResolvers<void>();
    const { data } = ground.owner("user:101", { admitted: () => admission.promise });
    const late = codeOf(data.change("ann", gold("a", 1)));
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    ground.clock.advance(LOAD_MS_MAX);
    expect(await late).toBe("deadline");
    expect(await ground.rows("SELECT player FROM player")).toEqual([]);
    admission.resolve();
    expect(await data.change("ann", gold("a", 1))).toMatchObject({ kind: "ok", repeated: false });
    await ground.store.close();
  });

  test("is refused beyond the changes of one player that may wait", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    const changes = Array.from({ length: CHANGES_WAITING_MAX }, (_, index) => data.change("ann", gold(`${index}`, 1)));
    expect(await codeOf(data.change("ann", gold("more", 1)))).toBe("overloaded");
    const outcomes = await Promise.all(changes);
    expect(outcomes.map((outcome) => (outcome.kind === "ok" ? outcome.version : 0))).toEqual(
      changes.map((_, index) => index + 1),
    );
    await ground.store.close();
  });

  test("is said in time also of a change that waits for others of its player, and it is not done later", async () => {
    const ground = await PlayerGround.open();
    const slow = Promise.withResolvers<void>();
    const held: Store = {
      transaction: async (work) => {
        await slow.promise;
        return await ground.store.transaction(work);
      },
      close: () => ground.store.close(),
    };
    const other = ground.owner("user:102", { store: held });
    const head = codeOf(other.data.change("ann", gold("b", 1)));
    const waiting = codeOf(other.data.change("ann", gold("c", 1)));
    await new Promise((resolve) => setImmediate(resolve));
    ground.clock.advance(TURN_MS_MAX);
    expect([await head, await waiting]).toEqual(["deadline", "deadline"]);
    slow.resolve();
    expect(await other.data.change("ann", gold("d", 1))).toMatchObject({ kind: "ok", version: 1 });
    await ground.store.close();
  });

  test("for the disk is an alarm until it can, and none of it is in memory", async () => {
    const ground = await PlayerGround.open();
    let isFull = false;
    const store: Store = {
      transaction: async (work) =>
        await ground.store.transaction(async (tx) => {
          const result = await work(tx);
          if (isFull) throw new StoreError("full", "Cannot commit: the disk is full");
          return result;
        }),
      close: () => ground.store.close(),
    };
    const { data, alarms, present } = ground.owner("user:101", { store });
    present.add("ann");
    await data.change("ann", gold("a", 1));
    isFull = true;
    expect(await codeOf(data.change("ann", gold("b", 1)))).toBe("store");
    expect(alarms.all().map(({ name }) => name)).toEqual([UNSAVED_ALARM]);
    expect((await data.read("ann")).version).toBe(1);
    isFull = false;
    expect(await data.change("ann", gold("b", 1))).toMatchObject({ kind: "ok", version: 2, repeated: false });
    expect(alarms.all()).toEqual([]);
    await ground.store.close();
  });

  test("after it was stopped is to begin anything; what was under way is saved", async () => {
    const ground = await PlayerGround.open();
    const { data } = ground.owner("user:101");
    const saving = data.change("ann", gold("a", 1));
    const stopped = data.stop();
    expect(await codeOf(data.change("ann", gold("late", 1)))).toBe("closed");
    await stopped;
    expect(await saving).toMatchObject({ kind: "ok" });
    expect(await codeOf(data.change("ann", gold("b", 1)))).toBe("closed");
    await ground.store.close();
  });
});

describe("PlayerData: many owners that take players from each other", () => {
  test("lose and double nothing: what was answered ok is there once, what was refused is not", async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const ground = await PlayerGround.open();
      const random = seededRandom(seed);
      const owners = ["user:101", "user:102", "user:103"].map((name) => ground.owner(name));
      const players = ["ann", "ben", "cid", "dan"];
      for (const { present } of owners) for (const player of players) if (random.unit() < 0.7) present.add(player);
      const sums = new Map(players.map((player) => [player, 0]));
      const running: Promise<void>[] = [];
      for (let index = 0; index < 400; index += 1) {
        const player = players[Math.floor(random.unit() * players.length)] ?? "";
        const owner = owners[Math.floor(random.unit() * owners.length)];
        const count = Math.floor(random.unit() * 20) - 8 || 1;
        const key = `${Math.floor(index / 2)}`;
        const change = async (): Promise<void> => {
          const outcome = await owner?.data.change(player, gold(key, count));
          if (outcome?.kind !== "ok" || outcome.repeated) return;
          sums.set(player, (sums.get(player) ?? 0) + (outcome.items[0]?.count ?? 0));
        };
        running.push(
          change().catch((error: unknown) => {
            if (!(error instanceof PlayerDataError)) throw error;
          }),
        );
        if (random.unit() < 0.3) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(running);
      const rows = await ground.rows("SELECT player, count FROM player_item ORDER BY player");
      expect(rows.map(({ player, count }) => [player, count])).toEqual(
        players.flatMap((player) => (sums.get(player) === 0 ? [] : [[player, sums.get(player)]])) as never,
      );
      const lines = await ground.rows(
        "SELECT player, SUM(after_count - before_count) AS sum FROM player_ledger GROUP BY player ORDER BY player",
      );
      expect(lines).toEqual(players.map((player) => ({ player, sum: sums.get(player) ?? 0 })));
      expect(owners.some(({ counters }) => counters.get("player_data.fenced") > 0)).toBe(true);
      await ground.store.close();
    }
  });
});
