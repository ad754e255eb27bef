/**
 * What changes of bags cost without Kuafu: the same rows in the same tables, in batches of a given size, with bare
 * bun:sqlite and prepared statements. Nobody looks whose the player is, whether the key was used, or what is in the bag.
 *
 *   bare_saves_process.ts FILE
 */

import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { CHANGE_KEY_KEPT_MS } from "#player/ledger_table.ts";
import { BAG_CAPACITY } from "#player/player_record.ts";
import { PLAYER_MIGRATIONS } from "#player/player_schema.ts";
import { packBody } from "#wire/body.ts";
import { answers } from "../answers.ts";
import type { BareQuestion, BareSaved } from "./saving.ts";
import { PLAYERS_ALONE } from "./saving.ts";

const [path = ""] = process.argv.slice(2);
mkdirSync(dirname(path), { recursive: true });
const db = new Database(path, { create: true, strict: true });
db.run("PRAGMA journal_mode = WAL");
db.run("PRAGMA synchronous = FULL");
for (const { statements } of PLAYER_MIGRATIONS.migrations) for (const statement of statements) db.run(statement);

const PROFILE = packBody({}).slice();
const OUTCOME = packBody({
  ...{ kind: "ok", version: 1_000, repeated: false },
  items: [{ item: "coin", count: 1 }],
  made: [],
}).slice();
const REASON = "bench.earn";

const players = Array.from({ length: PLAYERS_ALONE }, (_, index) => ({ player: `player-${index}`, version: 0 }));
const born = db.prepare("INSERT INTO player VALUES (?, 1, 0, 'user:101', ?, ?, 0, ?, ?)");
db.run("BEGIN IMMEDIATE");
for (const { player } of players) born.run(player, BAG_CAPACITY, PROFILE, Date.now(), Date.now());
db.run("COMMIT");

const update = db.prepare(
  `UPDATE player SET version = ?, capacity = ?, profile = ?, ledger_number = ?, changed_at_ms = ?
   WHERE player = ? AND epoch = 1 AND version = ?`,
);
const item = db.prepare(
  `INSERT INTO player_item (player, item, count) VALUES (?, 'coin', ?)
   ON CONFLICT (player, item) DO UPDATE SET count = excluded.count`,
);
const ledger = db.prepare(
  `INSERT INTO player_ledger
     (player, number, at_ms, version, key, reason, subject, name, id, before_count, after_count, bytes)
   VALUES (?, ?, ?, ?, ?, ?, 'item', 'coin', '', ?, ?, NULL)`,
);
const key = db.prepare("INSERT INTO player_key (player, key, reason, bytes, expires_at_ms) VALUES (?, ?, ?, ?, ?)");
const begin = db.prepare("BEGIN IMMEDIATE");
const commit = db.prepare("COMMIT");
let keys = 0;

answers<BareQuestion>(({ batch, count }): BareSaved => {
  const startMs = performance.now();
  for (let done = 0; done < count; done += batch) {
    begin.run();
    for (let index = done; index < Math.min(done + batch, count); index += 1) save();
    commit.run();
  }
  return { elapsedMs: performance.now() - startMs };
});

function save(): void {
  const of = players[keys % PLAYERS_ALONE];
  if (of === undefined) return;
  keys += 1;
  const { player, version } = of;
  const next = version + 1;
  const nowMs = Date.now();
  const changeKey = `change:k${keys}`;
  of.version = next;
  update.run(next, BAG_CAPACITY, PROFILE, next, nowMs, player, version);
  item.run(player, next);
  ledger.run(player, next, nowMs, next, changeKey, REASON, version, next);
  key.run(player, changeKey, REASON, OUTCOME, nowMs + CHANGE_KEY_KEPT_MS);
}
