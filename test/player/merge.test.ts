/** The commands of docs/operations.md that merge the players of two shards, as they stand there. */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Database } from "bun:sqlite";
import { describe, expect, test } from "#test";
import { PLAYER_MIGRATIONS } from "#player/player_schema.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import { digest } from "../link/harness.ts";
import { ManualClock } from "../store/manual_clock.ts";
import { withFolder } from "../store/temporary_folder.ts";
import { PlayerGround } from "./ground.ts";

function commands(of: { readonly merged: string }): string {
  const page = readFileSync(resolve(import.meta.dir, "../../docs/operations.md"), "utf8");
  const [, sql = ""] = /players\.sqlite <<'SQL'\n([\s\S]*?)\nSQL/.exec(page) ?? [];
  return sql.replace("data/shard-2/players.sqlite", of.merged);
}

/** A shard's file with these players, who have a coin each. */
async function shardFile(path: string, players: readonly string[]): Promise<void> {
  const store = openSqliteStore({ path, clock: new ManualClock() });
  await migrate(store, [PLAYER_MIGRATIONS], digest);
  const { data } = (await PlayerGround.open()).owner("user:1", { store });
  for (const player of players) {
    await data.change(player, {
      ...{ key: "first", reason: "test" },
      items: [
        { item: "gold", count: 1 },
        { item: "sword", count: 1 },
      ],
    });
  }
  await store.close();
}

describe("Merging the players of two shards", () => {
  test("moves all that they have, their ledgers and their keys", () =>
    withFolder(async (folder) => {
      const [one, two] = [join(folder, "one.sqlite"), join(folder, "two.sqlite")];
      await shardFile(one, ["ann"]);
      await shardFile(two, ["ben", "cid"]);
      const db = new Database(one);
      db.run(commands({ merged: two }));
      db.close();
      const store = openSqliteStore({ path: one, clock: new ManualClock() });
      const { data } = (await PlayerGround.open()).owner("user:1", { store });
      for (const player of ["ann", "ben", "cid"]) {
        const { bag } = await data.read(player);
        expect([bag.items, bag.uniques.length]).toEqual([[{ item: "gold", count: 1 }], 1]);
        const again = await data.change(player, { key: "first", reason: "test", items: [{ item: "gold", count: 1 }] });
        expect(again).toMatchObject({ kind: "ok", repeated: true });
        expect((await data.ledger({ player, limit: 9 })).rows.length).toBe(2);
      }
      await store.close();
    }));

  test("moves nobody when somebody is in both", () =>
    withFolder(async (folder) => {
      const [one, two] = [join(folder, "one.sqlite"), join(folder, "two.sqlite")];
      await shardFile(one, ["ann"]);
      await shardFile(two, ["ann", "ben"]);
      const db = new Database(one);
      expect(() => db.run(commands({ merged: two }))).toThrow("UNIQUE constraint failed");
      db.close();
      const store = openSqliteStore({ path: one, clock: new ManualClock() });
      expect(await store.transaction((tx) => tx.all("SELECT player FROM player"))).toEqual([{ player: "ann" }]);
      await store.close();
    }));
});
